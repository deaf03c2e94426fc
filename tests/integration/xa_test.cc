// XA transactions on real servers: their changes come at XA COMMIT, in commit order, whatever was
// stopped or killed since XA PREPARE; what is rolled back never comes.
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/captured.h"
#include "integration/program.h"
#include "support/temp_folder.h"

namespace tailwater::test {
namespace {

using mysql::Connection;
using mysql::Flavor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Kind {
  std::string name;
  Flavor flavor = Flavor::kMariadb;
  bool gtid = true;
  std::vector<std::string> arguments = {};

  friend void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }
};

std::vector<Kind> kinds() {
  return {{"MariaDB", Flavor::kMariadb, true, {}},
          {"MariaDBCompressed", Flavor::kMariadb, true, {"--log-bin-compress=ON"}},
          {"MySQL", Flavor::kMysql, true, {}},
          {"MySQLWithoutGtids", Flavor::kMysql, false, {}},
          {"MySQLCompressed", Flavor::kMysql, true, {"--binlog-transaction-compression=ON"}}};
}

class XaTest : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    auto& server = servers_[GetParam().name];
    if (server == nullptr) {
      MysqlServerOptions options;
      options.flavor = GetParam().flavor;
      options.gtid = GetParam().gtid;
      options.durable = true;
      options.arguments = GetParam().arguments;
      if (!GetParam().gtid) options.arguments.push_back("--enforce-gtid-consistency=OFF");
      auto started = MysqlServer::start(options);
      if (!started.has_value() && started.error().kind == ErrorKind::kNotFound) {
        GTEST_SKIP() << started.error().describe();
      }
      ASSERT_TRUE(started.has_value()) << started.error().describe();
      server = std::move(*started);
    }
    server_ = server.get();
    run({"DROP DATABASE IF EXISTS xa", "CREATE DATABASE xa",
         "CREATE TABLE xa.t (id INT PRIMARY KEY, v VARCHAR(200)) ENGINE=InnoDB"});
    start_ = binlog_end(*server_);
  }
  static void TearDownTestSuite() { servers_.clear(); }

  void run(const std::vector<std::string>& statements) {
    const Status ran = server_->run(statements);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }
  // Up to XA PREPARE, in a session of its own, which has ended when this returns. MariaDB loses
  // the changes, and not the XA COMMIT in its binlog, when one is committed while that session
  // ends.
  Status try_prepare(const std::string& id, std::vector<std::string> statements) const {
    statements.insert(statements.begin(), "XA START " + id);
    statements.push_back("XA END " + id);
    statements.push_back("XA PREPARE " + id);
    std::optional<std::string> session;
    {
      TW_ASSIGN(Connection connection, server_->connect());
      TW_ASSIGN(session, connection.scalar("SELECT CONNECTION_ID()"));
      for (const std::string& statement : statements) TW_TRY(connection.execute(statement));
    }
    const std::string ended =
        "SELECT COUNT(*) FROM information_schema.processlist WHERE id = " + session.value_or("0");
    while (server_->value(ended) != "0") {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return {};
  }
  void prepare(const std::string& id, const std::vector<std::string>& statements) const {
    const Status ran = try_prepare(id, statements);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }
  // By another session than the one that prepared it.
  void finish(const std::string& statement) const {
    const Status ran = server_->run({statement});
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }

  [[nodiscard]] std::string log() const { return folder_.file("log"); }
  Result<Captured> try_take() {
    auto captured = capture(capture_config(*server_, start_), log());
    return captured.has_value() ? read_changelog(log()) : std::move(captured);
  }
  Captured take() {
    auto captured = try_take();
    EXPECT_TRUE(captured.has_value()) << captured.error().describe();
    if (!captured.has_value()) return {};
    EXPECT_EQ(broken_promise(*captured), "");
    return std::move(*captured);
  }
  [[nodiscard]] std::vector<std::string> spools() const {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& file : std::filesystem::directory_iterator(log() + "/spools", ignored)) {
      names.push_back(file.path().string());
    }
    return names;
  }
  // The changelog applied is the server's table.
  void expect_folded(const Captured& captured) {
    std::map<std::string, std::string> rows;
    for (const CapturedTransaction& transaction : captured) {
      for (const CapturedChange& change : transaction.rows) {
        if (!change.before.empty()) rows.erase(change.before[0].text);
        if (!change.after.empty()) rows[change.after[0].text] = change.after[1].text;
      }
    }
    std::map<std::string, std::string> truth;
    auto connection = server_->connect();
    ASSERT_TRUE(connection.has_value());
    auto selected = connection->query("SELECT id, v FROM xa.t");
    ASSERT_TRUE(selected.has_value());
    while (*selected->next()) truth[std::string(selected->text(0))] = selected->text(1);
    std::vector<std::string> wrong;
    for (const auto& [id, v] : rows) {
      if (truth.count(id) == 0 || truth[id] != v) wrong.push_back(fmt::format("log: {}|{}", id, v));
    }
    for (const auto& [id, v] : truth) {
      if (rows.count(id) == 0) wrong.push_back(fmt::format("server: {}|{}", id, v));
    }
    EXPECT_THAT(wrong, IsEmpty());
  }

  static inline std::map<std::string, std::unique_ptr<MysqlServer>>
      servers_;  // NOLINT(readability-identifier-naming)
  MysqlServer* server_ = nullptr;
  std::string start_;
  TempFolder folder_{"tailwater-xa"};
};

