#include "integration/random_ddl.h"

#include <fmt/format.h>

namespace tailwater::test {
namespace {

constexpr size_t kTablesWanted = 4;

std::string quoted(const mysql::TableName& name) {
  return fmt::format("`{}`.`{}`", name.database, name.table);
}

}  // namespace

std::string RandomDdl::new_table() {
  return fmt::format("{}t{}", one_of({"", "", "d.", "e."}), pick(8));
}

std::string RandomDdl::new_column() {
  return fmt::format("{}{}", one_of({"c", "C", "`c `x", "é"}), pick(30)).substr(0, 40);
}

std::string RandomDdl::charset_clause() {
  return one_of({"", "", "", " CHARACTER SET latin1", " CHARSET utf8mb3", " COLLATE utf8mb4_bin",
                 " CHARACTER SET binary", " CHARSET ucs2", " COLLATE cp1251_bin", " ASCII",
                 " CHARACTER SET utf8 COLLATE utf8_bin", " BINARY", " UNICODE"});
}

std::string RandomDdl::number_type() {
  const std::string sign = one_of({"", "", " UNSIGNED", " ZEROFILL", " SIGNED"});
  const std::string width = chance(3) ? fmt::format("({})", 1 + pick(20)) : "";
  switch (pick(5)) {
    case 0:
      return fmt::format("DECIMAL({},{}){}", 10 + pick(50), pick(10), sign);
    case 1:
      return one_of({"FLOAT", "DOUBLE", "REAL", "FLOAT(7,3)", "FLOAT(30)", "DOUBLE(9,2) UNSIGNED",
                     "NUMERIC", "DEC(4)", "BOOL", "BIT", "BIT(13)", "FIXED(3)"});
    default:
      return one_of({"TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "INTEGER"}) + width +
             sign;
  }
}

std::string RandomDdl::text_type() {
  switch (pick(4)) {
    case 0:
      return fmt::format("CHAR({}){}", pick(60), charset_clause());
    case 1:
      return fmt::format("VARCHAR({}){}", pick(200), charset_clause());
    case 2:
      return fmt::format("{}{}",
                         one_of({"TEXT", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "TEXT(40)",
                                 "TEXT(200)", "TEXT(70000)", "LONG VARCHAR", "LONG"}),
                         charset_clause());
    default:
      return fmt::format(
          "{}{}",
          one_of({"ENUM('a','b')", "SET('x','y','it''s')", "ENUM('x', 'y ')", "ENUM('a,b')"}),
          one_of({"", "", " CHARACTER SET latin1", " COLLATE utf8mb4_bin"}));
  }
}

std::string RandomDdl::type() {
  switch (pick(4)) {
    case 0:
      return number_type();
    case 1:
      return one_of({"DATE", "TIME", "TIME(3)", "DATETIME", "DATETIME(6)", "YEAR",
                     "TIMESTAMP(2) NULL", "BLOB", "BLOB(300)", "VARBINARY(20)", "BINARY(3)", "JSON",
                     "POINT", "GEOMETRYCOLLECTION", "TINYBLOB", "NCHAR(4)", "NATIONAL VARCHAR(5)",
                     "CHAR(4) BYTE", "TIMESTAMP NULL DEFAULT NULL"});
    default:
      return chance(2) ? text_type() : number_type();
  }
}

std::string RandomDdl::column_type_and_attributes() {
  std::string text = type();
  if (chance(6) && text.find("NULL") == std::string::npos) text += " NOT NULL";
  if (chance(8)) text += " COMMENT 'a, b) `c'";
  if (chance(10)) text += flavor_ == mysql::Flavor::kMysql ? " INVISIBLE" : " NULL INVISIBLE";
  if (chance(12)) text += " UNIQUE";
  return text;
}

std::string RandomDdl::create() {
  std::string sql = fmt::format("CREATE TABLE {} (k INT", new_table());
  std::string keys = chance(2) ? ", PRIMARY KEY (k)" : "";
  for (size_t i = 0, count = 1 + pick(6); i < count; ++i) {
    sql += fmt::format(", a{} {}", i, column_type_and_attributes());
  }
  if (chance(3)) sql += ", g INT AS (k + 1) STORED";
  if (chance(3)) sql += ", n1 INT NOT NULL, UNIQUE (n1), UNIQUE KEY (n1, k)";
  if (chance(3)) sql += ", m VARCHAR(10), KEY (m), KEY (m(3))";
  sql += keys + ")";
  sql += one_of({"", "", " DEFAULT CHARSET=latin1", " CHARACTER SET utf8mb3", " COLLATE latin2_bin",
                 " CHARSET binary"});
  return sql;
}

std::string RandomDdl::a_column(const mysql::TrackedTable& table) {
  const auto& columns = table.facts.columns;
  return fmt::format("`{}`", columns[pick(columns.size())].name);
}

std::string RandomDdl::place(const mysql::TrackedTable& table) {
  switch (pick(4)) {
    case 0:
      return " FIRST";
    case 1:
      return " AFTER " + a_column(table);
    default:
      return "";
  }
}

std::string RandomDdl::key_action(const mysql::TrackedTable& table) {
  if (!table.keys.empty() && chance(2)) {
    const std::string name = table.keys[pick(table.keys.size())].name;
    return chance(3) ? fmt::format("RENAME INDEX `{}` TO r{}", name, pick(20))
                     : fmt::format("DROP INDEX `{}`", name);
  }
  const std::string columns =
      chance(2) ? a_column(table) : fmt::format("{}, {}", a_column(table), a_column(table));
  return fmt::format("ADD {} ({})",
                     one_of({"UNIQUE", "UNIQUE KEY", "KEY", "INDEX", "PRIMARY KEY", "UNIQUE uu"}),
                     columns);
}

std::string RandomDdl::action(const mysql::TrackedTable& table) {
  switch (pick(12)) {
    case 0:
    case 1:
      return fmt::format("ADD COLUMN {} {}{}", new_column(), column_type_and_attributes(),
                         place(table));
    case 2:
      return fmt::format("DROP COLUMN {}", a_column(table));
    case 3:
      return fmt::format("MODIFY {} {}{}", a_column(table), column_type_and_attributes(),
                         place(table));
    case 4:
      return fmt::format("CHANGE {} {} {}{}", a_column(table), new_column(),
                         column_type_and_attributes(), place(table));
    case 5:
      return fmt::format("RENAME COLUMN {} TO {}", a_column(table), new_column());
    case 6:
      return fmt::format("CONVERT TO CHARACTER SET {}",
                         one_of({"latin1", "utf8mb4", "utf8mb3", "koi8r",
                                 "utf8mb4 COLLATE utf8mb4_bin", "binary"}));
    case 7:
      return one_of({"DEFAULT CHARSET=latin1", "CHARACTER SET utf8mb4", "COLLATE utf8mb3_bin"});
    case 8:
      return one_of({"ENGINE=InnoDB", "FORCE", "COMMENT='x, y'", "ROW_FORMAT=DYNAMIC"});
    case 9:
      return fmt::format("ADD ({} {}, {} {})", new_column(), type(), new_column(), type());
    default:
      return key_action(table);
  }
}

std::string RandomDdl::alter(const mysql::TableName& name, const mysql::TrackedTable& table) {
  std::string sql = fmt::format("ALTER TABLE {} {}", quoted(name), action(table));
  for (size_t left = pick(3); left > 0; --left) {
    // The default's and the columns' character set at once: not in one statement.
    std::string more = action(table);
    if (more.find("CHAR") == std::string::npos && more.find("COLLATE") == std::string::npos)
      sql += ", " + more;
  }
  if (chance(15)) sql += ", RENAME TO " + new_table();
  return sql;
}

std::string RandomDdl::statement(const mysql::SchemaCatalog& catalog) {
  const auto& tables = catalog.tables();
  if (tables.size() < kTablesWanted) return create();
  auto at = tables.begin();
  std::advance(at, static_cast<ptrdiff_t>(pick(tables.size())));
  const std::string name = quoted(at->first);
  switch (pick(14)) {
    case 0:
      return create();
    case 1:
      return fmt::format("DROP TABLE {}", name);
    case 2:
      return fmt::format("RENAME TABLE {} TO {}", name, new_table());
    case 3:
      return fmt::format("CREATE TABLE {} LIKE {}", new_table(), name);
    case 4:
      return fmt::format("CREATE UNIQUE INDEX i{} ON {} ({})", pick(9), name, a_column(at->second));
    default:
      return alter(at->first, at->second);
  }
}

DdlCase RandomDdl::random_session() {
  DdlCase settings;
  settings.sql_mode = one_of({"", "", "REAL_AS_FLOAT", "STRICT_ALL_TABLES"});
  settings.explicit_defaults_for_timestamp = chance(2);
  return settings;
}

}  // namespace tailwater::test
