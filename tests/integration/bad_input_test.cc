// What is wrong with a server, a configuration or a folder is said clearly, with what to do about
// it, and with the right exit code; and no password is ever printed.
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/captured.h"
#include "integration/program.h"
#include "support/fault_proxy.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kRefused = 3;

class BadInputTest : public ::testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    server_ = &SharedServer::get(GetParam());
  }

  static std::string url_of(const MysqlServer& server, const std::string& user,
                            const std::string& password, const std::string& database = "") {
    return fmt::format("mysql://{}:{}@127.0.0.1:{}/{}", user, password, server.port(), database);
  }
  [[nodiscard]] std::string url() const { return url_of(*server_, kServerUser, kServerPassword); }
  void sql(const std::vector<std::string>& statements) {
    const Status ran = server_->run(statements);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }
  // Runs `tailwater stream URL --tls disabled …`; its output must match, and hold no password.
  template <typename Matcher>
  static void expect_stream(const std::string& source, std::vector<std::string> more, int code,
                            Matcher matcher) {
    std::vector<std::string> arguments = {"stream", source, "--tls", "disabled", "--until", "now"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    expect(arguments, code, matcher);
  }
  template <typename Matcher>
  static void expect(const std::vector<std::string>& arguments, int code, Matcher matcher) {
    const ProgramEnd end = run_program(arguments);
    EXPECT_EQ(end.code, code) << end.output;
    EXPECT_THAT(end.output, matcher);
    EXPECT_THAT(end.output, HasSubstr("tailwater: "));
    for (const char* password : {"secret", "wr0ng"}) {
      EXPECT_THAT(end.output, Not(HasSubstr(password)));
    }
  }

  TempFolder folder_{"tailwater-bad-input"};
  MysqlServer* server_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Servers, BadInputTest, ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

TEST_P(BadInputTest, Login) {
  expect_stream(url_of(*server_, kServerUser, "wr0ng"), {}, kUsage, ContainsRegex("[Pp]assword"));
  expect_stream(url_of(*server_, "nobody_here", "wr0ng"), {}, kUsage, HasSubstr("nobody_here"));
  expect_stream(url_of(*server_, kServerUser, kServerPassword, "no_such_database"), {}, kUsage,
                HasSubstr("no_such_database"));
}

TEST_P(BadInputTest, NoReplicationGrant) {
  sql({"DROP USER IF EXISTS plain@'%'", "CREATE USER plain@'%' IDENTIFIED BY 'secret'",
       "GRANT SELECT ON *.* TO plain@'%'"});
  const std::string grant =
      GetParam() == Flavor::kMariadb
          ? "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO 'plain'@'%'"
          : "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'plain'@'%'";
  expect_stream(url_of(*server_, "plain", "secret"), {}, kUsage, HasSubstr(grant));
  sql({grant});
  const ProgramEnd end = run_program(
      {"stream", url_of(*server_, "plain", "secret"), "--tls", "disabled", "--until", "now"});
  EXPECT_EQ(end.code, 0) << end.output;
}

// The database of the URL selects tables; a user who may only replicate has no right on it.
TEST_P(BadInputTest, NoRightOnTheDatabaseOfTheUrl) {
  const char* monitor = GetParam() == Flavor::kMariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT";
  sql({"DROP USER IF EXISTS replica@'%'", "CREATE USER replica@'%' IDENTIFIED BY 'secret'",
       fmt::format("GRANT REPLICATION SLAVE, {} ON *.* TO replica@'%'", monitor),
       "CREATE DATABASE IF NOT EXISTS closed"});
  const std::string source = url_of(*server_, "replica", "secret", "closed");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"stream", source, "--tls", "disabled", "--until", "now"},
        std::vector<std::string>{"check", source, "--tls", "disabled"}}) {
    const ProgramEnd end = run_program(arguments);
    EXPECT_EQ(end.code, 0) << end.output;
  }
}

TEST_P(BadInputTest, BinlogOff) {
  auto server = MysqlServer::start({.flavor = GetParam(), .log_bin = false});
  ASSERT_TRUE(server.has_value()) << server.error().describe();
  expect_stream((*server)->url(), {}, kUsage, HasSubstr("log_bin"));
}

TEST_P(BadInputTest, Flags) {
  expect_stream(url(), {"--table-include", "("}, kUsage, HasSubstr("("));
  expect_stream(url(), {"--from", "yesterdayish"}, kUsage, HasSubstr("yesterdayish"));
  expect_stream(url(), {"--from", "binlog.999999:4"}, kRefused, HasSubstr("binlog.999999"));
  expect_stream(url(), {"--format", "csvish"}, kUsage, HasSubstr("csvish"));
  expect_stream("http://127.0.0.1/", {}, kUsage, HasSubstr("http"));
}

