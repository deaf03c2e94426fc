// BinlogFileSource: binlog files on disk, without a server.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/file.h"
#include "changelog/writer.h"
#include "model/source.h"
#include "source/mysql/bound.h"
#include "source/mysql/capture.h"
#include "source/mysql/schema/tracked_schemas.h"
#include "transform/capture_rules.h"

namespace tailwater::mysql {

struct BinlogFileOptions {
  std::vector<std::string> paths;  ///< in binlog order
  Bound from = {};                 ///< now is taken as earliest
  std::optional<Bound> until = {};
  CaptureRules rules = {};
  std::string schema_file = {};
  OnStatement on_statement = OnStatement::kStop;
  std::string history_folder = {};  ///< of the schemas; empty: only in memory
};

/// Reads the files one after the other and ends. A changelog that has read some of them goes on
/// after its position. A file that stops inside an event gives its whole transactions, then
/// kCorrupt.
class BinlogFileSource final : public Source {
 public:
  /// `files` and `writer` must outlive it. kUserFix when there is no file, or the bounds cannot be
  /// of files (GTIDs).
  static Result<std::unique_ptr<BinlogFileSource>> make(BinlogFileOptions options,
                                                        FileSystem& files,
                                                        changelog::Writer& writer);
  /// Which servers write such files, from the first of them.
  static Result<SourceKind> kind_of(FileSystem& files, const std::string& path);

  Status run(std::stop_token stop) override;
  [[nodiscard]] SourceStatus status() const override;

 private:
  BinlogFileSource(BinlogFileOptions options, FileSystem& files, changelog::Writer& writer)
      : options_(std::move(options)),
        files_(files),
        writer_(writer),
        schemas_(files, options_.history_folder) {}
  Status read_all(const std::stop_token& stop);
  Status read_one(const std::string& path, const CaptureStart& start, const std::stop_token& stop);
  void note_progress(uint64_t bytes);

  BinlogFileOptions options_;
  FileSystem& files_;
  changelog::Writer& writer_;
  TrackedSchemas schemas_;
  std::unique_ptr<Capture> capture_;
  mutable std::mutex mutex_;
  SourceStatus status_;
};

}  // namespace tailwater::mysql
