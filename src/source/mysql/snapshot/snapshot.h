// Snapshot: reads tables while the stream goes on, and writes what was read into the changelog,
// chunk by chunk, where the junction lets it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "changelog/writer.h"
#include "model/source.h"
#include "source/mysql/snapshot/junction.h"
#include "source/mysql/snapshot/progress.h"
#include "source/mysql/snapshot/table_reader.h"

namespace tailwater::mysql {

struct SnapshotOptions {
  ReaderOptions reader;
  unsigned readers = 2;
};

/// Made and taken down on the stream's thread, which also takes the chunks.
class Snapshot final : public ChunkTaker {
 public:
  /// Borrows junction and writer, which must outlive it.
  Snapshot(SnapshotOptions options, std::unique_ptr<Progress> progress, Junction& junction,
           changelog::Writer& writer);
  ~Snapshot() override { stop(); }

  /// Starts readers of this server. No effect while they run.
  void start(const Endpoint& endpoint, const ServerInfo& info);
  /// Ends the readers; what is in the changelog stays.
  void stop();
  [[nodiscard]] bool running() const { return !readers_.empty(); }
  /// All is read and in the changelog.
  [[nodiscard]] bool done() const { return progress_->done(); }
  /// The error that ended it, which needs the user.
  [[nodiscard]] std::optional<Error> failure() const;
  [[nodiscard]] const Progress& progress() const { return *progress_; }
  [[nodiscard]] Progress& progress() { return *progress_; }
  /// From any thread.
  [[nodiscard]] SnapshotStatus status() const;

  // ChunkTaker.
  Status begin_chunk(const ReadChunk& chunk, const BinlogPosition& at) override;
  Status add_rows(const ReadChunk& chunk, const ReadBatch& batch) override;
  Status end_chunk(const ReadChunk& chunk) override;
  Status drop_chunk(const ReadChunk& chunk) override;

 private:
  void read(const std::stop_token& stop, TableReader& reader);
  Status mark(const ReadChunk& chunk, Op op);

  SnapshotOptions options_;
  std::unique_ptr<Progress> progress_;
  Junction& junction_;
  changelog::Writer& writer_;
  const int64_t started_us_;
  const uint64_t rows_at_start_;

  // The chunk that is being taken.
  SchemaPtr schema_;
  BinlogPosition at_;  ///< where the stream stands
  uint64_t ordinal_ = 0;

  mutable std::mutex mutex_;
  std::optional<Error> failure_;
  uint64_t rows_expected_ = 0;
  std::vector<std::unique_ptr<TableReader>> table_readers_;
  std::vector<std::jthread> readers_;
};

}  // namespace tailwater::mysql
