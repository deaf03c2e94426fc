// The statements of tests/ddl/*.test, and how tables are written there.
//
// A case begins with a line "=== title". Lines "@ name value" set the session up: sql_mode,
// explicit_defaults_for_timestamp, only (a server's name). Statements end with ";" at the end of a
// line. Behind a line "---" stands what the servers made of them: "mariadb d.t (charset): columns;
// keys", and "mariadb refuses 2" for a statement that the server did not take, counted from 1.
// Those lines were recorded from real servers: see tests/integration/ddl_servers_test.cc.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "source/mysql/ddl/schema_catalog.h"

namespace tailwater::test {

struct DdlCase {
  std::string title;
  std::string sql_mode = {};
  std::string only = {};  // "mariadb", "mysql"; empty: both
  bool explicit_defaults_for_timestamp = true;
  std::vector<std::string> settings = {};  // the lines as they were
  std::vector<std::string> statements = {};
  std::vector<std::string> expected_mariadb = {};
  std::vector<std::string> expected_mysql = {};

  [[nodiscard]] bool is_for(mysql::Flavor flavor) const {
    return only.empty() || (only == "mariadb") == (flavor == mysql::Flavor::kMariadb);
  }
  [[nodiscard]] std::vector<std::string>& expected(mysql::Flavor flavor) {
    return flavor == mysql::Flavor::kMariadb ? expected_mariadb : expected_mysql;
  }
  [[nodiscard]] const std::vector<std::string>& expected(mysql::Flavor flavor) const {
    return flavor == mysql::Flavor::kMariadb ? expected_mariadb : expected_mysql;
  }
};

/// The cases of all files *.test in the folder, file by file.
struct DdlFile {
  std::string path;
  std::vector<DdlCase> cases;
};
Result<std::vector<DdlFile>> read_ddl_files(const std::string& folder);
/// Writes the file as read_ddl_files reads it.
Status write_ddl_file(const DdlFile& file);

/// The databases that each case begins with: d (utf8mb4) is the default one, e is latin1.
void put_ddl_databases(mysql::SchemaCatalog& catalog);
/// What the session of a case is like, on the servers that the expectations come from.
mysql::DdlSession ddl_session(const DdlCase& ddl_case, mysql::Flavor flavor);
/// The bits of a list of sql_mode names.
uint64_t sql_mode_bits(std::string_view names);

/// "d.t (utf8mb4): a int(11) NOT NULL, b text latin1; PRIMARY(a) UNIQUE u(b) KEY k(a,b)".
std::string describe_tracked(const mysql::TableName& name, const mysql::TrackedTable& table);
/// All tables of the catalog, one line each.
std::vector<std::string> describe_catalog(const mysql::SchemaCatalog& catalog);

}  // namespace tailwater::test