INSTANTIATE_TEST_SUITE_P(Servers, XaTest, ::testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(XaTest, ChangesComeAtTheirCommitAndNotAtTheirPrepare) {
  prepare("'a'", {"INSERT INTO xa.t VALUES (1, 'a')", "INSERT INTO xa.t VALUES (2, 'a')"});
  prepare("'b','branch',7", {"INSERT INTO xa.t VALUES (3, 'b')"});
  prepare("'c'", {"INSERT INTO xa.t VALUES (4, 'c')"});
  run({"INSERT INTO xa.t VALUES (5, 'plain')"});
  finish("XA COMMIT 'b','branch',7");
  finish("XA ROLLBACK 'c'");
  run({"XA START 'one'", "INSERT INTO xa.t VALUES (6, 'one')", "XA END 'one'",
       "XA COMMIT 'one' ONE PHASE"});
  run({"XA START 'no'", "INSERT INTO xa.t VALUES (7, 'no')", "XA END 'no'", "XA ROLLBACK 'no'"});
  finish("XA COMMIT 'a'");
  // The same id again.
  prepare("'a'", {"UPDATE xa.t SET v = 'again' WHERE id = 1"});
  finish("XA COMMIT 'a'");
  const Captured captured = take();
  EXPECT_THAT(describe(captured),
              ElementsAre("insert xa.t 5|plain", "insert xa.t 3|b", "insert xa.t 6|one",
                          "insert xa.t 1|a", "insert xa.t 2|a", "update xa.t 1|a -> 1|again"));
  ASSERT_EQ(captured.size(), 5U);
  EXPECT_EQ(captured[3].rows.size(), 2U);
  expect_folded(captured);
  EXPECT_THAT(spools(), IsEmpty());
}

TEST_P(XaTest, SavepointsAndEmptyOnes) {
  prepare("'s'", {"INSERT INTO xa.t VALUES (1, 'kept')", "SAVEPOINT p",
                  "INSERT INTO xa.t VALUES (2, 'no')", "ROLLBACK TO p",
                  "INSERT INTO xa.t VALUES (3, 'kept')"});
  finish("XA COMMIT 's'");
  run({"XA START 'e'", "XA END 'e'", "XA PREPARE 'e'", "XA COMMIT 'e'"});
  run({"XA START 'u'", "UPDATE xa.t SET v = 'x' WHERE id = 99", "XA END 'u'", "XA PREPARE 'u'",
       "XA COMMIT 'u'"});
  run({"INSERT INTO xa.t VALUES (4, 'end')"});
  EXPECT_THAT(describe(take()),
              ElementsAre("insert xa.t 1|kept", "insert xa.t 3|kept", "insert xa.t 4|end"));
}

TEST_P(XaTest, TablesWithoutTransactionsAreNotHeld) {
  if (GetParam().flavor == Flavor::kMysql && GetParam().gtid) {
    GTEST_SKIP() << "MySQL with GTIDs refuses transactions that mix engines";
  }
  run({"CREATE TABLE xa.m (id INT PRIMARY KEY) ENGINE=MyISAM"});
  start_ = binlog_end(*server_);
  prepare("'m'", {"INSERT INTO xa.t VALUES (1, 'held')", "INSERT INTO xa.m VALUES (1)"});
  run({"INSERT INTO xa.t VALUES (2, 'plain')"});
  finish("XA COMMIT 'm'");
  EXPECT_THAT(describe(take()),
              ElementsAre("insert xa.m 1", "insert xa.t 2|plain", "insert xa.t 1|held"));
}

TEST_P(XaTest, PreparedOnesOutliveRestartsOfTheProgram) {
  prepare("'a'", {"INSERT INTO xa.t VALUES (1, 'a')"});
  prepare("'b'", {"INSERT INTO xa.t VALUES (2, 'b')"});
  EXPECT_THAT(describe(take()), IsEmpty());
  EXPECT_EQ(spools().size(), 2U);
  run({"INSERT INTO xa.t VALUES (3, 'plain')"});
  EXPECT_THAT(describe(take()), ElementsAre("insert xa.t 3|plain"));
  finish("XA COMMIT 'b'");
  EXPECT_THAT(describe(take()), ElementsAre("insert xa.t 3|plain", "insert xa.t 2|b"));
  EXPECT_EQ(spools().size(), 1U);
  finish("XA ROLLBACK 'a'");
  run({"INSERT INTO xa.t VALUES (4, 'end')"});
  const Captured captured = take();
  EXPECT_THAT(describe(captured),
              ElementsAre("insert xa.t 3|plain", "insert xa.t 2|b", "insert xa.t 4|end"));
  EXPECT_THAT(spools(), IsEmpty());
  expect_folded(captured);
}

TEST_P(XaTest, PreparedOnesOutliveACrashOfTheServer) {
  prepare("'a'", {"INSERT INTO xa.t VALUES (1, 'a')"});
  EXPECT_THAT(describe(take()), IsEmpty());
  prepare("'b'", {"INSERT INTO xa.t VALUES (2, 'b')"});
  prepare("'c'", {"INSERT INTO xa.t VALUES (3, 'c')"});
  server_->kill9();
  const Status started = server_->start_again();
  ASSERT_TRUE(started.has_value()) << started.error().describe();
  finish("XA COMMIT 'c'");
  finish("XA ROLLBACK 'b'");
  finish("XA COMMIT 'a'");
  const Captured captured = take();
  EXPECT_THAT(describe(captured), ElementsAre("insert xa.t 3|c", "insert xa.t 1|a"));
  expect_folded(captured);
}

TEST_P(XaTest, MaskedValuesDoNotReachTheDisk) {
  prepare("'a'", {"INSERT INTO xa.t VALUES (1, 'very secret words')"});
  auto config = capture_config(*server_, start_);
  config.columns.mask_constant = {R"(xa\.t\.v:hidden-constant)"};
  ASSERT_TRUE(capture(config, log()).has_value());
  ASSERT_EQ(spools().size(), 1U);
  std::ifstream file(spools()[0], std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(bytes, HasSubstr("hidden-constant"));
  EXPECT_THAT(bytes, Not(HasSubstr("secret")));
  finish("XA COMMIT 'a'");
  ASSERT_TRUE(capture(config, log()).has_value());
  EXPECT_THAT(describe(*read_changelog(log())), ElementsAre("insert xa.t 1|hidden-constant"));
}

TEST_P(XaTest, ACommitOfUnknownChangesStopsTheStream) {
  prepare("'before'", {"INSERT INTO xa.t VALUES (1, 'unknown')"});
  prepare("'gone'", {"INSERT INTO xa.t VALUES (2, 'rolled back')"});
  start_ = binlog_end(*server_);
  run({"INSERT INTO xa.t VALUES (3, 'plain')"});
  finish("XA ROLLBACK 'gone'");
  finish("XA COMMIT 'before'");
  run({"INSERT INTO xa.t VALUES (4, 'after')"});
  const auto stopped = try_take();
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().kind, ErrorKind::kResync);
  EXPECT_THAT(stopped.error().describe(), HasSubstr("X'6265666f7265',X'',1"));
  EXPECT_THAT(describe(*read_changelog(log())), ElementsAre("insert xa.t 3|plain"));

  auto config = capture_config(*server_, start_);
  config.record_statements = true;
  const auto recorded = capture(config, log());
  ASSERT_TRUE(recorded.has_value()) << recorded.error().describe();
  EXPECT_THAT(describe(*read_changelog(log())),
              ElementsAre("insert xa.t 3|plain", "statement XA COMMIT X'6265666f7265',X'',1",
                          "insert xa.t 4|after"));
}

TEST_P(XaTest, ALostSpoolStopsTheStream) {
  prepare("'a'", {"INSERT INTO xa.t VALUES (1, 'a')"});
  EXPECT_THAT(describe(take()), IsEmpty());
  ASSERT_EQ(spools().size(), 1U);
  std::filesystem::remove(spools()[0]);
  finish("XA COMMIT 'a'");
  const auto stopped = try_take();
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().kind, ErrorKind::kResync);
}

