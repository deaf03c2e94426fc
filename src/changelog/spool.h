// Spool: the changes of a transaction that its source has not committed yet. They wait in a file
// beside the log, already selected and masked, and are copied into the log when the source commits.
// The file declares the schemas that it uses itself. Its bytes are docs/spool_format.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "changelog/change_writer.h"
#include "changelog/segment.h"

namespace tailwater::changelog {

struct RecordView;

/// What is known of a prepared transaction.
struct SpoolInfo {
  std::string id = {};    ///< the source's name for it; only one of a name is prepared at once
  std::string gtid = {};  ///< of the transaction that prepared it
  std::string file = {};  ///< where that started
  uint64_t start_pos = 0;
  uint64_t thread_id = 0;      ///< of the session that made the changes
  int64_t prepared_ts_us = 0;  ///< source time
  uint64_t number = 0;         ///< the spool's in its log; set by the log
  uint64_t changes = 0;        ///< set by the spool
  uint64_t bytes = 0;          ///< of its file; set by the spool
};

/// A run of rows, or a statement, as it was put into a spool.
struct SpoolRun {
  RowsHeader header = {};
  SchemaPtr schema = {};  ///< null: a statement
  uint32_t count = 0;
  Bytes images = {};               ///< as RowsRecord::images
  std::string_view database = {};  ///< of a statement
  std::string_view statement = {};
};

/// Where the file of a spool stands in the folder of its log.
struct SpoolPlace {
  FileSystem* files = nullptr;
  std::string folder = {};  ///< of the spools
  Incarnation incarnation = {};
  uint64_t number = 0;

  [[nodiscard]] std::string path() const;
};

/// The folder of the spools in a log's folder.
std::string spool_folder(const std::string& log_folder);

/// Not thread-safe. Not more than one block (`block_bytes` and one change) is held in memory; a
/// spool without a full block has no file until it is prepared.
class Spool final : public ChangeWriter {
 public:
  Spool(SpoolPlace place, size_t block_bytes, int64_t now_us);
  /// Removes the file, unless it was sealed.
  ~Spool() override;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// One that was sealed, by its end; its blocks are checked when they are read. kNotFound when
  /// there is no file, kCorrupt when it is not whole.
  static Result<std::unique_ptr<Spool>> load(SpoolPlace place);

  Status start_rows(const RowsHeader& header, const SchemaPtr& schema) override;
  Status split() override;
  Status end_rows() override;
  Status add_statement(const RowsHeader& header, std::string_view database,
                       std::string_view statement) override;
  Result<uint64_t> mark() override;
  Status rewind(uint64_t mark) override;

  /// Nothing more comes: all of it is in the file, not yet synced, and stays there.
  Status seal(const SpoolInfo& info);
  [[nodiscard]] const SpoolInfo& info() const { return info_; }
  [[nodiscard]] const SpoolPlace& place() const { return place_; }
  /// Gives up the open file of a sealed spool, to whoever syncs it: there may be many spools. It is
  /// opened again when it is read.
  std::shared_ptr<File> release_file() { return std::move(file_); }

 private:
  friend class SpoolReader;
  struct Mark {
    uint64_t end = 0;
    uint32_t chain = 0;
    uint64_t changes = 0;
    size_t schemas = 0;
  };

  Status make_file();
  Status write_block(uint32_t kind, Bytes body);
  Status flush_block();
  Result<uint32_t> declare(const SchemaPtr& schema);
  void open_run();
  void close_run();

  SpoolPlace place_;
  int64_t now_us_ = 0;
  SpoolInfo info_;
  std::shared_ptr<File> file_;
  uint32_t header_crc_ = 0;
  uint32_t chain_ = 0;  ///< CRC of the last block, or of the header
  uint64_t end_ = 0;    ///< of the blocks in the file
  ByteBuffer block_;    ///< the next one's body
  uint32_t block_changes_ = 0;
  std::vector<SchemaPtr> schemas_;  ///< those declared; the number is the place, from 1 on
  std::vector<Mark> marks_;
  bool run_open_ = false;
  size_t run_at_ = 0;
  RowsHeader run_header_ = {};
  uint32_t run_schema_ = 0;
  bool sealed_ = false;
};

/// Reads the changes of a spool in their order. The spool must outlive it and not change meanwhile.
class SpoolReader {
 public:
  using Interner = std::function<Result<SchemaPtr>(const TableSchema&)>;

  /// `intern` gives the schema that stands for a declared one.
  static Result<SpoolReader> open(const Spool& spool, Interner intern);

  /// The next run, or nothing at the end. Views hold until the next call. kCorrupt when the file is
  /// damaged.
  Result<std::optional<SpoolRun>> next();

 private:
  SpoolReader(const Spool& spool, Interner intern) : spool_(&spool), intern_(std::move(intern)) {}
  Result<bool> next_block();
  Result<std::optional<SpoolRun>> take(const RecordView& record);
  [[nodiscard]] Error damaged(std::string_view what) const;

  const Spool* spool_;
  std::shared_ptr<File> file_;  ///< null: all is in memory
  Interner intern_;
  uint64_t at_ = 0;
  uint32_t chain_ = 0;
  bool tail_taken_ = false;
  ByteBuffer body_;
  Bytes block_;
  size_t block_at_ = 0;
  std::vector<SchemaPtr> schemas_;
};

/// Appends a run to a transaction, as it is.
Status append_run(ChangeWriter& to, const SpoolRun& run);

}  // namespace tailwater::changelog
