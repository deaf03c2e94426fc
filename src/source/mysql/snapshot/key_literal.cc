#include "source/mysql/snapshot/key_literal.h"

#include <fmt/format.h>

#include "base/text.h"
#include "db/mysql/quote.h"
#include "model/value_text.h"

namespace tailwater::mysql {
namespace {

std::string hex_text(Bytes bytes) {
  std::string text = "x'";
  for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text + "'";
}

std::string literal(const Schema& schema, const RowView& row, size_t column) {
  const Column& of = schema.columns()[column];
  switch (of.type.kind) {
    case TypeKind::kString: {
      // What was no text in the column's character set is kept as it was.
      const Bytes bytes = row.variable(column);
      const bool text = is_utf8(as_text(bytes));
      const std::string charset = of.charset.empty() ? "utf8mb4" : of.charset;
      if (!text) return fmt::format("_{} {}", charset, hex_text(bytes));
      return fmt::format("CONVERT(_utf8mb4 {} USING {})", hex_text(bytes), charset);
    }
    case TypeKind::kBytes:
      return "_binary " + hex_text(row.variable(column));
    case TypeKind::kFloat32:
      return fmt::format("{:.17e}", static_cast<double>(row.fixed<float>(column)));
    case TypeKind::kFloat64:
      return fmt::format("{:.17e}", row.fixed<double>(column));
    case TypeKind::kEnum:
      return std::to_string(row.fixed<uint16_t>(column));
    case TypeKind::kSet:
      return std::to_string(row.fixed<uint64_t>(column));
    default:
      break;
  }
  std::string text;
  append_value_text(text, row, schema, column);
  const bool number = of.type.kind <= TypeKind::kDecimal || of.type.kind == TypeKind::kYear ||
                      of.type.kind == TypeKind::kBit;
  return number ? text : "'" + text + "'";
}

}  // namespace

std::string row_condition(const Schema& schema, const RowView& before, const RowView& after) {
  std::string text;
  for (const uint32_t column : schema.table().key_columns) {
    const bool sent = after.presence(column) != Presence::kUnavailable;
    if (!text.empty()) text += " AND ";
    text += fmt::format("{} = {}", quote_name(schema.columns()[column].name),
                        literal(schema, sent ? after : before, column));
  }
  return text;
}

}  // namespace tailwater::mysql
