#include "model/schema.h"

#include "base/cursor.h"

namespace tailwater {
namespace {

constexpr uint8_t kFlagNullable = 1;
constexpr uint8_t kFlagGenerated = 2;
constexpr uint8_t kFlagInvisible = 4;
constexpr auto kLastKind = static_cast<uint8_t>(TypeKind::kSourceText);
constexpr size_t kColumnsMax = 8192;  // above every source's own limit

void encode_column(const Column& column, ByteBuffer& out) {
  out.put_sized(column.name);
  out.put<uint8_t>(static_cast<uint8_t>(column.type.kind));
  out.put<uint8_t>(static_cast<uint8_t>((column.nullable ? kFlagNullable : 0) |
                                        (column.generated ? kFlagGenerated : 0) |
                                        (column.invisible ? kFlagInvisible : 0)));
  out.put<uint16_t>(column.type.precision);
  out.put<uint16_t>(column.type.scale);
  out.put<uint64_t>(column.type.length);
  out.put<uint32_t>(static_cast<uint32_t>(column.type.labels.size()));
  for (const std::string& label : column.type.labels) out.put_sized(label);
  out.put_sized(column.source_type);
  out.put_sized(column.charset);
}

bool decode_column(Cursor& cursor, Column& column) {
  column.name = cursor.sized_text();
  const uint8_t kind = cursor.u8();
  if (kind == 0 || kind > kLastKind) return false;
  column.type.kind = static_cast<TypeKind>(kind);
  const uint8_t flags = cursor.u8();
  column.nullable = (flags & kFlagNullable) != 0;
  column.generated = (flags & kFlagGenerated) != 0;
  column.invisible = (flags & kFlagInvisible) != 0;
  column.type.precision = cursor.le<uint16_t>();
  column.type.scale = cursor.le<uint16_t>();
  column.type.length = cursor.le<uint64_t>();
  const auto labels = cursor.le<uint32_t>();
  for (uint32_t i = 0; i < labels && cursor.ok(); ++i) {
    column.type.labels.emplace_back(cursor.sized_text());
  }
  column.source_type = cursor.sized_text();
  column.charset = cursor.sized_text();
  return cursor.ok();
}

}  // namespace

RowLayout::RowLayout(const std::vector<Column>& columns) {
  presence_bytes = static_cast<uint32_t>((columns.size() * 2 + 7) / 8);
  uint32_t at = presence_bytes;
  uint32_t previous_end = 0;
  slots.reserve(columns.size());
  for (const Column& column : columns) {
    const bool variable = is_variable(column.type);
    slots.push_back({at, previous_end, variable});
    if (variable) previous_end = at;
    at += slot_bytes(column.type);
  }
  fixed_bytes = at;
}

void encode_schema(const TableSchema& schema, ByteBuffer& out) {
  out.put_sized(schema.database);
  out.put_sized(schema.table);
  out.put<uint8_t>(static_cast<uint8_t>(schema.key_kind));
  out.put<uint32_t>(static_cast<uint32_t>(schema.key_columns.size()));
  for (const uint32_t column : schema.key_columns) out.put<uint32_t>(column);
  out.put<uint32_t>(static_cast<uint32_t>(schema.columns.size()));
  for (const Column& column : schema.columns) encode_column(column, out);
}

Result<TableSchema> decode_schema(Bytes bytes) {
  const auto damaged = [] { return fail(ErrorKind::kCorrupt, "a schema record is damaged"); };
  Cursor cursor(bytes);
  TableSchema schema;
  schema.database = cursor.sized_text();
  schema.table = cursor.sized_text();
  const uint8_t key_kind = cursor.u8();
  if (key_kind > static_cast<uint8_t>(KeyKind::kUser)) return damaged();
  schema.key_kind = static_cast<KeyKind>(key_kind);
  const auto keys = cursor.le<uint32_t>();
  if (keys > kColumnsMax) return damaged();
  for (uint32_t i = 0; i < keys; ++i) schema.key_columns.push_back(cursor.le<uint32_t>());
  const auto columns = cursor.le<uint32_t>();
  if (columns > kColumnsMax) return damaged();
  schema.columns.resize(columns);
  for (Column& column : schema.columns) {
    if (!decode_column(cursor, column)) return damaged();
  }
  for (const uint32_t column : schema.key_columns) {
    if (column >= columns) return damaged();
  }
  if (!cursor.ok() || !cursor.at_end()) return damaged();
  return schema;
}

}  // namespace tailwater
