#include "db/mysql/catalog.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace tailwater::mysql {
namespace {

using Tables = std::map<TableName, CatalogTable>;

// Up to so many tables of one database are asked for one by one, which lets the server look up just
// them; for more, the whole database is read at once.
constexpr size_t kFewTables = 8;
constexpr Version kSrsIdSince = {8, 0, 3};
constexpr Version kSystemVersioningSince = {10, 3, 4};

// Which rows of an information_schema table to read: those of a database, or of one table of it.
struct Scope {
  const Connection& connection;
  const std::string& database;
  const std::string& table;  // empty: all

  [[nodiscard]] std::string condition(std::string_view schema_column) const {
    std::string text = fmt::format("{} = {}", schema_column, connection.quote(database));
    if (!table.empty()) text += fmt::format(" AND TABLE_NAME = {}", connection.quote(table));
    return text;
  }
};

CatalogColumn::Generated generated_of(std::string_view extra) {
  if (extra.find("VIRTUAL GENERATED") != std::string_view::npos)
    return CatalogColumn::Generated::kVirtual;
  const bool stored = extra.find("STORED GENERATED") != std::string_view::npos ||
                      extra.find("PERSISTENT") != std::string_view::npos;
  return stored ? CatalogColumn::Generated::kStored : CatalogColumn::Generated::kNo;
}

CatalogColumn column_of(const Rows& row) {
  CatalogColumn column;
  column.name = row.text(2);
  column.data_type = to_lower(row.text(3));
  column.column_type = row.text(4);
  column.character_set = row.text(5);
  column.collation = row.text(6);
  column.nullable = row[7].value_or("") == "YES";
  column.extra = row.text(8);
  column.numeric_precision = static_cast<uint32_t>(row.number(9));
  column.numeric_scale = static_cast<uint32_t>(row.number(10));
  column.datetime_precision = static_cast<uint32_t>(row.number(11));
  column.character_length = row.number(12);
  if (row[13].has_value()) column.srs_id = static_cast<uint32_t>(row.number(13));
  // An enum's or set's labels may hold anything, also the word.
  const bool labels = column.data_type == "enum" || column.data_type == "set";
  column.is_unsigned =
      !labels && to_lower(column.column_type).find("unsigned") != std::string::npos;
  column.generated = generated_of(column.extra);
  column.invisible = column.extra.find("INVISIBLE") != std::string::npos;
  return column;
}

Status read_columns(Connection& connection, const Scope& scope, Tables& tables) {
  const bool has_srs = !connection.is_mariadb() && connection.version() >= kSrsIdSince;
  TW_ASSIGN(Rows rows, connection.query(fmt::format(
                           "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, "
                           "CHARACTER_SET_NAME, "
                           "COLLATION_NAME, IS_NULLABLE, EXTRA, NUMERIC_PRECISION, NUMERIC_SCALE, "
                           "DATETIME_PRECISION, "
                           "CHARACTER_MAXIMUM_LENGTH, {} FROM information_schema.COLUMNS WHERE {} "
                           "ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
                           has_srs ? "SRS_ID" : "NULL", scope.condition("TABLE_SCHEMA"))));
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) return {};
    CatalogTable& table = tables[{rows.text(0), rows.text(1)}];
    table.columns.push_back(column_of(rows));
  }
}

std::optional<uint32_t> find_column(const CatalogTable& table, std::string_view name) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].name == name) return static_cast<uint32_t>(i);
  }
  return std::nullopt;
}

// A key that cannot tell rows apart by its columns' values: a nullable or a computed part.
bool identifies(const CatalogTable& table, const CatalogKey& key) {
  return std::all_of(key.columns.begin(), key.columns.end(), [&](uint32_t column) {
    return column < table.columns.size() && !table.columns[column].nullable;
  });
}

Status read_keys(Connection& connection, const Scope& scope, Tables& tables) {
  TW_ASSIGN(Rows rows,
            connection.query(fmt::format(
                "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, COLUMN_NAME "
                "FROM information_schema.STATISTICS WHERE {} AND NON_UNIQUE = 0 "
                "ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME = 'PRIMARY' DESC, INDEX_NAME, "
                "SEQ_IN_INDEX",
                scope.condition("TABLE_SCHEMA"))));
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) break;
    const auto found = tables.find({rows.text(0), rows.text(1)});
    if (found == tables.end()) continue;
    CatalogTable& table = found->second;
    const std::string name = rows.text(2);
    if (table.keys.empty() || table.keys.back().name != name) table.keys.push_back({name, {}});
    // NULL is an expression of MySQL 8.
    const uint32_t nowhere = UINT32_MAX;
    table.keys.back().columns.push_back(find_column(table, rows.text(3)).value_or(nowhere));
  }
  for (auto& [name, table] : tables) {
    std::erase_if(table.keys,
                  [&, &of = table](const CatalogKey& key) { return !identifies(of, key); });
  }
  return {};
}

