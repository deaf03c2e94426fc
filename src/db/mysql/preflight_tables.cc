#include "db/mysql/preflight_tables.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "db/mysql/quote.h"

namespace tailwater::mysql {
namespace {

using Level = Finding::Level;

constexpr size_t kNamesMax = 5;  // in what was found; remedies name all

struct Facts {
  std::string engine;
  bool transactional = true;
};
using FactsByTable = std::map<TableName, Facts>;

// One line for each.
std::string remedies(const std::vector<TableName>& tables,
                     const std::function<std::string(const TableName&)>& sql) {
  std::string text;
  for (const TableName& table : tables) text += (text.empty() ? "" : "\n") + sql(table);
  return text;
}

std::string name_some(const std::vector<TableName>& tables) {
  std::string text;
  for (size_t i = 0; i < std::min(tables.size(), kNamesMax); ++i) {
    text += (i > 0 ? ", " : "") + tables[i].describe();
  }
  if (tables.size() > kNamesMax) text += fmt::format(" and {} more", tables.size() - kNamesMax);
  return text;
}

Result<FactsByTable> read_facts(Connection& connection, const std::set<TableName>& wanted) {
  FactsByTable facts;
  std::set<std::string> databases;
  for (const TableName& table : wanted) databases.insert(table.database);
  for (const std::string& database : databases) {
    TW_ASSIGN(Rows rows,
              connection.query(fmt::format(
                  "SELECT t.TABLE_NAME, t.ENGINE, e.TRANSACTIONS FROM information_schema.TABLES t "
                  "LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE "
                  "WHERE t.TABLE_SCHEMA = {}",
                  connection.quote(database))));
    for (;;) {
      TW_ASSIGN(const bool more, rows.next());
      if (!more) break;
      const TableName name{database, rows.text(0)};
      if (wanted.contains(name)) facts[name] = {rows.text(1), rows.text(2) != "NO"};
    }
  }
  return facts;
}

std::string add_key(const CatalogTable& table) {
  const std::string name = quote_name(table.name.database, table.name.table);
  // A table has at most one such column, and it has some key already.
  for (const CatalogColumn& column : table.columns) {
    if (column.extra.find("auto_increment") == std::string::npos) continue;
    return fmt::format("ALTER TABLE {} ADD PRIMARY KEY ({});", name, quote_name(column.name));
  }
  return fmt::format(
      "ALTER TABLE {} ADD COLUMN row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY;",
      name);
}

Finding check_keys(const std::vector<CatalogTable>& tables) {
  std::vector<TableName> without;
  std::map<TableName, std::string> sql;
  for (const CatalogTable& table : tables) {
    if (!table.keys.empty()) continue;
    without.push_back(table.name);
    sql[table.name] = add_key(table);
  }
  if (without.empty()) return {"table_keys", Level::kOk, fmt::format("{} tables", tables.size())};
  return {"table_keys", Level::kWarning,
          fmt::format("{} without a key: {}", without.size(), name_some(without)),
          "their changes name no row: sinks cannot write them by key, and a snapshot reads such a "
          "table in one piece, while the stream waits; or name a key with key_columns",
          remedies(without, [&](const TableName& table) { return sql[table]; })};
}

Finding check_engines(const FactsByTable& facts) {
  std::vector<TableName> without;
  for (const auto& [name, fact] : facts) {
    if (!fact.transactional && !fact.engine.empty()) without.push_back(name);
  }
  if (without.empty()) return {"table_engines", Level::kOk, "all have transactions"};
  return {
      "table_engines", Level::kWarning,
      fmt::format("{} without transactions: {}", without.size(), name_some(without)),
      "a statement that fails in the middle leaves rows that are changed, and a snapshot does "
      "not see one moment of such a table: changes under way may be in its rows, and come again",
      remedies(without, [](const TableName& table) {
        return fmt::format("ALTER TABLE {} ENGINE = InnoDB;",
                           quote_name(table.database, table.table));
      })};
}

// Tried rather than read from SHOW GRANTS.
Finding check_select(Connection& connection, const std::vector<TableName>& tables,
                     const std::string& account) {
  std::vector<TableName> refused;
  std::string message;
  for (const TableName& table : tables) {
    const std::string name = quote_name(table.database, table.table);
    auto read = connection.execute(fmt::format("SELECT * FROM {} LIMIT 0", name));
    if (read.has_value()) continue;
    if (message.empty()) message = read.error().message;
    refused.push_back(table);
  }
  if (refused.empty()) {
    return {"grant_select", Level::kOk, fmt::format("{} tables", tables.size())};
  }
  return {"grant_select", Level::kError, fmt::format("{}: {}", name_some(refused), message),
          "a snapshot must read the table", remedies(refused, [&](const TableName& table) {
            return fmt::format("GRANT SELECT ON {} TO {};", quote_name(table.database, table.table),
                               account);
          })};
}

// Whether one of the user's grants, those of its roles too, gives a privilege on a database.
bool is_granted(const std::vector<std::string>& grants, std::string_view privilege,
                const std::string& database) {
  for (const std::string& grant : grants) {
    const bool has = grant.find(privilege) != std::string::npos ||
                     grant.find("ALL PRIVILEGES") != std::string::npos;
    const bool there = grant.find(" ON *.* ") != std::string::npos ||
                       grant.find(" ON " + quote_name(database) + ".* ") != std::string::npos;
    if (has && there) return true;
  }
  return false;
}

// MySQL tells no place for a snapshot: where it has no GTIDs, and for tables without a key, the
// table is locked for a moment (docs/snapshots.md). MariaDB needs no lock.
Result<Finding> check_lock(Connection& connection, const ServerInfo& info,
                           const std::vector<CatalogTable>& tables, const std::string& account) {
  std::vector<std::string> grants;
  TW_ASSIGN(Rows rows, connection.query("SHOW GRANTS"));
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) break;
    grants.push_back(rows.text(0));
  }
  std::set<std::string> refused;
  for (const CatalogTable& table : tables) {
    const bool locks = !info.has_gtids() || table.keys.empty();
    const std::string& database = table.name.database;
    if (locks && !is_granted(grants, "LOCK TABLES", database)) refused.insert(database);
  }
  if (refused.empty()) return Finding{"grant_lock_tables", Level::kOk, "granted, or not needed"};
  std::string remedy;
  for (const std::string& database : refused) {
    remedy += fmt::format("{}GRANT LOCK TABLES, SELECT ON {}.* TO {};", remedy.empty() ? "" : "\n",
                          quote_name(database), account);
  }
  return Finding{"grant_lock_tables", Level::kError,
                 fmt::format("not granted on {} database(s)", refused.size()),
                 "a snapshot locks tables for a moment: those without a key, and without GTIDs all",
                 remedy};
}

}  // namespace

