#include "integration/random_tables.h"

#include <algorithm>

#include <fmt/format.h>

namespace tailwater::test {
namespace {

using mysql::Connection;
using mysql::Flavor;

constexpr size_t kColumnsPerTable = 24;

std::string column_definition(RandomColumn& column, Flavor flavor, Random& random) {
  std::string text = column.name + " " + column.type;
  const bool timestamp = column.value == RandomColumn::Value::kTimestamp;
  if (timestamp) text += " NULL DEFAULT NULL";
  column.not_null = !timestamp && pick(random, 4) == 0;
  if (column.not_null) text += " NOT NULL";
  if (pick(random, 8) == 0) {
    // MariaDB wants a default for what is hidden and cannot be NULL.
    const bool hidden_ok = flavor == Flavor::kMysql || !column.not_null;
    if (hidden_ok) text += " INVISIBLE";
  }
  return text;
}

void add_generated(RandomTable& table) {
  using Value = RandomColumn::Value;
  table.columns.push_back({.name = "g_stored", .type = "bigint", .value = Value::kGenerated});
  table.columns.push_back({.name = "g_virtual", .type = "varchar(40)", .value = Value::kGenerated});
}

RandomTable make_table(std::vector<RandomColumn> columns, const std::string& name, Flavor flavor,
                       Random& random) {
  RandomTable table;
  table.name = name;
  table.columns = std::move(columns);
  std::vector<std::string> lines;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    table.columns[i].name = fmt::format("c{}", i);
    lines.push_back(column_definition(table.columns[i], flavor, random));
  }
  add_generated(table);
  lines.emplace_back("g_stored bigint GENERATED ALWAYS AS (id1 * 3) STORED");
  lines.emplace_back("g_virtual varchar(40) GENERATED ALWAYS AS (CONCAT('v', id2, id1)) VIRTUAL");
  table.key_at = pick(random, table.columns.size() + 1);
  lines.insert(lines.begin() + static_cast<ptrdiff_t>(table.key_at),
               {"id1 int unsigned NOT NULL", "id2 varchar(10) NOT NULL"});
  table.definition = fmt::format("CREATE TABLE {} (", name);
  for (const std::string& line : lines) table.definition += line + ", ";
  table.definition += "PRIMARY KEY (id1, id2))";
  return table;
}

std::string value_or_null(const RandomColumn& column, Flavor flavor, Random& random) {
  return !column.not_null && pick(random, 6) == 0 ? "NULL" : random_value(column, flavor, random);
}

std::string update_statement(const RandomTable& table, Flavor flavor, Random& random) {
  std::string sets;
  for (const RandomColumn& column : table.columns) {
    if (is_generated(column) || pick(random, 4) != 0) continue;
    sets += fmt::format("{}{} = {}", sets.empty() ? "" : ", ", column.name,
                        value_or_null(column, flavor, random));
  }
  if (sets.empty() || pick(random, 6) == 0) {
    sets += fmt::format("{}id1 = id1 + {}", sets.empty() ? "" : ", ", 1000);  // the key changes
  }
  return fmt::format("UPDATE IGNORE {} SET {} WHERE id1 % {} = 0", table.name, sets,
                     1 + pick(random, 6));
}

}  // namespace

std::vector<RandomTable> make_tables(Flavor flavor, Random& random) {
  std::vector<RandomColumn> all = all_column_types(flavor, random);
  std::vector<RandomTable> tables;
  for (size_t at = 0; at < all.size(); at += kColumnsPerTable) {
    const auto end = std::min(all.size(), at + kColumnsPerTable);
    tables.push_back(make_table(
        {all.begin() + static_cast<ptrdiff_t>(at), all.begin() + static_cast<ptrdiff_t>(end)},
        fmt::format("t{}", tables.size()), flavor, random));
  }
  return tables;
}

std::string insert_statement(const RandomTable& table, Flavor flavor, Random& random, size_t keys) {
  std::string sql = fmt::format("INSERT IGNORE INTO {} (id1, id2", table.name);
  for (const RandomColumn& column : table.columns) {
    if (!is_generated(column)) sql += ", " + column.name;
  }
  sql += ") VALUES ";
  const size_t rows = 1 + pick(random, 4);
  for (size_t row = 0; row < rows; ++row) {
    sql += fmt::format("{}({}, 'k{}'", row == 0 ? "" : ", ", pick(random, keys), pick(random, 2));
    for (const RandomColumn& column : table.columns) {
      if (!is_generated(column)) sql += ", " + value_or_null(column, flavor, random);
    }
    sql += ")";
  }
  return sql;
}

std::string random_statement(const RandomTable& table, Flavor flavor, Random& random, size_t keys) {
  switch (pick(random, 6)) {
    case 0:
      return fmt::format("DELETE FROM {} WHERE id1 = {}", table.name, pick(random, keys));
    case 1:
    case 2:
      return update_statement(table, flavor, random);
    default:
      return insert_statement(table, flavor, random, keys);
  }
}

// The server's own rows, by key, in the table's column order without the key.
Result<RandomState> select_state(Connection& connection, const RandomTable& table) {
  std::string sql = "SELECT id1, id2";
  for (const RandomColumn& column : table.columns) sql += ", " + column.select();
  TW_ASSIGN(auto rows, connection.query(sql + " FROM " + table.name));
  RandomState state;
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) return state;
    RandomRow& row = state[rows.text(0) + "/" + rows.text(1)];
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const auto value = rows[i + 2];
      row.push_back(value ? std::optional<std::string>(*value) : std::nullopt);
    }
  }
}

Status create_tables(Connection& connection, const std::vector<RandomTable>& tables) {
  TW_TRY(connection.execute("CREATE DATABASE IF NOT EXISTS property"));
  TW_TRY(connection.execute("USE property"));
  TW_TRY(connection.execute("SET sql_mode = ''"));
  for (const RandomTable& table : tables) {
    TW_TRY(connection.execute("DROP TABLE IF EXISTS " + table.name));
    auto made = connection.execute(table.definition);
    if (!made.has_value()) return fail(std::move(made).error().in(table.definition));
  }
  return {};
}

}  // namespace tailwater::test
