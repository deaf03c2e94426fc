#include "source/mysql/binlog/row_text.h"

#include <array>
#include <charconv>

#include "base/text.h"
#include "model/decimal.h"
#include "model/temporal.h"

namespace tailwater::mysql {
namespace {

std::string real_text(auto value) {
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

std::string set_text(uint64_t bits, const std::vector<std::string>& labels) {
  if (labels.empty()) return std::to_string(bits);
  std::string text;
  for (size_t i = 0; i < labels.size(); ++i) {
    if ((bits >> i & 1) == 0) continue;
    if (!text.empty()) text += ',';
    text += labels[i];
  }
  return text;
}

std::string fixed_text(const Type& type, const RowView& row, size_t column) {
  std::string text;
  switch (type.kind) {
    case TypeKind::kInt8:
      return std::to_string(row.fixed<int8_t>(column));
    case TypeKind::kUint8:
    case TypeKind::kBool:
      return std::to_string(row.fixed<uint8_t>(column));
    case TypeKind::kInt16:
      return std::to_string(row.fixed<int16_t>(column));
    case TypeKind::kUint16:
      return std::to_string(row.fixed<uint16_t>(column));
    case TypeKind::kInt32:
      return std::to_string(row.fixed<int32_t>(column));
    case TypeKind::kUint32:
      return std::to_string(row.fixed<uint32_t>(column));
    case TypeKind::kInt64:
      return std::to_string(row.fixed<int64_t>(column));
    case TypeKind::kUint64:
    case TypeKind::kBit:
      return std::to_string(row.fixed<uint64_t>(column));
    case TypeKind::kFloat32:
      return real_text(row.fixed<float>(column));
    case TypeKind::kFloat64:
      return real_text(row.fixed<double>(column));
    case TypeKind::kDate:
      append_date(text, row.date(column));
      return text;
    case TypeKind::kTime:
      append_time(text, row.fixed<int64_t>(column), type.precision);
      return text;
    case TypeKind::kDatetime:
      append_datetime(text, row.datetime(column), type.precision);
      return text;
    case TypeKind::kTimestamp:
      append_timestamp(text, row.fixed<int64_t>(column), type.precision);
      return text;
    case TypeKind::kYear: {
      const std::string year = std::to_string(row.fixed<uint16_t>(column));
      return std::string(4 - std::min<size_t>(4, year.size()), '0') + year;
    }
    case TypeKind::kEnum: {
      const auto index = row.fixed<uint16_t>(column);
      if (type.labels.empty()) return std::to_string(index);
      return index == 0 || index > type.labels.size() ? "" : type.labels[index - 1];
    }
    case TypeKind::kSet:
      return set_text(row.fixed<uint64_t>(column), type.labels);
    case TypeKind::kDecimal: {
      SmallDecimalText small;
      if (!is_small_decimal(type)) return std::string(row.text(column));
      return std::string(small_decimal_text(row.fixed<int64_t>(column), type.scale, small));
    }
    case TypeKind::kUuid:
      return to_hex(row.wide(column));
    default:
      return std::string(row.text(column));
  }
}

}  // namespace

std::string value_text(const Schema& schema, const RowView& row, size_t column) {
  if (row.presence(column) == Presence::kNull) return "NULL";
  if (row.presence(column) == Presence::kUnavailable) return "(unavailable)";
  return fixed_text(schema.columns()[column].type, row, column);
}

}  // namespace tailwater::mysql
