// Real MySQL and MariaDB servers for tests and benchmarks: private, on a free port and a socket in
// a temporary folder, gone without a trace when their object goes or their process dies.
#pragma once

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "db/mysql/connection.h"
#include "support/child_process.h"
#include "support/mysql_template.h"
#include "support/temp_folder.h"

namespace tailwater::test {

struct MysqlServerOptions {
  mysql::Flavor flavor = mysql::Flavor::kMariadb;
  bool log_bin = true;
  uint32_t server_id = 1;
  bool gtid = true;                   ///< MySQL's gtid_mode; MariaDB always has GTIDs
  std::string row_metadata = "FULL";  ///< empty: the server's default
  std::string row_image = {};         ///< empty: the server's default, FULL
  std::string max_allowed_packet = "1G";
  std::string tls_folder = {};  ///< of TestCertificates; empty: MariaDB has no TLS, MySQL its own
  std::string binary = {};      ///< a copy of the server's program to run in its place
  bool durable = false;         ///< sync at commit; off, as the page cache survives kill -9
  std::vector<std::string> arguments = {};  ///< more of the server's command line; these win
};

class MysqlServer {
 public:
  /// Starts a server and waits until it answers. kNotFound when it is not installed here.
  static Result<std::unique_ptr<MysqlServer>> start(const MysqlServerOptions& options);
  ~MysqlServer();

  /// Ends it in good order, or at once, and starts it again with the same data, port and socket.
  Status restart();
  Status stop();
  void kill9();
  Status start_again();
  /// Freezes the process, all its threads, and lets it go on.
  void pause() const;
  void unpause() const { process_->signal(SIGCONT); }

  /// Replicates from another one by GTID, from its beginning or where it was; waits until it has
  /// all that the other has now; takes no more changes from anywhere.
  Status replicate_from(const MysqlServer& source) const;
  Status wait_for(const MysqlServer& source) const;
  Status promote() const;

  [[nodiscard]] mysql::Flavor flavor() const { return options_.flavor; }
  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& socket() const { return socket_; }
  [[nodiscard]] std::string data_folder() const { return folder_->file("data"); }
  [[nodiscard]] const MysqlPrograms& programs() const { return programs_; }
  [[nodiscard]] pid_t pid() const { return process_->pid(); }
  /// The end of the server's error log.
  [[nodiscard]] std::string log_tail() const;

  /// The endpoint of the all-powerful user over TCP, without TLS, or over the unix socket.
  [[nodiscard]] mysql::Endpoint tcp() const;
  [[nodiscard]] mysql::Endpoint local() const;
  [[nodiscard]] std::string url() const;

  /// A new connection of that user over the socket.
  [[nodiscard]] Result<mysql::Connection> connect() const;
  /// Runs statements on one connection of its own, stops at the first that fails.
  Status run(const std::vector<std::string>& statements) const;
  /// The first value of a query; an error or NULL gives "".
  [[nodiscard]] std::string value(const std::string& sql) const;

 private:
  explicit MysqlServer(MysqlServerOptions options) : options_(std::move(options)) {}
  [[nodiscard]] std::vector<std::string> command() const;
  Status launch();
  Status wait_until_ready();

  MysqlServerOptions options_;
  MysqlPrograms programs_;
  std::unique_ptr<TempFolder> folder_;
  std::unique_ptr<ChildProcess> process_;
  std::string socket_;
  uint16_t port_ = 0;
};

/// One server per flavor that all tests of a process share; started on first use, with the default
/// options. Tests in it use databases of their own and leave global settings as they were.
class SharedServer {
 public:
  /// Why there is no such server here; empty when there is one.
  static std::string missing(mysql::Flavor flavor);
  /// Ends the process with the server's log if it does not start.
  static MysqlServer& get(mysql::Flavor flavor);
};

/// A TCP port that was free a moment ago.
uint16_t find_free_port();

}  // namespace tailwater::test

/// Skips the test, with the reason, where there is no server of this flavor.
#define TW_NEED_SERVER(flavor)                                                           \
  do {                                                                                   \
    if (const std::string tw_missing = ::tailwater::test::SharedServer::missing(flavor); \
        !tw_missing.empty()) {                                                           \
      GTEST_SKIP() << tw_missing;                                                        \
    }                                                                                    \
  } while (false)
