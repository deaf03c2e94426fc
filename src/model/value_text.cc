#include "model/value_text.h"

#include <array>
#include <charconv>

#include "base/text.h"
#include "model/decimal.h"

namespace tailwater {
namespace {

template <typename T>
void append_float(std::string& out, T value) {
  std::array<char, 64> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<size_t>(end - digits.data()));
}

void append_uuid_text(std::string& out, Bytes bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    append_hex(out, bytes.subspan(i, 1));
  }
}

bool append_number_text(std::string& out, const RowView& row, TypeKind kind, size_t column) {
  switch (kind) {
    case TypeKind::kBool:
      out += row.fixed<uint8_t>(column) != 0 ? "true" : "false";
      return true;
    case TypeKind::kInt8:
      append_number(out, int64_t{row.fixed<int8_t>(column)});
      return true;
    case TypeKind::kInt16:
      append_number(out, int64_t{row.fixed<int16_t>(column)});
      return true;
    case TypeKind::kInt32:
      append_number(out, int64_t{row.fixed<int32_t>(column)});
      return true;
    case TypeKind::kInt64:
      append_number(out, row.fixed<int64_t>(column));
      return true;
    case TypeKind::kUint8:
      append_number(out, uint64_t{row.fixed<uint8_t>(column)});
      return true;
    case TypeKind::kUint16:
    case TypeKind::kYear:
      append_number(out, uint64_t{row.fixed<uint16_t>(column)});
      return true;
    case TypeKind::kUint32:
      append_number(out, uint64_t{row.fixed<uint32_t>(column)});
      return true;
    case TypeKind::kUint64:
      append_number(out, row.fixed<uint64_t>(column));
      return true;
    case TypeKind::kFloat32:
      append_float(out, row.fixed<float>(column));
      return true;
    case TypeKind::kFloat64:
      append_float(out, row.fixed<double>(column));
      return true;
    default:
      return false;
  }
}

bool append_temporal_text(std::string& out, const RowView& row, const Type& type, size_t column) {
  switch (type.kind) {
    case TypeKind::kDate:
      append_date(out, row.date(column));
      return true;
    case TypeKind::kTime:
      append_time(out, row.fixed<int64_t>(column), type.precision);
      return true;
    case TypeKind::kDatetime:
      append_datetime(out, row.datetime(column), type.precision);
      return true;
    case TypeKind::kTimestamp:
      append_timestamp(out, row.fixed<int64_t>(column), type.precision);
      return true;
    default:
      return false;
  }
}

void append_decimal(std::string& out, const RowView& row, const Type& type, size_t column) {
  if (!is_small_decimal(type)) {
    out += row.text(column);
    return;
  }
  SmallDecimalText text;
  out += small_decimal_text(row.fixed<int64_t>(column), type.scale, text);
}

}  // namespace

std::string_view enum_label(const Type& type, uint16_t index) {
  if (index == 0 || index > type.labels.size()) return {};
  return type.labels[index - 1U];
}

void append_set_labels(std::string& out, const Type& type, uint64_t bits) {
  bool first = true;
  for (size_t i = 0; i < type.labels.size() && i < 64; ++i) {
    if ((bits >> i & 1) == 0) continue;
    if (!first) out += ',';
    out += type.labels[i];
    first = false;
  }
}

void append_value_text(std::string& out, const RowView& row, const Schema& schema, size_t column) {
  const Type& type = schema.columns()[column].type;
  if (append_number_text(out, row, type.kind, column)) return;
  if (append_temporal_text(out, row, type, column)) return;
  switch (type.kind) {
    case TypeKind::kDecimal:
      return append_decimal(out, row, type, column);
    case TypeKind::kEnum:
      out += enum_label(type, row.fixed<uint16_t>(column));
      return;
    case TypeKind::kSet:
      append_set_labels(out, type, row.fixed<uint64_t>(column));
      return;
    case TypeKind::kUuid:
      append_uuid_text(out, row.wide(column));
      return;
    case TypeKind::kBytes:
    case TypeKind::kGeometry:
    case TypeKind::kVector:
      append_hex(out, row.variable(column));
      return;
    case TypeKind::kTimetz:
    case TypeKind::kInterval:
      append_hex(out, row.wide(column));
      return;
    case TypeKind::kBit:
      if (is_variable(type)) {
        append_hex(out, row.variable(column));
      } else {
        append_number(out, row.fixed<uint64_t>(column));
      }
      return;
    default:
      out += row.text(column);
  }
}

}  // namespace tailwater
