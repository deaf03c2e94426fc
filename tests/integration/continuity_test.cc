// Streams that are cut, killed, stalled and taken up again: nothing is lost, nothing comes twice.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "integration/captured.h"
#include "integration/program.h"
#include "pipeline/running_source.h"
#include "support/fault_proxy.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using pipeline::RunningSource;
using pipeline::SourceConfig;
using std::chrono::milliseconds;

constexpr int kWaitMs = 20'000;

template <typename Condition>
bool wait_until(const Condition& condition, milliseconds pause = milliseconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(kWaitMs);
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(pause);
  }
  return false;
}

// The numbers inserted into con.t, in the order of the stream.
std::vector<int> numbers(const Captured& captured) {
  std::vector<int> found;
  for (const CapturedTransaction& transaction : captured) {
    for (const CapturedChange& change : transaction.rows) {
      if (change.op == Op::kInsert && change.schema->full_name() == "con.t") {
        found.push_back(std::atoi(change.after[0].text.c_str()));
      }
    }
  }
  return found;
}

std::vector<int> from_to(int first, int last) {
  std::vector<int> all;
  for (int i = first; i <= last; ++i) all.push_back(i);
  return all;
}

class ContinuityTest : public ::testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    use(SharedServer::get(GetParam()));
  }
  static void TearDownTestSuite() {
    for (auto& server : own_) server.reset();
  }

  // A second server, which a test may stop and purge.
  static MysqlServer& own_server() {
    auto& slot = own_[static_cast<size_t>(GetParam())];
    if (slot == nullptr) {
      MysqlServerOptions options;
      options.flavor = GetParam();
      options.server_id = 7;
      options.gtid = false;
      auto started = MysqlServer::start(options);
      EXPECT_TRUE(started.has_value()) << started.error().describe();
      slot = std::move(*started);
    }
    return *slot;
  }

  // Makes the table anew; the stream starts after that.
  void use(MysqlServer& server) {
    server_ = &server;
    next_ = 1;
    const Status made = server.run({"DROP DATABASE IF EXISTS con", "CREATE DATABASE con",
                                    "CREATE TABLE con.t (n INT PRIMARY KEY, v VARCHAR(20))"});
    ASSERT_TRUE(made.has_value()) << made.error().describe();
    start_ = binlog_end(server);
  }

  // The next `count` numbers, a transaction each.
  void insert(int count) {
    std::vector<std::string> statements;
    for (int i = 0; i < count; ++i) {
      statements.push_back(fmt::format("INSERT INTO con.t VALUES ({}, 'x')", next_++));
    }
    const Status ran = server_->run(statements);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }

  [[nodiscard]] SourceConfig config(const std::string& until = "now") const {
    SourceConfig config = capture_config(*server_, start_, until);
    config.heartbeat_interval_us = 200'000;
    config.deadline_us = 1'000'000;
    return config;
  }
  [[nodiscard]] std::string log() const { return folder_.file("log"); }
  std::unique_ptr<RunningSource> start(const SourceConfig& config) {
    auto running = RunningSource::open(config, log(), /*fail_fast=*/true);
    EXPECT_TRUE(running.has_value()) << running.error().describe();
    if (!running.has_value()) return nullptr;
    (*running)->start();
    return std::move(*running);
  }
  bool has_all() {
    return wait_until([&] {
      const auto captured = read_changelog(log());
      return captured.has_value() && numbers(*captured).size() == static_cast<size_t>(next_ - 1);
    });
  }
  void expect_all() {
    const auto captured = read_changelog(log());
    ASSERT_TRUE(captured.has_value()) << captured.error().describe();
    EXPECT_EQ(broken_promise(*captured), "");
    EXPECT_EQ(numbers(*captured), from_to(1, next_ - 1));
  }
  // The kind of error that ends a stream; its text goes to `message_`.
  std::optional<ErrorKind> error_of(const SourceConfig& config) {
    const auto captured = capture(config, log());
    if (captured.has_value()) return std::nullopt;
    message_ = captured.error().describe();
    EXPECT_TRUE(captured.error().kind != ErrorKind::kResync || !captured.error().hint.empty())
        << message_;
    EXPECT_EQ(message_.find("secret"), std::string::npos);
    return captured.error().kind;
  }

  // NOLINTNEXTLINE(readability-identifier-naming)
  static inline std::array<std::unique_ptr<MysqlServer>, 2> own_;
  TempFolder folder_{"tailwater-continuity"};
  MysqlServer* server_ = nullptr;
  std::string start_;
  std::string message_;
  int next_ = 1;
};

