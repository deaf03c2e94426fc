// ChangeWriter: takes the changes of one transaction, one after the other: the open transaction of
// a changelog (Writer), or one that is kept beside it until the source commits it (Spool).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "model/change.h"
#include "model/schema.h"

namespace tailwater::changelog {

/// A run of changes of one table and one operation that the source sent in one event.
struct RowsHeader {
  Op op = Op::kInsert;
  uint64_t source_pos = 0;
  int64_t ts_us = 0;
  uint64_t first_ordinal = 0;
  uint32_t first_source_row = 0;
};

/// Not thread-safe.
class ChangeWriter {
 public:
  virtual ~ChangeWriter() = default;

  /// A run of rows: start_rows, then for each change begin_image / end_image (insert, read, delete:
  /// once; update: before, then after) and end_change, then end_rows. The images are written with a
  /// RowWriter on `image_buffer()`, which may be another object after each end_change.
  virtual Status start_rows(const RowsHeader& header, const SchemaPtr& schema) = 0;
  ByteBuffer& image_buffer() { return *buffer_; }
  void begin_image() {
    image_at_ = buffer_->size();
    buffer_->put<uint32_t>(0);
  }
  void end_image() {
    store<uint32_t>(buffer_->data() + image_at_,
                    static_cast<uint32_t>(buffer_->size() - image_at_ - sizeof(uint32_t)));
  }
  Status end_change() { return close_changes(1) ? split() : Status(); }
  /// The same for many changes at once whose images, each after its length (u32), were appended to
  /// `image_buffer()`: it should then not be much larger than `split_bytes()`. True asks for
  /// `split`.
  [[nodiscard]] bool close_changes(uint32_t count) {
    run_changes_ += count;
    return buffer_->size() >= split_bytes_;
  }
  [[nodiscard]] size_t split_bytes() const { return split_bytes_; }
  /// Hands over what the buffer holds.
  virtual Status split() = 0;
  virtual Status end_rows() = 0;

  /// A schema change, or a statement that was not decoded; counts as a change.
  virtual Status add_statement(const RowsHeader& header, std::string_view database,
                               std::string_view statement) = 0;

  /// Remembers this place of the transaction; `rewind` takes back all since. For savepoints.
  virtual Result<uint64_t> mark() = 0;
  virtual Status rewind(uint64_t mark) = 0;

 protected:
  ByteBuffer* buffer_ = nullptr;  ///< what is being filled
  size_t image_at_ = 0;
  size_t split_bytes_ = 0;
  uint32_t run_changes_ = 0;
};

}  // namespace tailwater::changelog
