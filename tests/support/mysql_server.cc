#include "support/mysql_server.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

namespace tailwater::test {
namespace {

using mysql::Connection;
using mysql::Endpoint;
using mysql::Flavor;

constexpr int kStartTimeoutMs = 60'000;
constexpr int kStopTimeoutMs = 60'000;
constexpr int kStartAttempts = 3;

void add_flavor_arguments(std::vector<std::string>& command, const MysqlServerOptions& options) {
  if (options.flavor == Flavor::kMysql) {
    command.insert(command.end(), {"--mysqlx=OFF", "--innodb-redo-log-capacity=64M"});
    if (options.gtid)
      command.insert(command.end(), {"--gtid-mode=ON", "--enforce-gtid-consistency=ON"});
    if (!options.gtid) command.emplace_back("--gtid-mode=OFF");
    return;
  }
  command.insert(command.end(), {"--innodb-log-file-size=64M", "--skip-name-resolve",
                                 "--plugin-maturity=unknown"});
}

void add_binlog_arguments(std::vector<std::string>& command, const MysqlServerOptions& options) {
  if (!options.log_bin) {
    command.emplace_back("--skip-log-bin");
    return;
  }
  command.insert(command.end(), {"--log-bin=binlog", "--binlog-format=ROW"});
  if (!options.row_metadata.empty())
    command.push_back("--binlog-row-metadata=" + options.row_metadata);
  if (!options.row_image.empty()) command.push_back("--binlog-row-image=" + options.row_image);
}

void add_tls_arguments(std::vector<std::string>& command, const MysqlServerOptions& options) {
  if (options.tls_folder.empty()) return;
  for (const char* name : {"ca", "cert", "key"}) {
    const char* file = *name == 'c' && name[1] == 'a' ? "ca.pem"
                       : *name == 'c'                 ? "server-cert.pem"
                                                      : "server-key.pem";
    command.push_back(fmt::format("--ssl-{}={}/{}", name, options.tls_folder, file));
  }
}

bool all_threads_stopped(pid_t pid) {
  for (const auto& thread :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid))) {
    std::ifstream file(thread.path() / "stat");
    std::string text;
    std::getline(file, text);
    // The state follows the program's name, which stands in parentheses.
    const size_t name_end = text.rfind(')');
    if (name_end != std::string::npos && text.substr(name_end, 3) != ") T") return false;
  }
  return true;
}

}  // namespace

uint16_t find_free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  uint16_t port = 0;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  close(fd);
  return port;
}

Result<std::unique_ptr<MysqlServer>> MysqlServer::start(const MysqlServerOptions& options) {
  std::unique_ptr<MysqlServer> server(new MysqlServer(options));
  TW_ASSIGN(server->programs_, find_mysql_programs(options.flavor));
  if (!options.binary.empty()) server->programs_.server.back() = options.binary;
  server->folder_ = std::make_unique<TempFolder>("tailwater-server");
  if (chmod(server->folder_->path().c_str(), 0755) != 0)
    return fail(ErrorKind::kIo, "cannot chmod");
  TW_TRY(copy_mysql_template(options.flavor, server->programs_, server->folder_->path()));
  server->socket_ = server->folder_->file("data/s.sock");
  Status ready;
  for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
    server->port_ = find_free_port();
    ready = server->launch();
    if (ready.has_value()) return server;
  }
  return fail(std::move(ready).error());
}

MysqlServer::~MysqlServer() = default;

std::vector<std::string> MysqlServer::command() const {
  std::vector<std::string> command = programs_.server;
  command.emplace_back("--no-defaults");
  command.insert(command.end(), programs_.fixed.begin(), programs_.fixed.end());
  const std::string data = data_folder();
  command.insert(
      command.end(),
      {"--datadir=" + data, "--socket=" + socket_, "--pid-file=" + data + "/server.pid",
       "--tmpdir=" + data, fmt::format("--port={}", port_), "--bind-address=127.0.0.1",
       fmt::format("--server-id={}", options_.server_id), "--character-set-server=utf8mb4",
       "--max-allowed-packet=" + options_.max_allowed_packet, "--skip-performance-schema",
       "--innodb-buffer-pool-size=64M", "--innodb-doublewrite=0"});
  if (!options_.durable) {
    command.insert(command.end(), {"--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0"});
  }
  add_flavor_arguments(command, options_);
  add_binlog_arguments(command, options_);
  add_tls_arguments(command, options_);
  command.insert(command.end(), options_.arguments.begin(), options_.arguments.end());
  return command;
}

Status MysqlServer::launch() {
  ChildOptions child;
  child.command = command();
  child.output_file = folder_->file("server.log");
  child.run_as = unprivileged_user();
  child.remove_folder = folder_->path();
  process_.reset();
  TW_ASSIGN(process_, ChildProcess::start(child));
  return wait_until_ready();
}

