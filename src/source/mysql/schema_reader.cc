#include "source/mysql/schema_reader.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "source/mysql/schema_file.h"

namespace tailwater::mysql {
namespace {

constexpr std::string_view kSystemDatabases =
    "('mysql', 'sys', 'information_schema', 'performance_schema')";

using Charsets = std::map<TableName, std::string>;  // tables' default character sets
using Keys = std::map<TableName, std::vector<TrackedKey>>;

// Which tables to read: those of one database, and maybe of one name.
std::string condition(const Connection& connection, const TableName& name) {
  std::string text = fmt::format("TABLE_SCHEMA = {}", connection.quote(name.database));
  if (!name.table.empty())
    text += fmt::format(" AND TABLE_NAME = {}", connection.quote(name.table));
  return text;
}

Result<Charsets> read_charsets(Connection& connection, const std::string& where) {
  const SqlDialect dialect{connection.flavor(), connection.version()};
  TW_ASSIGN(Rows rows,
            connection.query("SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COLLATION FROM "
                             "information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', "
                             "'SYSTEM VERSIONED', 'SEQUENCE') AND " +
                             where));
  Charsets charsets;
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) return charsets;
    const TableName name{rows.text(0), rows.text(1)};
    TW_ASSIGN(charsets[name],
              resolve_charset({.charset = {}, .collation = rows.text(2)}, "", dialect));
  }
}

uint32_t place_of(const CatalogTable& table, std::string_view column) {
  const auto at = std::ranges::find(table.columns, column, &CatalogColumn::name);
  return at == table.columns.end() ? TrackedKey::kExpression
                                   : static_cast<uint32_t>(at - table.columns.begin());
}

Result<Keys> read_keys(Connection& connection, const std::string& where,
                       const std::vector<CatalogTable>& tables) {
  std::map<TableName, const CatalogTable*> by_name;
  for (const CatalogTable& table : tables) by_name[table.name] = &table;
  TW_ASSIGN(Rows rows, connection.query(
                           "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, "
                           "SUB_PART FROM information_schema.STATISTICS WHERE " +
                           where + " ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"));
  Keys keys;
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) return keys;
    const TableName name{rows.text(0), rows.text(1)};
    const auto table = by_name.find(name);
    if (table == by_name.end()) continue;
    std::vector<TrackedKey>& of_table = keys[name];
    if (of_table.empty() || of_table.back().name != rows.text(2)) {
      of_table.push_back({rows.text(2), rows.number(3) == 0, false, {}});
    }
    of_table.back().parts.push_back({place_of(*table->second, rows.text(4)), rows.number(5)});
  }
}

// The tables that the condition selects and that are wanted.
Status read_into(Connection& connection, const std::string& where,
                 const std::function<bool(const TableName&)>& wanted, SchemaCatalog& catalog) {
  TW_ASSIGN(const Charsets charsets, read_charsets(connection, where));
  std::vector<TableName> names;
  for (const auto& [name, charset] : charsets) {
    if (wanted(name)) names.push_back(name);
  }
  TW_ASSIGN(const auto tables, read_tables(connection, names));
  TW_ASSIGN(Keys keys, read_keys(connection, where, tables));
  for (const CatalogTable& table : tables) {
    TrackedTable tracked;
    tracked.facts = facts_of(table);
    tracked.keys = std::move(keys[table.name]);
    tracked.charset = charsets.at(table.name);
    catalog.put_table(table.name, std::move(tracked));
  }
  return {};
}

}  // namespace

Result<SchemaCatalog> read_schema_catalog(Connection& connection,
                                          const std::function<bool(const TableName&)>& wanted) {
  TW_ASSIGN(const auto lower_case, connection.variable("global.lower_case_table_names"));
  const bool sensitive = lower_case.value_or("0") == "0";
  SchemaCatalog catalog(sensitive ? NameCase::kSensitive : NameCase::kLower);
  TW_ASSIGN(Rows rows,
            connection.query(fmt::format("SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME FROM "
                                         "information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN {}",
                                         kSystemDatabases)));
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) break;
    catalog.put_database(rows.text(0), rows.text(1));
  }
  TW_TRY(read_into(connection, fmt::format("TABLE_SCHEMA NOT IN {}", kSystemDatabases), wanted,
                   catalog));
  return catalog;
}

Result<std::optional<TrackedTable>> read_tracked_table(Connection& connection,
                                                       const TableName& name) {
  SchemaCatalog found;
  TW_TRY(read_into(
      connection, condition(connection, name), [](const TableName&) { return true; }, found));
  if (found.tables().empty()) return std::optional<TrackedTable>();
  return std::optional<TrackedTable>(found.tables().begin()->second);
}

}  // namespace tailwater::mysql