INSTANTIATE_TEST_SUITE_P(Servers, ContinuityTest,
                         ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

// Without GTIDs on MySQL: the position is FILE:POS all the way.
TEST_P(ContinuityTest, RotationRestartAndCrashOfTheServer) {
  use(own_server());
  const auto running = start(config(""));
  ASSERT_NE(running, nullptr);
  insert(20);
  ASSERT_TRUE(server_->run({"FLUSH BINARY LOGS"}).has_value());
  insert(20);
  ASSERT_TRUE(server_->restart().has_value());
  insert(20);
  server_->kill9();
  ASSERT_TRUE(server_->start_again().has_value());
  insert(20);
  EXPECT_TRUE(has_all());
  expect_all();
}

TEST_P(ContinuityTest, PurgedPositionIsRefused) {
  use(own_server());
  insert(3);
  ASSERT_TRUE(capture(config(), log()).has_value());
  insert(3);
  ASSERT_TRUE(server_->run({"FLUSH BINARY LOGS"}).has_value());
  const std::string end = binlog_end(*server_);
  const std::string newest = end.substr(0, end.find(':'));
  // MariaDB keeps files that InnoDB may still need, without a word.
  for (int i = 0; i < 100 && server_->value("SHOW BINARY LOGS") != newest; ++i) {
    ASSERT_TRUE(server_->run({"PURGE BINARY LOGS TO '" + newest + "'"}).has_value());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  ASSERT_EQ(server_->value("SHOW BINARY LOGS"), newest);
  EXPECT_EQ(error_of(config()), ErrorKind::kResync) << message_;
}

// A bounded stream whose end lies behind a file's head, where no transaction is, must end.
TEST_P(ContinuityTest, BoundedStreamEndsBehindTheHeadOfAFile) {
  use(own_server());
  insert(3);
  ASSERT_TRUE(capture(config(), log()).has_value());
  ASSERT_TRUE(server_->run({"FLUSH BINARY LOGS"}).has_value());
  ASSERT_TRUE(capture(config(), log()).has_value());
  ASSERT_TRUE(capture(config(), log()).has_value());
}

TEST_P(ContinuityTest, CutAndStalledNetwork) {
  FaultProxy proxy(server_->port());
  SourceConfig through = config("");
  through.url =
      fmt::format("mysql://{}:{}@127.0.0.1:{}/", kServerUser, kServerPassword, proxy.port());
  const auto running = start(through);
  ASSERT_NE(running, nullptr);
  for (int i = 0; i < 4; ++i) {
    insert(30);
    proxy.cut();
    insert(30);
  }
  proxy.stall(true);
  insert(30);
  // Never dead but green.
  EXPECT_TRUE(wait_until([&] { return !running->status().healthy; }));
  EXPECT_NE(running->status().why_unhealthy, "");
  proxy.stall(false);
  EXPECT_TRUE(wait_until([&] { return running->status().healthy; }))
      << running->status().why_unhealthy;
  insert(30);
  EXPECT_TRUE(has_all());
  expect_all();
  EXPECT_GE(running->status().source.reconnects, 1U);
}

TEST_P(ContinuityTest, KeptChangelogGoesOn) {
  for (MysqlServer* server : {&SharedServer::get(GetParam()), &own_server()}) {
    use(*server);
    const TempFolder folder("tailwater-kept");
    for (int i = 0; i < 3; ++i) {
      insert(10);
      const auto captured = capture(config(), folder.file("log"));
      ASSERT_TRUE(captured.has_value()) << captured.error().describe();
    }
    const auto whole = read_changelog(folder.file("log"));
    ASSERT_TRUE(whole.has_value());
    EXPECT_EQ(broken_promise(*whole), "");
    EXPECT_EQ(numbers(*whole), from_to(1, 30));
  }
}

// A stop is heard while there is always more to read.
TEST_P(ContinuityTest, StopsInTheMiddleOfACatchUp) {
  constexpr int kTransactions = 60;
  std::string rows;
  for (int i = 0; i < 5000; ++i) rows += fmt::format("{}({}, REPEAT('x', 1000))", i ? "," : "", i);
  ASSERT_TRUE(server_->run({"CREATE TABLE con.big (n INT, v TEXT)"}).has_value());
  start_ = binlog_end(*server_);
  for (int i = 0; i < kTransactions; ++i) {
    ASSERT_TRUE(server_->run({"INSERT INTO con.big VALUES " + rows}).has_value());
  }
  const auto running = start(config(""));
  ASSERT_NE(running, nullptr);
  ASSERT_TRUE(wait_until([&] { return running->status().log.transactions > 0; }, milliseconds(1)));
  ASSERT_TRUE(running->stop().has_value());
  const auto captured = read_changelog(log());
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_EQ(broken_promise(*captured), "");
  EXPECT_GE(captured->size(), 1U);
  EXPECT_LT(captured->size(), size_t{kTransactions});
}

// A server that says where its binlog ends may have commits there that are not yet among its
// executed GTIDs: they must not come late, after a restart.
TEST_P(ContinuityTest, StartsNowWhileOthersCommit) {
  constexpr int kWriters = 4;
  constexpr int kRounds = 15;
  std::atomic<bool> writing = true;
  std::vector<std::jthread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      auto connection = server_->connect();
      ASSERT_TRUE(connection.has_value());
      for (int i = 0; writing; ++i) {
        (void)connection->execute(
            fmt::format("INSERT INTO con.t VALUES ({}, 'x')", 1 + w + i * kWriters));
      }
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    const TempFolder folder("tailwater-now");
    for (int part = 0; part < 2; ++part) {
      SourceConfig now = config("");
      now.from = "now";
      auto running = RunningSource::open(now, folder.file("log"), true);
      ASSERT_TRUE(running.has_value()) << running.error().describe();
      (*running)->start();
      ASSERT_TRUE(
          wait_until([&] { return (*running)->status().log.transactions > 3; }, milliseconds(1)));
      ASSERT_TRUE((*running)->stop().has_value());
    }
    const auto captured = read_changelog(folder.file("log"));
    ASSERT_TRUE(captured.has_value()) << captured.error().describe();
    EXPECT_EQ(broken_promise(*captured), "");
  }
  writing = false;
}

// A first run that met no transaction leaves a changelog that a second one goes on with.
TEST_P(ContinuityTest, RunWithoutATransactionIsGoneOnWith) {
  for (int i = 0; i < 2; ++i) {
    const auto captured = capture(config(), log());
    ASSERT_TRUE(captured.has_value()) << captured.error().describe();
    EXPECT_TRUE(captured->empty());
  }
  insert(5);
  ASSERT_TRUE(capture(config(), log()).has_value());
  expect_all();
}

TEST_P(ContinuityTest, EveryStartAndEveryEnd) {
  const std::string gtids = GetParam() == Flavor::kMysql ? "SELECT @@global.gtid_executed"
                                                         : "SELECT @@global.gtid_binlog_pos";
  insert(5);
  const std::string place5 = binlog_end(*server_);
  const std::string gtid5 = "gtid:" + server_->value(gtids);
  std::this_thread::sleep_for(milliseconds(1100));
  const std::string time5 = "@" + server_->value("SELECT UNIX_TIMESTAMP()");
  insert(3);
  const std::string place8 = binlog_end(*server_);
  const std::string gtid8 = "gtid:" + server_->value(gtids);
  insert(2);
  struct Case {
    std::string from;
    std::string until;
    int first;
    int last;
  };
  const std::vector<Case> cases = {
      {"earliest", "now", 1, 10}, {"now", "now", 1, 0},      {place5, "now", 6, 10},
      {gtid5, "now", 6, 10},      {time5, "now", 6, 10},     {place5, place8, 6, 8},
      {gtid5, gtid8, 6, 8},       {"earliest", time5, 1, 5}, {"earliest", place5, 1, 5},
      {"earliest", gtid5, 1, 5},  {place8, place8, 1, 0},    {time5, gtid8, 6, 8}};
  for (const Case& one : cases) {
    SourceConfig bounded = config(one.until);
    bounded.from = one.from;
    bounded.table_include = {"con\\.t"};
    const auto captured = capture(bounded);
    ASSERT_TRUE(captured.has_value()) << one.from << ": " << captured.error().describe();
    std::vector<int> found = numbers(*captured);
    // "earliest" gives those of earlier tests, too.
    const auto wanted = static_cast<size_t>(one.last) - static_cast<size_t>(one.first) + 1;
    if (found.size() > wanted && one.from == "earliest") {
      found.erase(found.begin(), found.end() - static_cast<ptrdiff_t>(wanted));
    }
    EXPECT_EQ(found, from_to(one.first, one.last)) << one.from << " until " << one.until;
  }
}

TEST_P(ContinuityTest, ForeignServerIsRefused) {
  insert(3);
  ASSERT_TRUE(capture(config(), log()).has_value());
  SourceConfig other = config();
  other.url = own_server().url();
  EXPECT_EQ(error_of(other), ErrorKind::kResync) << message_;
}

TEST_P(ContinuityTest, PlaceThatIsNoBoundaryIsRefused) {
  insert(3);
  const auto captured = capture(config());
  ASSERT_TRUE(captured.has_value());
  ASSERT_EQ(captured->size(), 3U);
  const CapturedTransaction& second = (*captured)[1];
  for (const uint64_t pos : {second.start_pos + 7, second.rows[0].source_pos}) {
    SourceConfig inside = config();
    inside.from = fmt::format("{}:{}", second.file, pos);
    const auto kind = error_of(inside);
    ASSERT_TRUE(kind.has_value()) << inside.from;
    EXPECT_EQ(*kind, ErrorKind::kResync) << message_;
  }
}

TEST_P(ContinuityTest, TwoRunsOnOneFolder) {
  const auto running = start(config(""));
  ASSERT_NE(running, nullptr);
  const auto second = RunningSource::open(config(""), log(), true);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy) << second.error().describe();
}

