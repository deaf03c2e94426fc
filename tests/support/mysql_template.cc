#include "support/mysql_template.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "support/child_process.h"
#include "support/temp_folder.h"

namespace tailwater::test {
namespace {

namespace fs = std::filesystem;
using mysql::Flavor;

constexpr const char* kMysqlLoader = "/lib64/ld-linux-x86-64.so.2";
constexpr const char* kMysqlLoaderArm = "/lib/ld-linux-aarch64.so.1";

constexpr const char* kMariadbShare = "/usr/share/mariadb";

// Raise it when the way a template is made changes.
constexpr int kTemplateVersion = 3;

std::string user_statements() {
  return fmt::format(
      "CREATE USER '{0}'@'%' IDENTIFIED BY '{1}';\n"
      "GRANT ALL ON *.* TO '{0}'@'%' WITH GRANT OPTION;\n"
      "CREATE DATABASE IF NOT EXISTS test;\n",
      kServerUser, kServerPassword);
}

bool is_file(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

std::string find_in_path(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/"}) {
    if (is_file(folder + name)) return folder + name;
  }
  return {};
}

// A newer MariaDB, in a root folder of its own, where TAILWATER_MARIADB_ROOT names one.
Result<MysqlPrograms> find_mariadb_in(const std::string& root) {
  MysqlPrograms programs;
  programs.binary = root + "/usr/sbin/mariadbd";
  if (!is_file(programs.binary)) {
    return fail(ErrorKind::kNotFound, fmt::format("no MariaDB server in {}", root),
                "run scripts/setup");
  }
  programs.root = root;
  programs.server = programs.tool("mariadbd");
  programs.server.back() = programs.binary;
  programs.fixed = {"--basedir=" + root + "/usr", "--lc-messages-dir=" + root + kMariadbShare,
                    "--character-sets-dir=" + root + kMariadbShare + "/charsets",
                    "--plugin-dir=" + root + "/usr/lib/mysql/plugin"};
  return programs;
}

Result<MysqlPrograms> find_mariadb() {
  if (const char* root = std::getenv(kMariadbRootVariable); root != nullptr) {
    return find_mariadb_in(root);
  }
  MysqlPrograms programs;
  programs.binary = find_in_path("mariadbd");
  if (programs.binary.empty() || find_in_path("mariadb-install-db").empty()) {
    return fail(ErrorKind::kNotFound, "no MariaDB server is installed", "run scripts/setup");
  }
  programs.server = {programs.binary};
  return programs;
}

// The programs of a foreign root run with that root's own loader and libraries: no chroot, hence no
// root rights, and data folders may be anywhere.
Result<MysqlPrograms> find_mysql() {
  const char* chosen = std::getenv("TAILWATER_MYSQL_ROOT");
  const std::string root = chosen != nullptr ? chosen : kDefaultMysqlRoot;
  MysqlPrograms programs;
  programs.binary = root + "/usr/sbin/mysqld";
  std::error_code ignored;
  const char* loader = fs::exists(root + kMysqlLoader, ignored) ? kMysqlLoader : kMysqlLoaderArm;
  if (!is_file(programs.binary) || !fs::exists(root + loader, ignored)) {
    return fail(ErrorKind::kNotFound, fmt::format("no MySQL server in {}", root),
                "run scripts/setup, or set TAILWATER_MYSQL_ROOT to a root folder that has one");
  }
  programs.root = root;
  programs.server = programs.tool("mysqld");
  programs.server.back() = programs.binary;
  programs.fixed = {"--lc-messages-dir=" + root + "/usr/share/mysql",
                    "--character-sets-dir=" + root + "/usr/share/mysql/charsets",
                    "--plugin-dir=" + root + "/usr/lib/mysql/plugin", "--secure-file-priv=NULL"};
  return programs;
}

std::string cache_folder() {
  const char* chosen = std::getenv("TAILWATER_TEST_CACHE");
  if (chosen != nullptr) return chosen;
  return fmt::format("/var/tmp/tailwater-test-cache-{}", geteuid());
}

// Another build of the server, or another way to make it, is another template.
std::string template_name(Flavor flavor, const MysqlPrograms& programs) {
  struct stat info = {};
  (void)stat(programs.binary.c_str(), &info);
  const std::string key = fmt::format("{} {} {} {} {}", programs.binary, info.st_size,
                                      info.st_mtim.tv_sec, kTemplateVersion, user_statements());
  return fmt::format("{}-{:08x}", flavor == Flavor::kMysql ? "mysql" : "mariadb",
                     crc32c(as_bytes(key)));
}

Status give_away(const std::string& folder) {
  const auto owner = unprivileged_user();
  if (!owner.has_value()) return {};
  TW_TRY(run_command({"chown", "-R", fmt::format("{}:{}", owner->user, owner->group), folder}));
  return {};
}

std::vector<std::string> joined(std::vector<std::string> first,
                                const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Status make_mysql(const MysqlPrograms& programs, const std::string& folder,
                  const std::string& data) {
  std::ofstream(folder + "/init.sql") << user_statements();
  TW_TRY(give_away(folder));
  std::vector<std::string> command =
      joined(programs.server, {"--no-defaults", "--initialize-insecure"});
  command = joined(command, programs.fixed);
  command = joined(command, {"--datadir=" + data, "--init-file=" + folder + "/init.sql",
                             "--skip-log-bin", "--innodb-redo-log-capacity=8M"});
  TW_TRY(run_command(command, {}, unprivileged_user()));
  // A server's identity: each copy makes its own.
  fs::remove(data + "/auto.cnf");
  return {};
}

// What mariadb-install-db does, which knows no root folders: the system tables, from their files.
Status make_mariadb_in_root(const MysqlPrograms& programs, const std::string& folder,
                            const std::string& data) {
  std::ofstream sql(folder + "/init.sql");
  sql << "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n";
  for (const char* file : {"mariadb_system_tables.sql", "mariadb_performance_tables.sql",
                           "mariadb_system_tables_data.sql", "maria_add_gis_sp_bootstrap.sql",
                           "mariadb_sys_schema.sql"}) {
    sql << std::ifstream(programs.root + kMariadbShare + "/" + file).rdbuf() << "\n";
  }
  sql << "FLUSH PRIVILEGES;\n" << user_statements();
  sql.close();
  fs::create_directory(data);
  TW_TRY(give_away(folder));
  std::vector<std::string> command = joined(programs.server, {"--no-defaults"});
  command = joined(command, programs.fixed);
  command = joined(command, {"--datadir=" + data, "--innodb-log-file-size=8M", "--bootstrap",
                             "--max-allowed-packet=8M"});
  TW_TRY(run_command(command, folder + "/init.sql", unprivileged_user()));
  return {};
}

Status make_mariadb(const MysqlPrograms& programs, const std::string& folder,
                    const std::string& data) {
  if (!programs.root.empty()) return make_mariadb_in_root(programs, folder, data);
  const std::vector<std::string> common = {"--no-defaults", "--datadir=" + data,
                                           "--innodb-log-file-size=8M"};
  TW_TRY(give_away(folder));
  std::vector<std::string> install = joined({"mariadb-install-db"}, common);
  install = joined(install, {"--auth-root-authentication-method=normal", "--skip-test-db"});
  TW_TRY(run_command(install, {}, unprivileged_user()));
  std::ofstream(folder + "/init.sql") << "FLUSH PRIVILEGES;\n" << user_statements();
  TW_TRY(run_command(joined(joined(programs.server, common), {"--bootstrap"}), folder + "/init.sql",
                     unprivileged_user()));
  return {};
}

Status make_template(Flavor flavor, const MysqlPrograms& programs, const std::string& target) {
  const TempFolder folder("tailwater-template");
  if (chmod(folder.path().c_str(), 0755) != 0)
    return fail(ErrorKind::kIo, "cannot chmod " + folder.path());
  const std::string data = folder.file("data");
  TW_TRY(flavor == Flavor::kMysql ? make_mysql(programs, folder.path(), data)
                                  : make_mariadb(programs, folder.path(), data));
  TW_TRY(run_command({"cp", "-a", "--reflink=auto", data, target + ".partial"}));
  fs::rename(target + ".partial", target);
  return {};
}

// Returns the template's folder; one process makes it, others wait.
Result<std::string> ready_template(Flavor flavor, const MysqlPrograms& programs) {
  const std::string cache = cache_folder();
  std::error_code ignored;
  fs::create_directories(cache, ignored);
  const std::string target = cache + "/" + template_name(flavor, programs);
  const int lock = open((target + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (lock < 0 || flock(lock, LOCK_EX) != 0) return fail(ErrorKind::kIo, "cannot lock " + target);
  Status made;
  if (!fs::exists(target)) {
    fs::remove_all(target + ".partial", ignored);
    made = make_template(flavor, programs, target);
  }
  close(lock);
  TW_TRY(made);
  return target;
}

}  // namespace

std::vector<std::string> MysqlPrograms::tool(const std::string& name) const {
  if (root.empty()) return {name};
  std::error_code ignored;
  const std::string loader =
      root + (fs::exists(root + kMysqlLoader, ignored) ? kMysqlLoader : kMysqlLoaderArm);
  std::string libraries;
  for (const char* machine : {"x86_64-linux-gnu", "aarch64-linux-gnu"}) {
    libraries += fmt::format("{0}/usr/lib/{1}:{0}/lib/{1}:", root, machine);
  }
  libraries += root + "/usr/lib/mysql/private";
  return {loader, "--library-path", libraries, root + "/usr/bin/" + name};
}

Result<MysqlPrograms> find_mysql_programs(Flavor flavor) {
  return flavor == Flavor::kMysql ? find_mysql() : find_mariadb();
}

Status copy_mysql_template(Flavor flavor, const MysqlPrograms& programs,
                           const std::string& folder) {
  TW_ASSIGN(const std::string made, ready_template(flavor, programs));
  TW_TRY(run_command({"cp", "-a", "--reflink=auto", made, folder + "/data"}));
  return {};
}

}  // namespace tailwater::test
