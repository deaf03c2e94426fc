#include "source/mysql/binlog/table_schema.h"

#include <algorithm>

#include "base/text.h"
#include "source/mysql/binlog/catalog_match.h"
#include "source/mysql/binlog/mapped_type.h"

namespace tailwater::mysql {
namespace {

std::string table_name(const TableMap& map) {
  return std::string(map.database) + "." + std::string(map.table);
}

Result<Column> mapped_column(const TableMap& map, size_t index) {
  const MappedColumn& mapped = map.columns[index];
  const auto describe = [&](Error error) {
    return std::move(error).in("column " + std::to_string(index + 1) + " of " + table_name(map));
  };
  auto type = mapped_type(mapped);
  if (!type) return fail(describe(std::move(type).error()));
  auto charset = mapped_charset(mapped);
  if (!charset) return fail(describe(std::move(charset).error()));
  Column column;
  column.name = map.has_names ? std::string(mapped.name) : "@" + std::to_string(index + 1);
  column.type = std::move(*type);
  column.source_type = source_type_text(mapped, column.type, map.mariadb);
  if (*charset != nullptr && column.type.kind != TypeKind::kBytes)
    column.charset = (*charset)->name;
  column.nullable = mapped.nullable;
  column.invisible = !mapped.visible;
  return column;
}

// How many columns, the last ones, are the hashes that MariaDB keeps for keys that are too long for
// an index. Without names only `facts` can tell; it may be null.
size_t hidden_hashes(const TableMap& map, const TableFacts* facts) {
  if (!map.mariadb) return 0;
  const auto may_be_hash = [&](const MappedColumn& column) {
    return column.type == ColumnType::kLonglong &&
           (!map.has_names || column.name.starts_with("DB_ROW_HASH_"));
  };
  size_t count = 0;
  while (count < map.columns.size() && may_be_hash(map.columns[map.columns.size() - 1 - count])) {
    ++count;
  }
  if (map.has_names || facts == nullptr) return map.has_names ? count : 0;
  const size_t extra = map.columns.size() - std::min(map.columns.size(), facts->columns.size());
  const bool told = extra >= facts->hash_keys_min && extra <= facts->hash_keys_max;
  return told && extra <= count ? extra : 0;
}

Result<TableSchema> map_schema(const TableMap& map) {
  TableSchema schema;
  schema.database = map.database;
  schema.table = map.table;
  const size_t shown = map.columns.size() - hidden_hashes(map, nullptr);
  for (size_t i = 0; i < shown; ++i) {
    TW_ASSIGN(Column column, mapped_column(map, i));
    schema.columns.push_back(std::move(column));
  }
  for (const TableMap::KeyPart& part : map.primary_key) schema.key_columns.push_back(part.column);
  if (!schema.key_columns.empty()) schema.key_kind = KeyKind::kPrimary;
  return schema;
}

void choose_key(const TableFacts& facts, TableSchema& schema) {
  const auto can_be_null = [&](const std::vector<uint32_t>& key) {
    for (const uint32_t column : key) {
      if (column >= schema.columns.size() || schema.columns[column].nullable) return true;
    }
    return false;
  };
  if (!facts.primary_key.empty() && !can_be_null(facts.primary_key)) {
    schema.key_kind = KeyKind::kPrimary;
    schema.key_columns = facts.primary_key;
    return;
  }
  for (const auto& key : facts.unique_keys) {
    if (key.empty() || can_be_null(key)) continue;
    schema.key_kind = KeyKind::kUnique;
    schema.key_columns = key;
    return;
  }
}

}  // namespace

Result<TableSchema> schema_of_map(const TableMap& map) {
  if (!map.has_names) {
    return fail(
        ErrorKind::kUserFix, "the binlog has no column names for " + table_name(map),
        "set binlog_row_metadata=FULL on the server, or give the schema with --schema FILE");
  }
  return map_schema(map);
}

Result<TableSchema> schema_without_names(const TableMap& map) {
  return map_schema(map);
}

TableFacts with_period(const TableFacts& facts) {
  TableFacts whole = facts;
  if (!facts.hidden_period) return whole;
  whole.hidden_period = false;
  for (const char* name : {"row_start", "row_end"}) {
    whole.columns.push_back({.name = name,
                             .data_type = "timestamp",
                             .column_type = "timestamp(6)",
                             .nullable = false,
                             .generated = true,
                             .invisible = true});
  }
  const auto row_end = static_cast<uint32_t>(whole.columns.size() - 1);
  if (!whole.primary_key.empty()) whole.primary_key.push_back(row_end);
  for (auto& key : whole.unique_keys) key.push_back(row_end);
  return whole;
}

Result<TableSchema> schema_of_facts(std::string_view database, std::string_view table,
                                    const TableFacts& facts) {
  if (facts.hidden_period) return schema_of_facts(database, table, with_period(facts));
  TableMap map;
  map.database = database;
  map.table = table;
  for (const ColumnFacts& column : facts.columns) {
    auto mapped = mapped_of_facts(column);
    if (!mapped.has_value()) return fail(std::move(mapped).error().in(table_name(map)));
    map.columns.push_back(std::move(*mapped));
  }
  return schema_of_catalog(map, facts);
}

Result<TableSchema> schema_of_catalog(const TableMap& map, const TableFacts& facts) {
  if (facts.hidden_period) return schema_of_catalog(map, with_period(facts));
  const size_t shown = map.columns.size() - hidden_hashes(map, &facts);
  if (shown != facts.columns.size()) {
    return fail(ErrorKind::kUserFix,
                table_name(map) + " had " + std::to_string(shown) +
                    " columns when the row was written, and has " +
                    std::to_string(facts.columns.size()) + " now",
                kCatalogRemedy);
  }
  TableSchema schema;
  schema.database = map.database;
  schema.table = map.table;
  for (size_t i = 0; i < facts.columns.size(); ++i) {
    TW_ASSIGN(Column column, match_column(map, i, facts.columns[i]));
    schema.columns.push_back(std::move(column));
  }
  choose_key(facts, schema);
  return schema;
}

}  // namespace tailwater::mysql
