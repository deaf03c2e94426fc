// A source goes on at another server: replicas that are promoted, that lag, that lost transactions,
// that have some of their own.
#include <array>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/text.h"
#include "integration/captured.h"
#include "pipeline/running_source.h"
#include "support/temp_folder.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using pipeline::RunningSource;
using pipeline::SourceConfig;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kWaitMaxUs = 30'000'000;
constexpr int64_t kFailoverTimeoutUs = 1'500'000;
constexpr int kErrantNumber = 1'000'000;

bool wait_until(const std::function<bool()>& condition) {
  const int64_t until_us = Clock::system().steady_us() + kWaitMaxUs;
  while (!condition()) {
    if (Clock::system().steady_us() > until_us) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

std::vector<int> numbers(const Captured& captured) {
  std::vector<int> found;
  for (const CapturedTransaction& transaction : captured) {
    for (const CapturedChange& change : transaction.rows) {
      if (change.op == Op::kInsert) found.push_back(std::atoi(change.after[0].text.c_str()));
    }
  }
  return found;
}

// A primary and two replicas.
class FailoverTest : public ::testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    std::jthread starting([this] { servers_[1] = start_server(1); });
    servers_[0] = start_server(0);
    starting.join();
    for (size_t i = 0; i < 2; ++i) ASSERT_NE(servers_[i], nullptr);
    run(primary(), {"CREATE DATABASE con", "CREATE TABLE con.t (n INT PRIMARY KEY)"});
    ASSERT_TRUE(first().replicate_from(primary()).has_value());
    expect_caught_up(first(), primary());
    start_ = binlog_end(primary());
  }
  // Few tests need two replicas.
  void add_second() {
    servers_[2] = start_server(2);
    ASSERT_NE(servers_[2], nullptr);
    ASSERT_TRUE(second().replicate_from(primary()).has_value());
    expect_caught_up(second(), primary());
  }

  static std::unique_ptr<MysqlServer> start_server(size_t index,
                                                   const std::vector<std::string>& more = {}) {
    MysqlServerOptions options;
    options.flavor = GetParam();
    options.server_id = static_cast<uint32_t>(index + 1);
    options.arguments = {"--relay-log=relay"};
    if (GetParam() == Flavor::kMariadb) options.arguments.emplace_back("--log-slave-updates");
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    auto started = MysqlServer::start(options);
    EXPECT_TRUE(started.has_value()) << started.error().describe();
    return started.has_value() ? std::move(*started) : nullptr;
  }
  [[nodiscard]] MysqlServer& primary() const { return *servers_[0]; }
  [[nodiscard]] MysqlServer& first() const { return *servers_[1]; }
  [[nodiscard]] MysqlServer& second() const { return *servers_[2]; }
  static bool is_mysql() { return GetParam() == Flavor::kMysql; }

  static void run(const MysqlServer& server, const std::vector<std::string>& statements) {
    const Status ran = server.run(statements);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }
  static void expect_caught_up(const MysqlServer& replica, const MysqlServer& source) {
    const Status caught_up = replica.wait_for(source);
    EXPECT_TRUE(caught_up.has_value()) << caught_up.error().describe();
  }
  // The next numbers, a transaction each.
  void insert(const MysqlServer& server, int count, const std::string& before = {}) {
    std::vector<std::string> statements;
    if (!before.empty()) statements.push_back(before);
    for (int i = 0; i < count; ++i) {
      statements.push_back(fmt::format("INSERT INTO con.t VALUES ({})", next_++));
    }
    run(server, statements);
  }
  // Numbers that servers give to transactions need not be dense.
  void leave_gaps(const MysqlServer& server) {
    if (is_mysql()) {
      run(server, {"SET GTID_NEXT = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa:7'", "BEGIN", "COMMIT",
                   "SET GTID_NEXT = 'AUTOMATIC'"});
      const std::string uuid = server.value("SELECT @@server_uuid");
      run(server, {fmt::format("SET GTID_NEXT = '{}:1000'", uuid), "BEGIN", "COMMIT",
                   "SET GTID_NEXT = 'AUTOMATIC'"});
    } else {
      insert(server, 1, "SET gtid_seq_no = 1000");
      insert(server, 3, "SET gtid_domain_id = 5");
    }
  }
  [[nodiscard]] SourceConfig config(const std::vector<const MysqlServer*>& servers,
                                    const std::string& until = "now",
                                    const std::string& dead_host = {}) const {
    SourceConfig config = capture_config(*servers.front(), start_, until);
    std::string hosts = dead_host;
    for (const MysqlServer* server : servers) {
      hosts += fmt::format("{}127.0.0.1:{}", hosts.empty() ? "" : ",", server->port());
    }
    config.url = fmt::format("mysql://{}:{}@{}/", kServerUser, kServerPassword, hosts);
    config.table_include = {"con\\.t"};
    config.heartbeat_interval_us = 200'000;
    config.deadline_us = 2'000'000;
    config.skip_operations = {"ddl"};
    config.failover_timeout_us = kFailoverTimeoutUs;
    return config;
  }
  std::unique_ptr<RunningSource> start(const SourceConfig& config) {
    auto running = RunningSource::open(config, log(), /*fail_fast=*/true);
    EXPECT_TRUE(running.has_value()) << running.error().describe();
    if (!running.has_value()) return nullptr;
    (*running)->start();
    return std::move(*running);
  }
  [[nodiscard]] std::string log() const { return folder_.file("log"); }
  void read_all_of(const MysqlServer& server) {
    const auto captured = capture(config({&server}), log());
    ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  }
  // The error that a server is refused with; "" when it is not.
  std::string refusal(const MysqlServer& server) {
    const auto captured = capture(config({&server}), log());
    if (captured.has_value()) return {};
    EXPECT_EQ(captured.error().kind, ErrorKind::kResync);
    EXPECT_NE(captured.error().hint, "");
    return captured.error().describe();
  }
  bool has_all(const RunningSource& source) {
    const bool has = wait_until([&] {
      const auto captured = read_changelog(log());
      return source.ended() ||
             (captured.has_value() && numbers(*captured).size() == static_cast<size_t>(next_ - 1));
    });
    EXPECT_TRUE(source.result().has_value()) << source.result().error().describe();
    EXPECT_TRUE(has) << source.status().source.last_error;
    return has;
  }
  // Every number once, in order; offsets without a gap; no transaction, and so no event id, twice.
  void expect_all() {
    const auto captured = read_changelog(log());
    ASSERT_TRUE(captured.has_value()) << captured.error().describe();
    std::vector<int> wanted;
    for (int i = 1; i < next_; ++i) wanted.push_back(i);
    EXPECT_EQ(numbers(*captured), wanted);
    std::set<std::string> gtids;
    uint64_t offset = 0;
    for (const CapturedTransaction& transaction : *captured) {
      EXPECT_TRUE(gtids.insert(transaction.gtid).second) << transaction.gtid << " came twice";
      for (const CapturedChange& change : transaction.rows) EXPECT_EQ(change.offset, offset++);
    }
  }
  // A transaction that the server commits while it replicates; its GTID.
  std::string commit_errant(const MysqlServer& server, const std::string& before = "DO 0") {
    auto connection = server.connect();
    EXPECT_TRUE(connection.has_value());
    EXPECT_TRUE(connection->execute(before).has_value());
    EXPECT_TRUE(
        connection->execute(fmt::format("INSERT INTO con.t VALUES ({})", kErrantNumber + errant_++))
            .has_value());
    if (!is_mysql()) return connection->scalar("SELECT @@last_gtid")->value_or("");
    return fmt::format("{}:{}", server.value("SELECT @@server_uuid"), errant_);
  }

  std::array<std::unique_ptr<MysqlServer>, 3> servers_;
  TempFolder folder_{"tailwater-failover"};
  std::string start_;
  int next_ = 1;
  int errant_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Servers, FailoverTest, ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

TEST_P(FailoverTest, GoesFromOneToTheNextAndBack) {
  add_second();
  auto source = start(config({&primary(), &first(), &second()}, "", "127.0.0.1:1"));
  ASSERT_NE(source, nullptr);
  insert(primary(), 20);
  leave_gaps(primary());
  insert(primary(), 20);
  for (const auto* replica : {&first(), &second()}) expect_caught_up(*replica, primary());
  ASSERT_TRUE(has_all(*source));
  const Position before = source->status().source.position;
  primary().kill9();
  ASSERT_TRUE(first().promote().has_value());
  ASSERT_TRUE(second().replicate_from(first()).has_value());
  insert(first(), 20);
  leave_gaps(first());
  ASSERT_TRUE(has_all(*source));
  EXPECT_THAT(source->status().source.server, HasSubstr(std::to_string(first().port())));
  EXPECT_NE(source->status().source.position.server, before.server);
  insert(first(), 20);
  ASSERT_TRUE(has_all(*source));
  expect_caught_up(second(), first());

  first().kill9();
  ASSERT_TRUE(second().promote().has_value());
  insert(second(), 20);
  ASSERT_TRUE(has_all(*source));
  EXPECT_THAT(source->status().source.server, HasSubstr(std::to_string(second().port())));

  // Back to a server that was read before.
  ASSERT_TRUE(first().start_again().has_value());
  ASSERT_TRUE(first().replicate_from(second()).has_value());
  expect_caught_up(first(), second());
  second().kill9();
  ASSERT_TRUE(first().promote().has_value());
  insert(first(), 20);
  ASSERT_TRUE(has_all(*source));
  EXPECT_THAT(source->status().source.server, HasSubstr(std::to_string(first().port())));
  ASSERT_TRUE(source->stop().has_value());
  expect_all();
}

TEST_P(FailoverTest, ReplicaThatLagsIsWaitedFor) {
  add_second();
  insert(primary(), 5);
  expect_caught_up(first(), primary());
  run(first(), {is_mysql() ? "STOP REPLICA SQL_THREAD" : "STOP SLAVE SQL_THREAD"});
  insert(primary(), 5);
  read_all_of(primary());
  auto source = start(config({&first()}, ""));
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_until([&] {
    return source->ended() ||
           source->status().source.last_error.find("it lacks") != std::string::npos;
  }));
  // Longer than other trouble is waited for.
  std::this_thread::sleep_for(std::chrono::microseconds(kFailoverTimeoutUs + 500'000));
  EXPECT_FALSE(source->ended());
  EXPECT_FALSE(source->status().healthy);
  // Another host that has all is taken.
  ASSERT_TRUE(source->stop().has_value());
  expect_caught_up(second(), primary());
  source = start(config({&first(), &second()}, ""));
  ASSERT_NE(source, nullptr);
  insert(primary(), 5);
  ASSERT_TRUE(has_all(*source));
  EXPECT_THAT(source->status().source.server, HasSubstr(std::to_string(second().port())));
  ASSERT_TRUE(source->stop().has_value());
  // The first one, once it goes on.
  source = start(config({&first()}, ""));
  ASSERT_NE(source, nullptr);
  run(first(), {is_mysql() ? "START REPLICA SQL_THREAD" : "START SLAVE SQL_THREAD"});
  insert(primary(), 5);
  ASSERT_TRUE(has_all(*source));
  ASSERT_TRUE(source->stop().has_value());
  expect_all();
}

// What a replica lacks may come while replication is only stopped, and not when it is promoted.
TEST_P(FailoverTest, LostTransactionsAreNamedAndRefused) {
  insert(primary(), 5);
  expect_caught_up(first(), primary());
  run(first(), {is_mysql() ? "STOP REPLICA" : "STOP SLAVE"});
  insert(primary(), 1);
  read_all_of(primary());
  const std::string gtid = is_mysql() ? primary().value("SELECT @@server_uuid")
                                      : primary().value("SELECT @@gtid_binlog_pos");
  int64_t before_us = Clock::system().steady_us();
  EXPECT_THAT(refusal(first()), AllOf(HasSubstr("lacks transactions"), HasSubstr(gtid)));
  EXPECT_GE(Clock::system().steady_us() - before_us, kFailoverTimeoutUs);
  ASSERT_TRUE(first().promote().has_value());
  insert(first(), 3);
  before_us = Clock::system().steady_us();
  EXPECT_THAT(refusal(first()), AllOf(HasSubstr("lacks transactions"), HasSubstr(gtid)));
  EXPECT_LT(Clock::system().steady_us() - before_us, kFailoverTimeoutUs);
}

TEST_P(FailoverTest, ErrantTransactionsAreRefusedUntilTheRemedy) {
  insert(primary(), 5);
  expect_caught_up(first(), primary());
  const std::string errant = commit_errant(first());
  insert(primary(), 5);
  expect_caught_up(first(), primary());
  read_all_of(primary());
  const std::string refused = refusal(first());
  EXPECT_THAT(refused, AllOf(HasSubstr("errant"), HasSubstr(errant), HasSubstr("on_errant")));
  if (is_mysql()) {
    const size_t at = refused.find("SET GTID_NEXT");
    ASSERT_NE(at, std::string::npos) << refused;
    std::vector<std::string> statements;
    for (const std::string_view statement : split(std::string_view(refused).substr(at), ';')) {
      if (!trim(statement).empty()) statements.emplace_back(trim(statement));
    }
    run(primary(), statements);
    read_all_of(primary());
    EXPECT_EQ(refusal(first()), "");
    expect_all();
    return;
  }
  SourceConfig accepting = config({&first()});
  accepting.accept_errant = true;
  const auto captured = capture(accepting, log());
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  expect_all();  // what was read already is not read again
}

TEST_P(FailoverTest, AcceptedErrantTransactionsComeAsChanges) {
  insert(primary(), 5);
  expect_caught_up(first(), primary());
  // MariaDB sends them if they are in a domain of their own.
  const std::string errant = commit_errant(first(), is_mysql() ? "DO 0" : "SET gtid_domain_id = 9");
  insert(primary(), 5);
  expect_caught_up(first(), primary());
  read_all_of(primary());
  EXPECT_THAT(refusal(first()), HasSubstr(errant));
  SourceConfig accepting = config({&first()});
  accepting.accept_errant = true;
  const auto captured = capture(accepting, log());
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  const auto whole = read_changelog(log());
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(numbers(*whole), (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, kErrantNumber}));
  EXPECT_EQ(refusal(first()), "");
}

TEST_P(FailoverTest, PurgedAndUnloggedTransactionsAreRefused) {
  insert(primary(), 5);
  read_all_of(primary());
  insert(primary(), 5);
  expect_caught_up(first(), primary());
  run(first(), {"FLUSH BINARY LOGS"});
  const std::string end = binlog_end(first());
  const std::string newest = end.substr(0, end.find(':'));
  EXPECT_TRUE(wait_until([&] {
    run(first(), {"PURGE BINARY LOGS TO '" + newest + "'"});
    return first().value("SHOW BINARY LOGS") == newest;
  }));
  insert(primary(), 1);
  EXPECT_THAT(refusal(first()), HasSubstr("purged transactions that were not read yet: "));
  const auto silent =
      start_server(3, {is_mysql() ? "--log-replica-updates=OFF" : "--skip-log-slave-updates"});
  ASSERT_NE(silent, nullptr);
  ASSERT_TRUE(silent->replicate_from(primary()).has_value());
  const auto captured = capture(config({silent.get()}), log());
  ASSERT_FALSE(captured.has_value());
  EXPECT_EQ(captured.error().kind, ErrorKind::kUserFix);
  EXPECT_THAT(captured.error().describe(), HasSubstr("log_replica_updates"));
}

}  // namespace
}  // namespace tailwater::test
