// LogReader: the Reader of a changelog; see reader.h for what it promises.
#pragma once

#include <map>
#include <set>

#include "changelog/body.h"
#include "changelog/codec.h"
#include "changelog/cursor.h"
#include "changelog/frame_input.h"
#include "changelog/head.h"
#include "changelog/index.h"
#include "changelog/reader.h"
#include "changelog/recovery.h"

namespace tailwater::changelog {

/// How far a log is visible, from the head page or, where that says nothing, from a scan.
class VisibleEnd {
 public:
  /// kNotFound when there is no changelog.
  static Result<VisibleEnd> find(FileSystem& files, const std::string& folder);

  /// The same end again, without the page: for looking ahead within what is visible.
  [[nodiscard]] VisibleEnd copy() const {
    VisibleEnd end(*files_, folder_);
    end.segment_base_ = segment_base_;
    end.position_ = position_;
    end.offset_ = offset_;
    return end;
  }
  /// Looks again; true when it moved.
  Result<bool> refresh();
  Status wait(const std::stop_token& stop, int64_t timeout_us);
  [[nodiscard]] uint64_t segment_base() const { return segment_base_; }
  [[nodiscard]] uint64_t position() const { return position_; }
  [[nodiscard]] Offset offset() const { return offset_; }

 private:
  VisibleEnd(FileSystem& files, std::string folder) : files_(&files), folder_(std::move(folder)) {}
  Status scan();
  void take(const HeadState& state);

  FileSystem* files_;
  std::string folder_;
  std::unique_ptr<Head> head_;
  Incarnation incarnation_ = {};
  uint32_t ticket_ = 0;
  bool writer_open_ = false;
  uint64_t segment_base_ = 0;
  uint64_t position_ = 0;
  Offset offset_ = {};
};

class LogReader final : public Reader {
 public:
  LogReader(FileSystem& files, std::string folder, const ReaderOptions& options, VisibleEnd end);

  /// Goes to where the options say. Once, before anything else.
  Status start(const StartAt& at);
  /// From now on the reader's place holds retention back.
  void hold(std::unique_ptr<Pin> pin) { pin_ = std::move(pin); }

  Result<std::optional<TailEntry>> next() override;
  Status wait(std::stop_token stop, int64_t timeout_us) override;
  [[nodiscard]] Offset offset() const override;
  [[nodiscard]] Offset visible_end() const override { return end_.offset(); }
  [[nodiscard]] const SourceIdentity& identity() const override { return segment_.identity; }
  [[nodiscard]] StoredPosition stored_position() const override {
    return {stored_position_number_, stored_position_.view()};
  }

 private:
  Status find_start(const StartAt& at);
  Status start_at_offset(const std::vector<uint64_t>& bases, uint64_t offset);
  Status start_at_timestamp(const std::vector<uint64_t>& bases, int64_t timestamp_us);
  Status walk_to(uint64_t offset);
  Result<SegmentHeader> header_of(uint64_t base) const;
  Status go_to(const SegmentHeader& header, const LogPlace& place);
  Result<bool> open_next_segment();
  [[nodiscard]] bool at_visible_end() const;
  Result<uint64_t> limit();
  Result<std::optional<FrameHeader>> peek_frame();
  void pass(const FrameHeader& header);
  Result<bool> next_frame();
  Result<bool> pass_unwanted(const FrameHeader& header);
  [[nodiscard]] bool may_hold(uint64_t tables) const;
  Result<Bytes> read_body(const FrameHeader& header, uint64_t position);
  Status look_ahead(const FrameHeader& first);
  Result<std::optional<TailEntry>> position_of_skipped();
  Result<std::optional<TailEntry>> take_record(const RecordView& record);
  Status take_begin(const RecordView& record);
  Status take_rows(const RecordView& record);
  Result<std::optional<TailEntry>> take_statement(const RecordView& record);
  Result<std::optional<TailEntry>> take_commit(const RecordView& record);
  Result<std::optional<TailEntry>> take_advance(const RecordView& record);
  Result<std::optional<TailEntry>> next_row();
  TailEntry give_change();
  Result<SchemaPtr> schema_of(uint32_t id);
  [[nodiscard]] bool wants(const Schema& schema) const;
  [[nodiscard]] Error damaged(std::string_view what) const;
  [[nodiscard]] Error lost() const;

  FileSystem& files_;
  std::string folder_;
  std::set<std::string, std::less<>> tables_;  // empty: all
  std::vector<uint64_t> wanted_bits_;          // of each
  VisibleEnd end_;

  // Where the reader is.
  SegmentHeader segment_;
  std::shared_ptr<File> file_;  // shared with whoever looks ahead: retention may delete its name
  std::unique_ptr<FrameInput> input_;
  uint64_t closed_bytes_ = 0;  // the segment's length once it is closed; 0: not known to be
  LogPlace place_;             // of the next frame
  uint64_t offset_ = 0;        // of the next change

  std::unique_ptr<Pin> pin_;  // may be null

  // The open frame.
  Codec codec_;
  ByteBuffer raw_body_;
  BodyCursor records_;
  uint64_t frame_position_ = 0;
  std::map<uint32_t, SchemaPtr> schemas_;  // that this segment declared so far, and earlier ones

  // The open transaction.
  bool in_transaction_ = false;
  bool begun_ = false;     // kBegin was given
  bool skipping_ = false;  // it lies before the start
  TransactionInfo transaction_;
  std::string gtid_;
  std::string file_name_;
  std::string audience_;
  struct Ahead {
    CommitRecord commit;
    uint64_t tables = 0;
    SegmentHeader segment;
    LogPlace place;
  };
  std::optional<Ahead> ahead_;     // of a transaction that spans frames
  std::optional<TailEntry> held_;  // a change that waits while the begin before it is given

  // The open run of rows.
  Op op_ = Op::kInsert;
  RowsRecord run_;
  Cursor images_;
  uint32_t run_left_ = 0;
  SchemaPtr schema_;
  ChangeView change_;

  // Of the last frame.
  ByteBuffer stored_position_;
  uint64_t stored_position_number_ = 0;

  // What is not given.
  uint64_t start_offset_ = 0;
  std::optional<int64_t> start_ts_us_;
  bool moved_ = false;                       // transactions were passed over since the last entry
  std::optional<FrameHeader> passed_frame_;  // the last of them is in this frame, unread
  LogPlace passed_place_;
};

}  // namespace tailwater::changelog