Result<std::vector<Finding>> check_tables(Connection& connection, const ServerInfo& info,
                                          const PreflightOptions& options,
                                          const std::string& account) {
  std::vector<Finding> findings;
  if (!options.tables) return findings;
  const std::vector<TableName>& names = *options.tables;
  if (names.empty()) {
    findings.push_back(
        {"tables", options.snapshot ? Level::kError : Level::kWarning, "none",
         "no table is selected, or this user may not see any: nothing will come, or column names "
         "cannot be looked up where the binlog has none",
         fmt::format("GRANT SELECT ON *.* TO {};", account)});
    return findings;
  }
  findings.push_back({"tables", Level::kOk, fmt::format("{} selected", names.size())});
  TW_ASSIGN(const auto tables, read_tables(connection, names));
  TW_ASSIGN(const FactsByTable facts, read_facts(connection, {names.begin(), names.end()}));
  findings.push_back(check_keys(tables));
  findings.push_back(check_engines(facts));
  if (!options.snapshot) return findings;
  findings.push_back(check_select(connection, names, account));
  if (!info.is_mariadb()) {
    TW_ASSIGN(Finding lock, check_lock(connection, info, tables, account));
    findings.push_back(std::move(lock));
  }
  return findings;
}

}  // namespace tailwater::mysql