TEST_P(ContinuityTest, FilteredAndIdleSourceMovesOnAndIsHealthy) {
  SourceConfig filtered = config("");
  filtered.table_include = {"nothing\\.here"};
  const auto running = start(filtered);
  ASSERT_NE(running, nullptr);
  insert(10);
  const std::string end = binlog_end(*server_);
  EXPECT_TRUE(wait_until([&] {
    return running->status().source.position.binlog.describe() == end;
  })) << running->status().source.position.describe()
      << " is not " << end;
  std::this_thread::sleep_for(milliseconds(1500));  // longer than the deadline: heartbeats only
  EXPECT_TRUE(running->status().healthy) << running->status().why_unhealthy;
  EXPECT_EQ(running->status().source.reconnects, 0U);
  const auto captured = read_changelog(log());
  ASSERT_TRUE(captured.has_value());
  EXPECT_TRUE(captured->empty());
}

// How often the program is killed: 15 times in a test run, more in a campaign.
int kills() {
  const char* text = std::getenv("TAILWATER_KILLS");
  return text == nullptr ? 15 : std::atoi(text);
}

TEST_P(ContinuityTest, KilledProgramLosesAndDoublesNothing) {
  std::mt19937_64 random(std::random_device{}());
  const std::string toml = folder_.file("tailwater.toml");
  std::ofstream(toml) << fmt::format(
      "data_dir = \"{}\"\n[source.test]\nurl = \"{}\"\ntls = \"disabled\"\nfrom = \"{}\"\n",
      folder_.file("data"), server_->url(), start_);
  std::atomic<bool> writing = true;
  std::thread workload([&] {
    while (writing) insert(20);
  });
  for (int i = 0; i < kills(); ++i) {
    const auto program = start_program({"run", "-c", toml}, folder_.file("output"));
    std::this_thread::sleep_for(milliseconds(40 + random() % 250));
    EXPECT_TRUE(program->running())
        << read_file(FileSystem::posix(), folder_.file("output")).value_or("");
    program->kill();
  }
  writing = false;
  workload.join();
  // The rest, and then all of it.
  const std::string kept = folder_.file("data/test/log");
  const auto rest = capture(config(), kept);
  ASSERT_TRUE(rest.has_value()) << rest.error().describe();
  const auto whole = read_changelog(kept);
  ASSERT_TRUE(whole.has_value()) << whole.error().describe();
  EXPECT_EQ(broken_promise(*whole), "");
  EXPECT_EQ(numbers(*whole), from_to(1, next_ - 1));
  EXPECT_GT(next_, 100);
}

}  // namespace
}  // namespace tailwater::test
