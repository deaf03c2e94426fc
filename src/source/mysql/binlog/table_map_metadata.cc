#include "source/mysql/binlog/table_map_metadata.h"

#include "base/cursor.h"
#include "source/mysql/binlog/length_encoded.h"

namespace tailwater::mysql {
namespace {

enum class Metadata : uint8_t {
  kSignedness = 1,
  kDefaultCharset = 2,
  kColumnCharset = 3,
  kColumnName = 4,
  kSetValues = 5,
  kEnumValues = 6,
  kGeometryType = 7,
  kSimplePrimaryKey = 8,
  kPrimaryKeyWithPrefix = 9,
  kEnumAndSetDefaultCharset = 10,
  kEnumAndSetColumnCharset = 11,
  kColumnVisibility = 12,
  kVectorDimensions = 13,
};

constexpr size_t kLabelsMax = 65535;

bool is_numeric(const MappedColumn& column) {
  switch (column.type) {
    case ColumnType::kTiny:
    case ColumnType::kShort:
    case ColumnType::kInt24:
    case ColumnType::kLong:
    case ColumnType::kLonglong:
    case ColumnType::kNewdecimal:
    case ColumnType::kFloat:
    case ColumnType::kDouble:
    case ColumnType::kYear:
      return true;
    default:
      return false;
  }
}

bool is_label(const MappedColumn& column) {
  return column.type == ColumnType::kEnum || column.type == ColumnType::kSet;
}

// Who has an entry in the character sets: seen in the servers' own events. MariaDB counts
// geometries, MySQL counts vectors.
bool has_charset(const MappedColumn& column, bool mariadb) {
  if (column.type == ColumnType::kGeometry) return mariadb;
  if (column.type == ColumnType::kVector) return !mariadb;
  return column.is_character();
}

template <typename Chosen>
std::vector<MappedColumn*> choose(TableMap& map, Chosen chosen) {
  std::vector<MappedColumn*> columns;
  for (MappedColumn& column : map.columns) {
    if (chosen(column)) columns.push_back(&column);
  }
  return columns;
}

bool bit_at(Bytes bits, size_t index) {
  return (bits[index / 8] >> (7 - index % 8) & 1) != 0;
}

void read_signedness(Cursor& cursor, TableMap& map) {
  const auto columns = choose(map, is_numeric);
  const Bytes bits = cursor.take((columns.size() + 7) / 8);
  if (!cursor.ok()) return;
  for (size_t i = 0; i < columns.size(); ++i) columns[i]->is_unsigned = bit_at(bits, i);
  map.has_signedness = true;
}

void read_visibility(Cursor& cursor, TableMap& map) {
  const Bytes bits = cursor.take((map.columns.size() + 7) / 8);
  if (!cursor.ok()) return;
  for (size_t i = 0; i < map.columns.size(); ++i) map.columns[i].visible = bit_at(bits, i);
}

void read_default_charset(Cursor& cursor, const std::vector<MappedColumn*>& columns) {
  const auto all = static_cast<uint32_t>(length_encoded(cursor));
  for (MappedColumn* column : columns) column->collation = all;
  while (cursor.ok() && !cursor.at_end()) {
    const uint64_t index = length_encoded(cursor);
    const auto collation = static_cast<uint32_t>(length_encoded(cursor));
    if (index >= columns.size()) return cursor.mark_failed();
    columns[index]->collation = collation;
  }
}

void read_column_charset(Cursor& cursor, const std::vector<MappedColumn*>& columns) {
  for (MappedColumn* column : columns) {
    column->collation = static_cast<uint32_t>(length_encoded(cursor));
  }
}

void read_names(Cursor& cursor, TableMap& map) {
  for (MappedColumn& column : map.columns) column.name = length_encoded_text(cursor);
  map.has_names = cursor.ok();
}

void read_labels(Cursor& cursor, ColumnType type, TableMap& map) {
  for (MappedColumn& column : map.columns) {
    if (column.type != type) continue;
    const uint64_t count = length_encoded(cursor);
    if (count > kLabelsMax || count > cursor.remaining()) return cursor.mark_failed();
    auto& labels = column.labels.emplace();
    labels.reserve(count);
    for (uint64_t i = 0; i < count; ++i) labels.push_back(length_encoded_text(cursor));
  }
}

void read_geometry_types(Cursor& cursor, TableMap& map) {
  for (MappedColumn& column : map.columns) {
    if (column.type != ColumnType::kGeometry) continue;
    column.geometry_type = static_cast<uint32_t>(length_encoded(cursor));
  }
}

void read_dimensions(Cursor& cursor, TableMap& map) {
  for (MappedColumn& column : map.columns) {
    if (column.type != ColumnType::kVector) continue;
    column.dimensions = static_cast<uint32_t>(length_encoded(cursor));
  }
}

void read_primary_key(Cursor& cursor, bool with_prefix, TableMap& map) {
  map.primary_key.clear();
  while (cursor.ok() && !cursor.at_end()) {
    const uint64_t column = length_encoded(cursor);
    const uint64_t prefix = with_prefix ? length_encoded(cursor) : 0;
    if (column >= map.columns.size()) return cursor.mark_failed();
    map.primary_key.push_back({static_cast<uint32_t>(column), static_cast<uint32_t>(prefix)});
  }
}

void read_one(Metadata kind, Cursor& cursor, TableMap& map) {
  const auto character = [&](const MappedColumn& column) {
    return has_charset(column, map.mariadb);
  };
  switch (kind) {
    case Metadata::kSignedness:
      return read_signedness(cursor, map);
    case Metadata::kDefaultCharset:
      return read_default_charset(cursor, choose(map, character));
    case Metadata::kColumnCharset:
      return read_column_charset(cursor, choose(map, character));
    case Metadata::kColumnName:
      return read_names(cursor, map);
    case Metadata::kSetValues:
      return read_labels(cursor, ColumnType::kSet, map);
    case Metadata::kEnumValues:
      return read_labels(cursor, ColumnType::kEnum, map);
    case Metadata::kGeometryType:
      return read_geometry_types(cursor, map);
    case Metadata::kSimplePrimaryKey:
      return read_primary_key(cursor, false, map);
    case Metadata::kPrimaryKeyWithPrefix:
      return read_primary_key(cursor, true, map);
    case Metadata::kEnumAndSetDefaultCharset:
      return read_default_charset(cursor, choose(map, is_label));
    case Metadata::kEnumAndSetColumnCharset:
      return read_column_charset(cursor, choose(map, is_label));
    case Metadata::kColumnVisibility:
      return read_visibility(cursor, map);
    case Metadata::kVectorDimensions:
      return read_dimensions(cursor, map);
  }
}

}  // namespace

Status read_optional_metadata(Bytes bytes, TableMap& map) {
  Cursor cursor(bytes);
  while (cursor.ok() && !cursor.at_end()) {
    const auto kind = static_cast<Metadata>(cursor.u8());
    Cursor value(as_bytes(length_encoded_text(cursor)));
    if (!cursor.ok()) break;
    read_one(kind, value, map);
    if (!value.ok()) cursor.mark_failed();
  }
  if (!cursor.ok()) return damaged(EventType::kTableMap, "its optional metadata are cut short");
  return {};
}

}  // namespace tailwater::mysql
