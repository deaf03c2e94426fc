// LogWriter: the Writer of a changelog, on the source's thread. Fills frames and decides where they
// end; see writer.h for what it promises.
#pragma once

#include "changelog/schema_registry.h"
#include "changelog/spools.h"
#include "changelog/write_queue.h"
#include "changelog/writer.h"

namespace tailwater::changelog {

class LogWriter final : public Writer {
 public:
  LogWriter(FileSystem& files, std::string folder, const WriterOptions& options,
            std::unique_ptr<File> lock, std::optional<Position> position, std::string state,
            SchemaRegistry registry, std::unique_ptr<Spools> spools,
            std::unique_ptr<LogOutput> output);
  ~LogWriter() override;

  [[nodiscard]] const std::optional<Position>& last_position() const override { return position_; }
  [[nodiscard]] const std::string& last_state() const override { return recovered_state_; }
  void set_state(std::string state) override;
  [[nodiscard]] Offset next_offset() const override;
  void set_position_encoder(std::function<void(ByteBuffer&)> encoder) override {
    encode_position_ = std::move(encoder);
  }
  Result<SchemaPtr> intern(const TableSchema& table) override { return registry_.intern(table); }
  Status begin(const TransactionStart& start) override;
  Status start_rows(const RowsHeader& header, const SchemaPtr& schema) override;
  Status end_rows() override;
  Status add_statement(const RowsHeader& header, std::string_view database,
                       std::string_view statement) override;
  Status commit(const TransactionEnd& end) override;
  Status abort() override;
  Result<uint64_t> mark() override;
  Status rewind(uint64_t mark) override;
  Status advance(std::string_view file, uint64_t end_pos, int64_t ts_us) override;
  Status seal() override;
  Status flush() override;
  Status wait_for_room(std::stop_token stop) override;
  Status close() override;
  Result<std::unique_ptr<Spool>> open_spool() override;
  Status prepare(std::unique_ptr<Spool> spool, const SpoolInfo& prepared) override;
  Spool* find_prepared(std::string_view id) override { return spools_->find(id); }
  Result<SpoolReader> read_spool(Spool& spool) override;
  void end_prepared(std::string_view id) override { spools_->end(id); }
  [[nodiscard]] std::vector<SpoolInfo> prepared() const override { return spools_->infos(); }
  [[nodiscard]] WriterStatus status() const override;
  Status split() override;

 private:
  using Used = std::vector<SchemaRegistry::Entry*>;

  /// The frame that is being filled: a prefix of whole transactions, then the open one.
  struct Frame {
    ByteBuffer body;
    uint64_t serial = 1;
    uint64_t base_offset = 0;
    size_t committed_bytes = 0;
    uint64_t committed_changes = 0;
    uint32_t transactions = 0;
    int64_t first_ts_us = 0;
    int64_t last_ts_us = 0;
    uint64_t tables = 0;    ///< of the prefix
    Used used = {};         ///< the schemas of prefix and open transaction
    size_t advance_at = 0;  ///< where an advance record ends the prefix
    bool ends_with_advance = false;
    int64_t first_commit_us = 0;  ///< steady clock
  };
  struct Transaction {
    bool open = false;
    uint64_t count = 0;     ///< the writer's count of transactions
    size_t begin_at = 0;    ///< of the begin record, while `parts` is 0
    size_t start_size = 0;  ///< where its bytes in the open frame start
    uint64_t changes = 0;
    uint64_t changes_before = 0;  ///< of these, in earlier frames
    uint64_t first_offset = 0;
    uint64_t thread_id = 0;
    int64_t ts_us = 0;
    uint64_t parts = 0;        ///< frames of it that were handed over
    uint64_t last_serial = 0;  ///< of the last of these
    uint64_t tables = 0;
    Used used = {};
  };
  struct Run {
    bool open = false;
    size_t at = 0;
    RowsHeader header = {};
    SchemaPtr schema = {};
  };
  /// A place that `rewind` can go back to: in the open frame, or at the end of a frame.
  struct Mark {
    uint64_t serial = 0;  ///< of the frame that it is in, or after
    bool after = false;
    size_t size = 0;
    uint64_t changes = 0;
    uint64_t parts = 0;
  };

  Status use(const SchemaPtr& schema);
  void open_run();
  void close_run();
  Status seal_committed();
  Status seal_part(size_t upto, uint64_t changes);
  Status seal_parts();
  Status seal_last();
  Status hand_over(FrameHeader header, ByteBuffer body, const Used& used);
  void next_frame(ByteBuffer body, uint64_t base_offset);
  void note_commit_ts(int64_t ts_us);
  Status put_position(ByteBuffer& body);
  Status forget_frames();

  FileSystem& files_;
  std::string folder_;
  WriterOptions options_;
  std::unique_ptr<File> lock_;
  std::optional<Position> position_;
  std::string recovered_state_;
  std::string state_;                      ///< as of the last commit or advance
  std::optional<std::string> next_state_;  ///< from the open transaction's commit on
  SchemaRegistry registry_;
  std::unique_ptr<Spools> spools_;
  std::function<void(ByteBuffer&)> encode_position_;
  std::unique_ptr<LogOutput> output_;
  std::unique_ptr<WriteQueue> queue_;
  Frame frame_;
  Transaction transaction_;
  Run run_;
  std::vector<Mark> marks_;
  uint64_t segment_base_ = 0;   // of the segment that the next frame goes to
  uint64_t segment_count_ = 1;  // of segments that this writer filled
  int64_t advance_sealed_us_ = INT64_MIN / 2;
  int64_t advance_every_us_ = 0;
  bool closed_ = false;
};

}  // namespace tailwater::changelog
