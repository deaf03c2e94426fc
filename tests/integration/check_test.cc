// `check` on real servers: each thing that is broken is found, and what it prints mends it.
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "integration/captured.h"
#include "integration/program.h"
#include "pipeline/running_source.h"
#include "source/mysql/readiness.h"
#include "support/temp_folder.h"

namespace tailwater::test {
namespace {

using mysql::Connection;
using mysql::Finding;
using mysql::Flavor;
using mysql::ReadinessOptions;
using testing::HasSubstr;
using Level = Finding::Level;

constexpr const char* kUser = "o'brien";

struct Breakage {
  std::string finding;
  Level level = Level::kWarning;
  std::vector<std::string> sql;  ///< that breaks it
};

std::string account() {
  return "'o''brien'@'%'";
}

class CheckTest : public testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    start({});
  }
  void start(MysqlServerOptions options) {
    options.flavor = GetParam();
    auto started = MysqlServer::start(options);
    ASSERT_TRUE(started.has_value()) << started.error().describe();
    server_ = *std::move(started);
    const bool mariadb = GetParam() == Flavor::kMariadb;
    run({"CREATE DATABASE chk", "CREATE TABLE chk.good (id INT PRIMARY KEY, name TEXT)",
         fmt::format("CREATE USER {} IDENTIFIED BY 'pw'", account()),
         fmt::format("GRANT REPLICATION SLAVE, {} ON *.* TO {}",
                     mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT, XA_RECOVER_ADMIN",
                     account()),
         fmt::format("GRANT SELECT, LOCK TABLES ON chk.* TO {}", account()),
         "SET GLOBAL sync_binlog = 1",
         mariadb ? "SET GLOBAL gtid_strict_mode = 1" : "SET GLOBAL binlog_row_image = 'FULL'"});
  }
  void run(const std::vector<std::string>& statements) const {
    const Status done = server_->run(statements);
    ASSERT_TRUE(done.has_value()) << done.error().describe();
  }
  [[nodiscard]] std::vector<Finding> check(ReadinessOptions options = {}) const {
    mysql::Endpoint endpoint = server_->tcp();
    endpoint.user = kUser;
    endpoint.password = "pw";
    auto connection = Connection::open(endpoint);
    EXPECT_TRUE(connection.has_value()) << connection.error().describe();
    if (!connection.has_value()) return {};
    auto tables = mysql::list_tables(
        *connection, [](const mysql::TableName& name) { return name.database == "chk"; });
    EXPECT_TRUE(tables.has_value());
    options.preflight.tables = tables.value_or(std::vector<mysql::TableName>());
    options.preflight.snapshot = true;
    auto findings = mysql::check_readiness(*connection, options);
    EXPECT_TRUE(findings.has_value()) << findings.error().describe();
    return findings.value_or(std::vector<Finding>());
  }
  [[nodiscard]] Finding find(const std::string& name, const ReadinessOptions& options = {}) const {
    for (Finding& finding : check(options)) {
      if (finding.name == name) return std::move(finding);
    }
    return {"missing: " + name, Level::kError, ""};
  }
  // As somebody does who copies it into a client.
  void run_remedy(const std::string& remedy) const {
    for (const std::string_view line : split(remedy, '\n')) {
      const std::string_view sql = trim(line.substr(0, line.find("--")));
      if (!sql.empty()) run({std::string(sql)});
    }
  }
  void break_and_mend(const Breakage& breakage) const {
    SCOPED_TRACE(breakage.finding);
    EXPECT_EQ(find(breakage.finding).level, Level::kOk) << find(breakage.finding).found;
    run(breakage.sql);
    const Finding found = find(breakage.finding);
    EXPECT_EQ(found.level, breakage.level) << found.name << ": " << found.found;
    EXPECT_NE(found.why, "");
    EXPECT_NE(found.remedy, "");
    run_remedy(found.remedy);
    EXPECT_EQ(find(breakage.finding).level, Level::kOk) << found.remedy << "\n"
                                                        << find(breakage.finding).found;
  }

  std::unique_ptr<MysqlServer> server_;
};

TEST_P(CheckTest, FindsNothingOnAGoodServer) {
  for (const Finding& finding : check()) {
    EXPECT_EQ(finding.level, Level::kOk) << finding.name << ": " << finding.found;
    EXPECT_EQ(finding.remedy, "");
  }
}

