// Transcoder: wire bytes of row images to rows of the changelog, in one pass. The hot path of the
// source; for row_transcoder*.cc only.
#pragma once

#include "source/mysql/binlog/decimal.h"
#include "source/mysql/binlog/row_output.h"
#include "source/mysql/binlog/row_plan.h"
#include "source/mysql/binlog/temporal_wire.h"

namespace tailwater::mysql {

/// Which JSON columns of an after image are diffs: a bit for each JSON column of the table, whether
/// the image has it or not.
class PartialBits {
 public:
  PartialBits() = default;
  explicit PartialBits(Bytes bits) : bits_(bits) {}
  [[nodiscard]] bool empty() const { return bits_.empty(); }
  /// Whether the next JSON column is a diff; to be asked for each of the table, in order.
  bool take() {
    const size_t at = next_++;
    return (bits_[at / 8] >> (at % 8) & 1) != 0;
  }

 private:
  Bytes bits_;
  size_t next_ = 0;
};

/// Images one after the other. Steps read at `in_`, never beyond `end_`, and write into slots or at
/// the row's end.
class Transcoder {
 public:
  Transcoder(Bytes rows, ByteBuffer& out)
      : out_(out), in_(rows.data()), end_(rows.data() + rows.size()) {}

  /// Whether the image was sound; if not, `failed_at` is the step.
  bool image(const ImagePlan& plan);
  /// The same after the image's length.
  bool sized_image(const ImagePlan& plan);
  /// An image read with care, whose JSON documents go to `documents`.
  bool image_with_documents(const ImagePlan& plan, JsonDocuments& documents);
  /// An after image some of whose JSON columns may be diffs to those documents.
  bool partial_image(const ImagePlan& plan, JsonDocuments& documents);
  [[nodiscard]] RowOutput& output() { return out_; }
  [[nodiscard]] const uint8_t* input() const { return in_; }
  [[nodiscard]] size_t left() const { return static_cast<size_t>(end_ - in_); }
  [[nodiscard]] size_t failed_at() const { return step_; }

 private:
  /// Nearly all images: so much follows that fixed columns need not be measured one by one, and
  /// that some bytes more than asked may be read. False when the image must be read with care, or
  /// is unsound; what was written then counts for nothing.
  template <bool kSparse>
  bool swift(const uint8_t* nulls);
  struct Place;
  bool swift_variable(const RowColumn& step, Place& place);
  bool swift_rare(const RowColumn& step, Place& place);
  bool careful();

  bool apply_diffs(const RowColumn& step);
  void start_row();
  void start_presence();
  void clear_slots();
  /// A column that is NULL or missing.
  void set_absent(const RowColumn& step);
  /// A column that was sent, but whose value cannot be known.
  void set_unavailable(const RowColumn& step);
  [[nodiscard]] uint8_t* slot(const RowColumn& step) const { return out_.row() + step.slot; }
  void close(const RowColumn& step) {
    const uint8_t* const start = out_.row() + plan_->fixed_bytes;
    store<uint32_t>(slot(step), static_cast<uint32_t>(out_.at - start));
  }

  bool apply(const RowColumn& step);
  bool apply_rare(const RowColumn& step);
  [[nodiscard]] uint32_t three_bytes() const {
    return in_[0] | in_[1] * 0x100u | in_[2] * 0x10000u;
  }
  void year(const RowColumn& step);
  void set(const RowColumn& step);
  void old_timestamp(const RowColumn& step);
  bool decimal(const RowColumn& step);
  bool small_decimal(const RowColumn& step);
  bool datetime(const RowColumn& step);
  bool put_time(const RowColumn& step, int64_t value);
  bool time2(const RowColumn& step);
  bool old_time(const RowColumn& step);
  bool length(const RowColumn& step, size_t& out);
  bool variable(const RowColumn& step);
  bool skip_sized(const RowColumn& step);
  void copy(size_t count);
  void convert(const Charset* charset, Bytes value);
  bool padded(const RowColumn& step);
  bool uuid(const RowColumn& step);
  bool inet(const RowColumn& step);
  bool unpack(const RowColumn& step);

  const ImagePlan* plan_ = nullptr;
  RowOutput out_;
  const uint8_t* in_;
  const uint8_t* end_;
  size_t step_ = 0;
  JsonDocuments* documents_ = nullptr;  ///< filled by an image, or used by a partial one
  PartialBits partial_;                 ///< of the partial image that is read
};

/// kCorrupt: a row's step cannot be read.
Status damaged_row(const ImagePlan& plan, size_t step);

inline void Transcoder::start_presence() {
  uint8_t* const row = out_.row();
  const size_t bytes = plan_->presence.size();
  if (bytes <= sizeof(uint64_t)) [[likely]] {
    store(row, plan_->presence_word);  // the slots after it are written later
  } else {
    std::memcpy(row, plan_->presence.data(), bytes);
  }
  out_.at = row + plan_->fixed_bytes;
}

inline bool is_null(const uint8_t* nulls, size_t bit) {
  return (nulls[bit / 8] >> (bit % 8) & 1) != 0;
}
inline SmallDecimal shape_of(const RowColumn& step) {
  return {step.digits, static_cast<uint8_t>(step.limit), step.scale};
}
inline void put_datetime(uint8_t* slot, const Datetime& value) {
  store<int32_t>(slot, value.date.packed);
  store<int64_t>(slot + sizeof(int32_t), value.time_us);
}

}  // namespace tailwater::mysql
