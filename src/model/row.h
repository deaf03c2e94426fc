// Rows: one compact run of bytes per row, written once by the source and read in place by everybody
// else. The layout is docs/row_format.md: two presence bits per column, a fixed slot per column,
// and the variable bytes; where a slot lies depends on the schema only.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "model/schema.h"
#include "model/temporal.h"

namespace tailwater {

/// What a row knows of one column.
enum class Presence : uint8_t {
  kNull = 0,
  kPresent = 1,
  kUnavailable = 2,  ///< the source did not send it (MINIMAL row image, unchanged TOAST): not NULL
};

/// A row, read in place. Borrows its bytes and its layout. Cheap to copy. Reads never leave the
/// bytes, whatever they hold; a typed getter is for a column of that slot size whose presence is
/// kPresent.
class RowView {
 public:
  RowView() = default;
  /// `bytes` must be at least the layout's fixed part (see `validate`); an empty row reads as all
  /// NULL.
  RowView(const RowLayout& layout, Bytes bytes)
      : layout_(&layout), bytes_(bytes.size() >= layout.fixed_bytes ? bytes : Bytes{}) {}

  [[nodiscard]] Bytes bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] size_t columns() const { return layout_ == nullptr ? 0 : layout_->slots.size(); }

  [[nodiscard]] Presence presence(size_t column) const {
    if (bytes_.empty()) return Presence::kNull;
    return static_cast<Presence>(bytes_[column / 4] >> (column % 4 * 2) & 3);
  }
  /// The fixed slot's value, T being of its size: integers, floats, Date, Datetime parts.
  template <typename T>
  [[nodiscard]] T fixed(size_t column) const {
    if (bytes_.empty()) return T{};
    return load<T>(bytes_.data() + layout_->slots[column].at);
  }
  [[nodiscard]] Date date(size_t column) const { return {fixed<int32_t>(column)}; }
  [[nodiscard]] Datetime datetime(size_t column) const {
    if (bytes_.empty()) return {};
    const uint8_t* at = bytes_.data() + layout_->slots[column].at;
    return {{load<int32_t>(at)}, load<int64_t>(at + 4)};
  }
  /// The 16 bytes of a uuid or an interval.
  [[nodiscard]] Bytes wide(size_t column) const {
    if (bytes_.empty()) return {};
    return bytes_.subspan(layout_->slots[column].at, 16);
  }
  /// The bytes of a variable column.
  [[nodiscard]] Bytes variable(size_t column) const {
    if (bytes_.empty()) return {};
    const RowLayout::Slot& slot = layout_->slots[column];
    const uint32_t start =
        slot.previous_end == 0 ? 0 : load<uint32_t>(bytes_.data() + slot.previous_end);
    const uint32_t end = load<uint32_t>(bytes_.data() + slot.at);
    const size_t available = bytes_.size() - layout_->fixed_bytes;
    if (start > end || end > available) [[unlikely]]
      return {};
    return bytes_.subspan(layout_->fixed_bytes + start, end - start);
  }
  /// The same as text. A string column holds UTF-8, or, when the source's bytes were not valid in
  /// their own character set, those bytes as they were.
  [[nodiscard]] std::string_view text(size_t column) const { return as_text(variable(column)); }

  /// Checks every length in the row: kCorrupt, naming the column, when one does not fit.
  [[nodiscard]] Status validate(const Schema& schema) const;

 private:
  const RowLayout* layout_ = nullptr;
  Bytes bytes_;
};

/// Appends one row to a buffer, column by column, in any order for fixed columns and in column
/// order for variable ones. Every column must be set, to a value, to NULL or to unavailable.
class RowWriter {
 public:
  /// Starts a row at the end of `out`, which must outlive the writer and not be touched by others.
  RowWriter(const RowLayout& layout, ByteBuffer& out)
      : layout_(&layout), out_(&out), start_(out.size()) {
    out.append_zeros(layout.fixed_bytes);
  }

  template <typename T>
  void set_fixed(size_t column, T value) {
    mark(column, Presence::kPresent);
    store<T>(row() + layout_->slots[column].at, value);
  }
  void set_datetime(size_t column, const Datetime& value) {
    mark(column, Presence::kPresent);
    uint8_t* at = row() + layout_->slots[column].at;
    store<int32_t>(at, value.date.packed);
    store<int64_t>(at + 4, value.time_us);
  }
  void set_wide(size_t column, Bytes sixteen_bytes) {
    mark(column, Presence::kPresent);
    std::memcpy(row() + layout_->slots[column].at, sixteen_bytes.data(), 16);
  }
  void set_variable(size_t column, Bytes bytes) {
    out_->append(bytes);
    end_variable(column);
  }
  void set_text(size_t column, std::string_view text) { set_variable(column, as_bytes(text)); }
  /// For values that are produced piece by piece: append to `buffer()`, then call `end_variable`.
  [[nodiscard]] ByteBuffer& buffer() { return *out_; }
  void end_variable(size_t column) {
    mark(column, Presence::kPresent);
    close(column);
  }
  void set_unavailable(size_t column) {
    mark(column, Presence::kUnavailable);
    skip(column);
  }
  void set_null(size_t column) { skip(column); }

  /// The length of what was written so far, in bytes.
  [[nodiscard]] size_t size() const { return out_->size() - start_; }

 private:
  [[nodiscard]] uint8_t* row() { return out_->data() + start_; }
  void mark(size_t column, Presence presence) {
    row()[column / 4] |= static_cast<uint8_t>(static_cast<unsigned>(presence) << (column % 4 * 2));
  }
  void close(size_t column) {
    store<uint32_t>(row() + layout_->slots[column].at,
                    static_cast<uint32_t>(out_->size() - start_ - layout_->fixed_bytes));
  }
  void skip(size_t column) {
    if (layout_->slots[column].variable) close(column);
  }

  const RowLayout* layout_;
  ByteBuffer* out_;
  size_t start_;
};

}  // namespace tailwater