TEST_P(CheckTest, WhatItPrintsMendsWhatItFinds) {
  const bool mariadb = GetParam() == Flavor::kMariadb;
  const auto from = " FROM " + account();
  std::vector<Breakage> breakages = {
      {"binlog_format", Level::kError, {"SET GLOBAL binlog_format = 'STATEMENT'"}},
      {"binlog_row_image", Level::kWarning, {"SET GLOBAL binlog_row_image = 'MINIMAL'"}},
      {"binlog_row_metadata", Level::kWarning, {"SET GLOBAL binlog_row_metadata = 'MINIMAL'"}},
      {"binlog_checksum", Level::kWarning, {"SET GLOBAL binlog_checksum = 'NONE'"}},
      {"sync_binlog", Level::kWarning, {"SET GLOBAL sync_binlog = 0"}},
      {"binlog_retention", Level::kWarning, {"SET GLOBAL binlog_expire_logs_seconds = 60"}},
      {"grant_replication", Level::kError, {"REVOKE REPLICATION SLAVE ON *.*" + from}},
      {"grant_monitor",
       Level::kError,
       {fmt::format("REVOKE {} ON *.*", mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT") + from}},
      {"table_keys",
       Level::kWarning,
       {"CREATE TABLE chk.`no``key` (a INT)", "INSERT INTO chk.`no``key` VALUES (1), (1)",
        "CREATE TABLE chk.counted (a INT AUTO_INCREMENT, b INT, KEY (a))"}},
      {"table_engines",
       Level::kWarning,
       {"CREATE TABLE chk.isam (a INT PRIMARY KEY) ENGINE = MyISAM"}},
      {"xa_transactions",
       Level::kWarning,
       {"XA START 'a\\'b','c',7", "INSERT INTO chk.good VALUES (1, 'x')", "XA END 'a\\'b','c',7",
        "XA PREPARE 'a\\'b','c',7"}},
      // A right on another column keeps the table visible.
      {"grant_select",
       Level::kError,
       {"CREATE TABLE chk.half (a INT PRIMARY KEY, b INT)", "REVOKE SELECT ON chk.*" + from,
        fmt::format("GRANT SELECT (a) ON chk.half TO {}", account()),
        fmt::format("GRANT SELECT ON chk.good TO {}", account())}},
      {"tables",
       Level::kError,
       {fmt::format("REVOKE ALL PRIVILEGES, GRANT OPTION FROM {}", account()),
        fmt::format("GRANT REPLICATION SLAVE, {} ON *.* TO {}",
                    mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT", account())}},
  };
  if (mariadb) {
    breakages.push_back(
        {"binlog_row_metadata", Level::kWarning, {"SET GLOBAL binlog_row_metadata = 'NO_LOG'"}});
    breakages.push_back({"gtid_strict_mode", Level::kWarning, {"SET GLOBAL gtid_strict_mode = 0"}});
  } else {
    breakages.push_back({"binlog_row_value_options",
                         Level::kWarning,
                         {"SET GLOBAL binlog_row_value_options = 'PARTIAL_JSON'",
                          "SET GLOBAL binlog_row_image = 'MINIMAL'"}});
    breakages.push_back({"grant_lock_tables",
                         Level::kError,
                         {"CREATE TABLE chk.keyless (a INT)",
                          fmt::format("GRANT SELECT ON chk.* TO {}", account())}});
  }
  for (const Breakage& breakage : breakages) break_and_mend(breakage);
}

TEST_P(CheckTest, MendsAServerWithoutGtids) {
  if (GetParam() == Flavor::kMariadb) GTEST_SKIP() << "MariaDB always has GTIDs";
  start({.gtid = false});
  const Finding found = find("gtid_mode");
  EXPECT_EQ(found.level, Level::kWarning);
  run_remedy(found.remedy);
  EXPECT_EQ(find("gtid_mode").level, Level::kOk);
}

TEST_P(CheckTest, FindsDatabasesThatAreNotLogged) {
  start({.arguments = {"--binlog-ignore-db=elsewhere"}});
  const Finding found = find("binlog_filters");
  EXPECT_EQ(found.level, Level::kWarning);
  EXPECT_THAT(found.found, HasSubstr("elsewhere"));
  EXPECT_THAT(found.remedy, testing::StartsWith("-- "));
}

TEST_P(CheckTest, FindsAServerIdThatIsTaken) {
  ReadinessOptions options;
  options.preflight.replica_server_id = 1;
  EXPECT_EQ(find("replica_server_id", options).level, Level::kError);
  options.preflight.replica_server_id = 4711;
  EXPECT_EQ(find("replica_server_id", options).level, Level::kOk);
  if (GetParam() == Flavor::kMariadb) {
    EXPECT_THAT(find("replica_server_id", options).found, HasSubstr("may not see"));
    run({fmt::format("GRANT REPLICATION MASTER ADMIN ON *.* TO {}", account())});
  }
  pipeline::SourceConfig config = capture_config(*server_, "now", "");
  config.replica_server_id = 4711;
  const TempFolder folder;
  auto running = pipeline::RunningSource::open(config, folder.file("log"), /*fail_fast=*/true);
  ASSERT_TRUE(running.has_value()) << running.error().describe();
  (*running)->start();
  ASSERT_TRUE((*running)->wait_until_reading().has_value());
  const Finding taken = find("replica_server_id", options);
  EXPECT_EQ(taken.level, Level::kWarning);
  EXPECT_THAT(taken.found, HasSubstr("tailwater@"));
}

TEST_P(CheckTest, LooksAtTheStoredPosition) {
  run({"FLUSH BINARY LOGS", "INSERT INTO chk.good VALUES (1, 'a')"});
  const TempFolder folder;
  ASSERT_TRUE(
      capture(capture_config(*server_, "earliest"), folder.file("data/shop/log")).has_value());
  const std::string at = binlog_end(*server_);
  run({"INSERT INTO chk.good VALUES (2, 'b')", "FLUSH BINARY LOGS"});
  const std::string url = server_->url();
  const std::string toml = folder.file("t.toml");
  const Status wrote = replace_file(
      FileSystem::posix(), toml,
      fmt::format("data_dir = \"{}\"\n[source.shop]\nurl = \"{}\"\n[source.fresh]\nurl = \"{}\"\n",
                  folder.file("data"), url, url));
  ASSERT_TRUE(wrote.has_value());
  const auto stored = [&] {
    nlohmann::json found;
    const ProgramEnd end = run_program({"check", "--config", toml});
    for (const std::string_view line : split(end.output, '\n')) {
      const auto json = nlohmann::json::parse(line, nullptr, false);
      if (!json.is_object() || json["check"] != "stored_position") continue;
      EXPECT_EQ(json["source"], "shop");
      found = json;
    }
    EXPECT_FALSE(found.is_null()) << end.output;
    return found;
  };
  EXPECT_EQ(stored()["level"], "ok");
  EXPECT_THAT(stored()["found"].get<std::string>(), HasSubstr(at));
  EXPECT_THAT(stored()["found"].get<std::string>(), HasSubstr(" behind"));

  run({"SET GLOBAL binlog_expire_logs_seconds = 3600"});
  const auto soon = stored();
  EXPECT_EQ(soon["level"], "warning");
  EXPECT_THAT(soon["found"].get<std::string>(), HasSubstr("kept for 59m"));
  run_remedy(soon["remedy"].get<std::string>());
  EXPECT_EQ(stored()["level"], "ok");

  // A file that a dump still reads stays; a dump whose reader has gone is noticed after a while.
  const std::string end_now = binlog_end(*server_);
  const std::string newest = end_now.substr(0, end_now.find(':'));
  for (int i = 0; i < 300 && server_->value("SHOW BINARY LOGS") != newest; ++i) {
    run({fmt::format("PURGE BINARY LOGS TO '{}'", newest)});
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(stored()["level"], "error");
  EXPECT_THAT(stored()["remedy"].get<std::string>(), testing::StartsWith("-- "));
  EXPECT_EQ(run_program({"check", "--config", toml}).code, 2);
  EXPECT_THAT(run_program({"check", url, "--data-dir", folder.file("data/shop/log")}).output,
              HasSubstr("stored_position"));
}

INSTANTIATE_TEST_SUITE_P(Servers, CheckTest, testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& test) { return std::string(to_string(test.param)); });

}  // namespace
}  // namespace tailwater::test