Status MysqlServer::wait_until_ready() {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(kStartTimeoutMs);
  while (std::chrono::steady_clock::now() < deadline) {
    if (!process_->running()) {
      return fail(ErrorKind::kRetry, "the server ended while it started: " + log_tail());
    }
    if (access(socket_.c_str(), F_OK) == 0 && connect().has_value()) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return fail(ErrorKind::kRetry, "the server does not answer: " + log_tail());
}

Status MysqlServer::stop() {
  process_->signal(SIGCONT);
  process_->signal(SIGTERM);
  if (!process_->wait(kStopTimeoutMs).has_value()) {
    return fail(ErrorKind::kRetry, "the server does not stop: " + log_tail());
  }
  return {};
}

void MysqlServer::pause() const {
  process_->signal(SIGSTOP);
  // A thread that runs on another processor stops a little later.
  while (!all_threads_stopped(process_->pid())) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void MysqlServer::kill9() {
  process_->kill();
}

Status MysqlServer::start_again() {
  // A killed server leaves its socket's file behind; it must not count as an answer.
  unlink(socket_.c_str());
  return launch();
}

Status MysqlServer::restart() {
  TW_TRY(stop());
  return start_again();
}

std::string MysqlServer::log_tail() const {
  constexpr size_t kTailBytes = 4000;
  const std::string text = read_file(FileSystem::posix(), folder_->file("server.log")).value_or("");
  return text.size() <= kTailBytes ? text : text.substr(text.size() - kTailBytes);
}

Endpoint MysqlServer::tcp() const {
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = port_;
  endpoint.user = kServerUser;
  endpoint.password = kServerPassword;
  endpoint.tls = mysql::TlsMode::kDisabled;
  return endpoint;
}

Endpoint MysqlServer::local() const {
  Endpoint endpoint = tcp();
  endpoint.host = "localhost";
  endpoint.socket = socket_;
  return endpoint;
}

std::string MysqlServer::url() const {
  return fmt::format("mysql://{}:{}@127.0.0.1:{}/", kServerUser, kServerPassword, port_);
}

Result<Connection> MysqlServer::connect() const {
  return Connection::open(local());
}

Status MysqlServer::run(const std::vector<std::string>& statements) const {
  TW_ASSIGN(Connection connection, connect());
  for (const std::string& statement : statements) {
    if (auto done = connection.execute(statement); !done.has_value()) {
      return fail(std::move(done).error().in(statement.substr(0, 200)));
    }
  }
  return {};
}

std::string MysqlServer::value(const std::string& sql) const {
  auto connection = connect();
  if (!connection.has_value()) return {};
  auto found = connection->scalar(sql);
  return found.has_value() ? found->value_or("") : std::string();
}

Status MysqlServer::replicate_from(const MysqlServer& source) const {
  if (flavor() == Flavor::kMysql) {
    return run({"STOP REPLICA",
                fmt::format("CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={}, "
                            "SOURCE_USER='{}', SOURCE_PASSWORD='{}', SOURCE_AUTO_POSITION=1, "
                            "GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1",
                            source.port(), kServerUser, kServerPassword),
                "START REPLICA"});
  }
  // Also what it committed itself counts, for a server that was a source.
  return run({"STOP SLAVE", "SET GLOBAL gtid_slave_pos = @@gtid_current_pos",
              fmt::format("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={}, "
                          "MASTER_USER='{}', MASTER_PASSWORD='{}', MASTER_USE_GTID=slave_pos, "
                          "MASTER_CONNECT_RETRY=1",
                          source.port(), kServerUser, kServerPassword),
              "START SLAVE"});
}

Status MysqlServer::wait_for(const MysqlServer& source) const {
  const bool is_mysql = flavor() == Flavor::kMysql;
  std::string gtids =
      source.value(is_mysql ? "SELECT @@gtid_executed" : "SELECT @@gtid_binlog_pos");
  std::erase(gtids, '\n');
  const std::string waited = value(fmt::format(
      "SELECT {}('{}', 30)", is_mysql ? "WAIT_FOR_EXECUTED_GTID_SET" : "MASTER_GTID_WAIT", gtids));
  if (waited == "0") return {};
  return fail(ErrorKind::kRetry, "the replica does not catch up: " + log_tail());
}

Status MysqlServer::promote() const {
  if (flavor() == Flavor::kMysql) return run({"STOP REPLICA", "RESET REPLICA ALL"});
  return run({"STOP SLAVE", "RESET SLAVE ALL"});
}

std::string SharedServer::missing(Flavor flavor) {
  const auto programs = find_mysql_programs(flavor);
  return programs.has_value() ? std::string() : programs.error().describe();
}

MysqlServer& SharedServer::get(Flavor flavor) {
  static std::array<std::unique_ptr<MysqlServer>, 2> servers;
  auto& slot = servers[static_cast<size_t>(flavor)];
  if (slot == nullptr) {
    auto started = MysqlServer::start({.flavor = flavor});
    if (!started.has_value()) {
      std::fprintf(stderr, "%s\n", started.error().describe().c_str());
      std::abort();
    }
    slot = std::move(*started);
  }
  return *slot;
}

}  // namespace tailwater::test
