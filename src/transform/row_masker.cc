#include "transform/row_masker.h"

#include "model/value_text.h"

namespace tailwater {
namespace {

// A value that stays as it is.
void copy_value(const RowView& row, const Type& type, size_t column, RowWriter& to) {
  if (is_variable(type)) return to.set_variable(column, row.variable(column));
  switch (slot_bytes(type)) {
    case 1:
      return to.set_fixed(column, row.fixed<uint8_t>(column));
    case 2:
      return to.set_fixed(column, row.fixed<uint16_t>(column));
    case 4:
      return to.set_fixed(column, row.fixed<uint32_t>(column));
    case 8:
      return to.set_fixed(column, row.fixed<uint64_t>(column));
    case 12:
      return to.set_datetime(column, row.datetime(column));
    default:
      return to.set_wide(column, row.wide(column));
  }
}

bool is_plain(TypeKind kind) {
  return kind == TypeKind::kString || kind == TypeKind::kBytes;
}

}  // namespace

RowMasker::RowMasker(SchemaPtr unmasked, SchemaPtr masked, std::vector<Mask> masks)
    : unmasked_(std::move(unmasked)), masked_(std::move(masked)), masks_(std::move(masks)) {}

void RowMasker::append(const RowView& row, ByteBuffer& out) {
  RowWriter to(masked_->layout(), out);
  for (size_t i = 0; i < masks_.size(); ++i) {
    switch (row.presence(i)) {
      case Presence::kPresent:
        if (masks_[i].kind() == Mask::Kind::kNone) {
          copy_value(row, unmasked_->columns()[i].type, i, to);
        } else {
          append_masked(row, i, to);
        }
        break;
      case Presence::kUnavailable:
        to.set_unavailable(i);
        break;
      default:
        to.set_null(i);
        break;
    }
  }
}

void RowMasker::append_masked(const RowView& row, size_t column, RowWriter& to) {
  const TypeKind kind = unmasked_->columns()[column].type.kind;
  Bytes value;
  if (is_plain(kind)) {
    value = row.variable(column);
  } else if (masks_[column].needs_value()) {
    text_.clear();
    append_value_text(text_, row, *unmasked_, column);
    value = as_bytes(text_);
  }
  masks_[column].append(value, kind, to.buffer());
  to.end_variable(column);
}

}  // namespace tailwater
