// Freshly initialised data folders of MySQL and MariaDB, made once per machine and then copied.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "db/mysql/connection.h"

namespace tailwater::test {

/// Where MySQL's root folder is unless TAILWATER_MYSQL_ROOT says otherwise; as in scripts/setup.
constexpr const char* kDefaultMysqlRoot = "/opt/tw-mysql-root";

/// The environment variable that names the root folder of another MariaDB, which is then the one
/// that tests start; without it they start the installed one.
constexpr const char* kMariadbRootVariable = "TAILWATER_MARIADB_ROOT";

/// The user of every template: all rights, from any host.
constexpr const char* kServerUser = "tailwater";
constexpr const char* kServerPassword = "secret";

/// How a server's programs are run.
struct MysqlPrograms {
  std::vector<std::string> server;  ///< the command that starts the server, without its options
  std::vector<std::string> fixed;   ///< options that its place on disk makes necessary
  std::string binary;               ///< the server's file
  std::string root;                 ///< the folder that its own paths are relative to; "" for "/"

  /// The command of another program of the same installation, for example "mysqlbinlog".
  [[nodiscard]] std::vector<std::string> tool(const std::string& name) const;
};

/// The installed programs of a flavor; an error that says how to get them where there are none.
Result<MysqlPrograms> find_mysql_programs(mysql::Flavor flavor);

/// Copies the template of the flavor, made on first use, to `folder/data`. The copy belongs to the
/// user whom servers run as.
Status copy_mysql_template(mysql::Flavor flavor, const MysqlPrograms& programs,
                           const std::string& folder);

}  // namespace tailwater::test