// MariaDB's JSON is a LONGTEXT with this check; the check is all that tells.
Status read_json_checks(Connection& connection, const Scope& scope, Tables& tables) {
  TW_ASSIGN(Rows rows,
            connection.query(fmt::format("SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CHECK_CLAUSE FROM "
                                         "information_schema.CHECK_CONSTRAINTS WHERE {}",
                                         scope.condition("CONSTRAINT_SCHEMA"))));
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) return {};
    const auto found = tables.find({rows.text(0), rows.text(1)});
    if (found == tables.end()) continue;
    for (CatalogColumn& column : found->second.columns) {
      if (rows.text(2) == fmt::format("json_valid(`{}`)", column.name)) column.json_check = true;
    }
  }
}

// Sets hidden_period of the tables for which it holds, to the value, and says whether it did.
Result<bool> mark_period(Connection& connection, const std::string& query, bool hidden,
                         Tables& tables) {
  TW_ASSIGN(Rows rows, connection.query(query));
  for (bool any = false;; any = true) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) return any;
    const auto found = tables.find({rows.text(0), rows.text(1)});
    if (found != tables.end()) found->second.hidden_period = hidden;
  }
}

// MariaDB: a table has either a hidden period or one whose columns the list of columns has.
Status read_periods(Connection& connection, const Scope& scope, Tables& tables) {
  if (!connection.is_mariadb() || connection.version() < kSystemVersioningSince) return {};
  constexpr auto kQuery =
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.{} WHERE {} AND {}";
  const std::string place = scope.condition("TABLE_SCHEMA");
  TW_ASSIGN(const bool versioned,
            mark_period(connection,
                        fmt::format(kQuery, "TABLES", place, "TABLE_TYPE = 'SYSTEM VERSIONED'"),
                        true, tables));
  if (!versioned) return {};
  return mark_period(connection,
                     fmt::format(kQuery, "COLUMNS", place, "GENERATION_EXPRESSION = 'ROW START'"),
                     false, tables)
      .map([](bool) {});
}

Status read_into(Connection& connection, const std::string& database, const std::string& table,
                 Tables& tables) {
  Tables read;
  const Scope scope{connection, database, table};
  TW_TRY(read_columns(connection, scope, read));
  TW_TRY(read_keys(connection, scope, read));
  TW_TRY(read_periods(connection, scope, read));
  if (connection.is_mariadb()) TW_TRY(read_json_checks(connection, scope, read));
  for (auto& [name, found] : read) {
    found.name = name;
    tables[name] = std::move(found);
  }
  return {};
}

}  // namespace

Result<std::optional<CatalogTable>> read_table(Connection& connection, const TableName& name) {
  TW_ASSIGN(auto tables, read_tables(connection, {name}));
  if (tables.empty()) return std::optional<CatalogTable>();
  return std::optional<CatalogTable>(std::move(tables.front()));
}

Result<std::vector<CatalogTable>> read_tables(Connection& connection,
                                              const std::vector<TableName>& names) {
  std::map<std::string, std::vector<std::string>> by_database;
  for (const TableName& name : names) by_database[name.database].push_back(name.table);
  Tables tables;
  for (const auto& [database, wanted] : by_database) {
    if (wanted.size() > kFewTables) {
      TW_TRY(read_into(connection, database, "", tables));
      continue;
    }
    for (const std::string& table : wanted) TW_TRY(read_into(connection, database, table, tables));
  }
  std::vector<CatalogTable> found;
  for (const TableName& name : names) {
    const auto at = tables.find(name);
    if (at != tables.end()) found.push_back(at->second);
  }
  return found;
}

Result<std::vector<TableName>> list_tables(Connection& connection,
                                           const std::function<bool(const TableName&)>& wanted) {
  TW_ASSIGN(Rows rows,
            connection.query(
                "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES "
                "WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN "
                "('mysql', 'sys', 'information_schema', 'performance_schema') "
                "ORDER BY TABLE_SCHEMA, TABLE_NAME"));
  std::vector<TableName> names;
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) break;
    TableName name{rows.text(0), rows.text(1)};
    if (wanted(name)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tailwater::mysql
