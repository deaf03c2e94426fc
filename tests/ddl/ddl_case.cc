#include "ddl/ddl_case.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using mysql::SqlMode;

struct ModeName {
  std::string_view name;
  uint64_t bits;
};
constexpr auto bit(SqlMode mode) {
  return static_cast<uint64_t>(mode);
}
constexpr std::array kModes = {
    ModeName{"REAL_AS_FLOAT", bit(SqlMode::kRealAsFloat)},
    ModeName{"ANSI_QUOTES", bit(SqlMode::kAnsiQuotes)},
    ModeName{"ORACLE", bit(SqlMode::kOracle) | bit(SqlMode::kAnsiQuotes)},
    ModeName{"MAXDB", bit(SqlMode::kMaxdb) | bit(SqlMode::kAnsiQuotes)},
    ModeName{"NO_BACKSLASH_ESCAPES", bit(SqlMode::kNoBackslashEscapes)},
    ModeName{"STRICT_TRANS_TABLES", bit(SqlMode::kStrictTransTables)},
    ModeName{"STRICT_ALL_TABLES", bit(SqlMode::kStrictAllTables)},
};

void read_setting(std::string_view line, DdlCase& ddl_case) {
  ddl_case.settings.emplace_back(line);
  const auto words = split(line, ' ');
  if (words.size() > 2 && words[1] == "sql_mode") ddl_case.sql_mode = words[2];
  if (words.size() > 2 && words[1] == "only") ddl_case.only = words[2];
  if (words.size() > 2 && words[1] == "explicit_defaults_for_timestamp")
    ddl_case.explicit_defaults_for_timestamp = words[2] != "off";
}

void read_expected(std::string_view line, DdlCase& ddl_case) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return;
  const std::string rest(line.substr(space + 1));
  if (line.starts_with("mariadb")) ddl_case.expected_mariadb.push_back(rest);
  if (line.starts_with("mysql")) ddl_case.expected_mysql.push_back(rest);
}

std::vector<DdlCase> parse_cases(std::string_view text) {
  std::vector<DdlCase> cases;
  std::string statement;
  bool expecting = false;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("=== ")) {
      cases.push_back({.title = std::string(line.substr(4))});
      statement.clear();
      expecting = false;
    } else if (cases.empty() || line.empty()) {
      continue;
    } else if (line == "---") {
      expecting = true;
    } else if (expecting) {
      read_expected(line, cases.back());
    } else if (line.starts_with("@ ") && statement.empty()) {
      read_setting(line, cases.back());
    } else {
      statement += statement.empty() ? "" : "\n";
      statement += line;
      if (!line.ends_with(";")) continue;
      statement.pop_back();
      cases.back().statements.push_back(std::move(statement));
      statement.clear();
    }
  }
  return cases;
}

std::string describe_key(const mysql::TrackedTable& table, const mysql::TrackedKey& key) {
  std::string columns;
  for (const mysql::TrackedKey::Part& part : key.parts) {
    if (!columns.empty()) columns += ',';
    columns += part.column < table.facts.columns.size() ? table.facts.columns[part.column].name
                                                        : "<expression>";
  }
  if (key.name == "PRIMARY") return fmt::format("PRIMARY({})", columns);
  return fmt::format("{} {}({})", key.unique ? "UNIQUE" : "KEY", key.name, columns);
}

std::string describe_column(const mysql::ColumnFacts& column) {
  std::string text = fmt::format("{} {}", column.name, column.column_type);
  if (!column.column_type.starts_with(column.data_type))
    text += fmt::format(" [{}]", column.data_type);
  if (!column.character_set.empty()) text += " " + column.character_set;
  if (!column.nullable) text += " NOT NULL";
  if (column.generated) text += " GENERATED";
  if (column.invisible) text += " INVISIBLE";
  return text;
}

}  // namespace

Result<std::vector<DdlFile>> read_ddl_files(const std::string& folder) {
  std::vector<DdlFile> files;
  TW_ASSIGN(const auto names, FileSystem::posix().list(folder));
  for (const std::string& name : names) {
    if (!name.ends_with(".test")) continue;
    const std::string path = join_path(folder, name);
    TW_ASSIGN(const std::string text, read_file(FileSystem::posix(), path));
    files.push_back({path, parse_cases(text)});
  }
  return files;
}

Status write_ddl_file(const DdlFile& file) {
  std::string text;
  for (const DdlCase& each : file.cases) {
    text += fmt::format("{}=== {}\n", text.empty() ? "" : "\n", each.title);
    for (const std::string& line : each.settings) text += line + "\n";
    for (const std::string& statement : each.statements) text += statement + ";\n";
    text += "---\n";
    for (const std::string& line : each.expected_mariadb) text += "mariadb " + line + "\n";
    for (const std::string& line : each.expected_mysql) text += "mysql " + line + "\n";
  }
  return replace_file(FileSystem::posix(), file.path, text);
}

void put_ddl_databases(mysql::SchemaCatalog& catalog) {
  catalog.put_database("d", "utf8mb4");
  catalog.put_database("e", "latin1");
}

uint64_t sql_mode_bits(std::string_view names) {
  uint64_t bits = 0;
  for (const std::string_view name : split(names, ',')) {
    for (const ModeName& mode : kModes) {
      if (mode.name == name) bits |= mode.bits;
    }
  }
  return bits;
}

mysql::DdlSession ddl_session(const DdlCase& ddl_case, Flavor flavor) {
  mysql::DdlSession session;
  session.dialect.flavor = flavor;
  session.dialect.version =
      flavor == Flavor::kMariadb ? mysql::Version{10, 11, 19} : mysql::Version{9, 7, 0};
  session.dialect.sql_mode = sql_mode_bits(ddl_case.sql_mode);
  session.default_database = "d";
  session.server_charset = "utf8mb4";
  session.explicit_defaults_for_timestamp = ddl_case.explicit_defaults_for_timestamp;
  return session;
}

std::string describe_tracked(const mysql::TableName& name, const mysql::TrackedTable& table) {
  if (table.must_be_read()) return fmt::format("{} must be read again", name.describe());
  std::string text = fmt::format("{} ({}):", name.describe(), table.charset);
  for (const mysql::ColumnFacts& column : table.facts.columns) {
    text += (text.ends_with(':') ? " " : ", ") + describe_column(column);
  }
  std::vector<std::string> keys;
  for (const mysql::TrackedKey& key : table.keys) keys.push_back(describe_key(table, key));
  std::ranges::sort(keys);
  if (table.facts.hidden_period) text += ", a hidden period";
  text += ";";
  for (const std::string& key : keys) text += " " + key;
  return text;
}

std::vector<std::string> describe_catalog(const mysql::SchemaCatalog& catalog) {
  std::vector<std::string> lines;
  for (const auto& [name, table] : catalog.tables()) lines.push_back(describe_tracked(name, table));
  return lines;
}

}  // namespace tailwater::test