TEST_P(BadInputTest, Commands) {
  expect({"straem", url()}, kUsage, HasSubstr("stream"));
  expect({"stream"}, kUsage, HasSubstr("mysql://"));
  expect({"tail", folder_.file("nothing")}, kFailed, HasSubstr(folder_.file("nothing")));
  expect({"log", "info", folder_.file("nothing")}, kFailed, HasSubstr(folder_.file("nothing")));
}

TEST_P(BadInputTest, Configuration) {
  const std::string toml = folder_.file("tailwater.toml");
  std::ofstream(toml) << fmt::format(
      "data_dir = \"{}\"\n[source.shop]\nurl = \"{}\"\ntabel_include = [\"x\"]\n",
      folder_.file("data"), url());
  expect({"run", "-c", toml}, kUsage,
         AllOf(HasSubstr("tabel_include"), HasSubstr("table_include")));
  std::ofstream(toml) << "data_dir = \n";
  expect({"run", "-c", toml}, kUsage, HasSubstr("tailwater.toml:1"));
}

TEST_P(BadInputTest, DataFolder) {
  std::ofstream(folder_.file("file")) << "no folder";
  const std::string blocked = folder_.file("file/log");
  const ProgramEnd end =
      run_program({"stream", url(), "--tls", "disabled", "--until", "now", "--data-dir", blocked});
  EXPECT_THAT(end.code, ::testing::AnyOf(kFailed, kUsage)) << end.output;
  EXPECT_THAT(end.output, HasSubstr(blocked));

  const std::string kept = folder_.file("kept");
  const std::string start = binlog_end(*server_);
  sql({"CREATE DATABASE IF NOT EXISTS bad"});
  EXPECT_EQ(run_program({"stream", url(), "--tls", "disabled", "--from", start, "--until", "now",
                         "--data-dir", kept})
                .code,
            0);
  const Flavor other = GetParam() == Flavor::kMysql ? Flavor::kMariadb : Flavor::kMysql;
  if (!SharedServer::missing(other).empty()) return;
  expect_stream(url_of(SharedServer::get(other), kServerUser, kServerPassword),
                {"--data-dir", kept}, kRefused, HasSubstr("another server"));
}

TEST_P(BadInputTest, TwoWriters) {
  const std::string kept = folder_.file("kept");
  const auto first = start_program({"stream", url(), "--tls", "disabled", "--data-dir", kept});
  ASSERT_NE(first, nullptr);
  for (int i = 0; i < 200 && !FileSystem::posix().exists(kept).value_or(false); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  expect_stream(url(), {"--data-dir", kept}, kFailed, HasSubstr(kept));
  EXPECT_TRUE(first->running());
}

TEST_P(BadInputTest, CorruptEvent) {
  sql({"CREATE DATABASE IF NOT EXISTS bad", "DROP TABLE IF EXISTS bad.big",
       "CREATE TABLE bad.big (n INT PRIMARY KEY, v LONGTEXT)"});
  const std::string start = binlog_end(*server_);
  sql({"INSERT INTO bad.big VALUES (1, REPEAT('x', 400000))"});
  FaultProxy proxy(server_->port());
  proxy.limit(500'000);
  std::thread corruptor([&] {  // in the middle of the large event
    for (int i = 0; i < 2000 && proxy.bytes_forwarded() < 50'000; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    proxy.corrupt_after(100'000);
  });
  const std::string through =
      fmt::format("mysql://{}:{}@127.0.0.1:{}/", kServerUser, kServerPassword, proxy.port());
  expect_stream(through, {"--from", start}, kFailed,
                AllOf(ContainsRegex("binlog\\.[0-9]+:[0-9]+"), HasSubstr("checksum")));
  corruptor.join();
}

TEST_P(BadInputTest, StatementFormat) {
  sql({"CREATE DATABASE IF NOT EXISTS bad", "DROP TABLE IF EXISTS bad.t",
       "CREATE TABLE bad.t (n INT PRIMARY KEY)"});
  sql({"FLUSH BINARY LOGS"});
  const std::string start = binlog_end(*server_);
  sql({"SET GLOBAL binlog_format = STATEMENT"});
  sql({"INSERT INTO bad.t VALUES (1)"});  // a new session: the setting is taken over at login
  const ProgramEnd check = run_program({"check", url(), "--tls", "disabled"});
  expect_stream(url(), {"--from", start}, kUsage, HasSubstr("binlog_format"));
  const std::string end = binlog_end(*server_);
  sql({"SET GLOBAL binlog_format = ROW"});
  // The hint holds: the place after it is a good one, though MySQL's file is read from its head.
  sql({"INSERT INTO bad.t VALUES (2)"});
  const ProgramEnd after =
      run_program({"stream", url(), "--tls", "disabled", "--from", end, "--until", "now"});
  EXPECT_EQ(after.code, 0) << after.output;
  EXPECT_THAT(after.output, HasSubstr("\"after\":{\"n\":2}"));
  EXPECT_NE(check.code, 0);
  sql({"FLUSH BINARY LOGS"});
  EXPECT_THAT(check.output, HasSubstr("binlog_format"));
}

}  // namespace
}  // namespace tailwater::test