// A seed of kills; what is prepared and committed meanwhile is random.
TEST_P(XaTest, TheProgramIsKilledAgainAndAgain) {
  const std::string toml = folder_.file("tailwater.toml");
  std::ofstream(toml) << fmt::format(
      "data_dir = \"{}\"\n[source.s]\nurl = \"{}\"\ntls = \"disabled\"\nfrom = \"{}\"\n",
      folder_.file("data"), server_->url(), start_);
  std::atomic<bool> stop = false;
  Status written;
  int made = 0;
  // Each is ended by the session that prepared it: what MariaDB may lose otherwise (see
  // try_prepare) would look like a fault of the program.
  struct Open {
    std::string id;
    Connection session;
  };
  const auto step = [&](std::vector<Open>& open) -> Status {
    TW_ASSIGN(Connection session, server_->connect());
    const std::string id = fmt::format("'k{}'", made);
    TW_TRY(session.execute("XA START " + id));
    for (int row = made * 2; row < made * 2 + 2; ++row) {
      TW_TRY(session.execute(fmt::format("INSERT INTO xa.t VALUES ({}, 'k')", row)));
    }
    TW_TRY(session.execute("XA END " + id));
    TW_TRY(session.execute("XA PREPARE " + id));
    open.push_back({id, std::move(session)});
    if (open.size() < 4) return {};
    const auto chosen = open.begin() + made % 4;
    TW_TRY(chosen->session.execute((made % 3 == 0 ? "XA ROLLBACK " : "XA COMMIT ") + chosen->id));
    open.erase(chosen);
    return {};
  };
  std::thread writer([&] {
    std::vector<Open> open;
    for (; !stop && written.has_value(); ++made) written = step(open);
    for (Open& each : open) {
      if (written.has_value()) written = each.session.execute("XA COMMIT " + each.id);
    }
  });
  for (int i = 0; i < 6; ++i) {
    const auto program = start_program({"run", "-c", toml}, folder_.file("output"));
    std::this_thread::sleep_for(std::chrono::milliseconds(150 + 70 * i));
    program->kill();
  }
  stop = true;
  writer.join();
  ASSERT_TRUE(written.has_value()) << written.error().describe();
  std::ofstream(toml, std::ios::app) << fmt::format("until = \"{}\"\n", binlog_end(*server_));
  const ProgramEnd end = run_program({"run", "-c", toml});
  ASSERT_EQ(end.code, 0) << end.output;
  const auto captured = read_changelog(folder_.file("data/s/log"));
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_EQ(broken_promise(*captured), "");
  EXPECT_GT(captured->size(), 10U);
  expect_folded(*captured);
  std::error_code ignored;
  EXPECT_TRUE(std::filesystem::is_empty(folder_.file("data/s/log/spools"), ignored));
}

}  // namespace
}  // namespace tailwater::test
