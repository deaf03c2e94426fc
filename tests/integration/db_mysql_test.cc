// src/db/mysql against real servers: login, TLS, server info, catalog and checks.
#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "db/mysql/catalog.h"
#include "db/mysql/preflight.h"
#include "db/mysql/server_id.h"
#include "db/mysql/server_info.h"
#include "support/mysql_server.h"
#include "support/test_certificates.h"

namespace tailwater::mysql {
namespace {

using test::MysqlServer;
using test::SharedServer;
using testing::HasSubstr;
using testing::Not;

class OnBothServers : public testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override { TW_NEED_SERVER(GetParam()); }
  static MysqlServer& server() { return SharedServer::get(GetParam()); }
  static bool mariadb() { return GetParam() == Flavor::kMariadb; }
  static void run(const std::vector<std::string>& statements) {
    const Status done = server().run(statements);
    ASSERT_TRUE(done.has_value()) << done.error().describe();
  }
  static Error refusal(const Endpoint& endpoint) {
    auto connection = Connection::open(endpoint);
    EXPECT_FALSE(connection.has_value()) << "connected to " << endpoint.describe();
    return connection.has_value() ? Error{} : connection.error();
  }
};
INSTANTIATE_TEST_SUITE_P(, OnBothServers, testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& of) { return std::string(to_string(of.param)); });

TEST_P(OnBothServers, AnswersQueries) {
  auto connection = server().connect();
  ASSERT_TRUE(connection.has_value()) << connection.error().describe();
  EXPECT_EQ(connection->flavor(), GetParam());
  EXPECT_EQ(connection->scalar("SELECT 1 + 1").value(), "2");
  EXPECT_EQ(connection->scalar("SELECT NULL").value(), std::nullopt);
  EXPECT_EQ(connection->scalar("SELECT 1 FROM DUAL WHERE FALSE").value(), std::nullopt);
  EXPECT_EQ(connection->variable("global.no_such_variable").value(), std::nullopt);
  const std::string nasty("a'b\\c\0d\n\"é😀", 15);
  EXPECT_EQ(connection->scalar("SELECT " + connection->quote(nasty)).value(), nasty);
  EXPECT_EQ(connection->scalar("SELECT * FROM test.missing").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(connection->scalar("SELEKT").error().kind, ErrorKind::kUserFix);
}

TEST_P(OnBothServers, StreamsRowsAndMayStopEarly) {
  auto connection = server().connect();
  {
    auto rows = connection->stream(
        "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL UNION ALL SELECT 3, 'z'");
    ASSERT_TRUE(rows.has_value()) << rows.error().describe();
    EXPECT_EQ(rows->columns(), 2U);
    EXPECT_EQ(rows->find("B"), 1U);
    EXPECT_TRUE(rows->next().value());
    EXPECT_EQ(rows->number(0), 1U);
    EXPECT_TRUE(rows->next().value());
    EXPECT_EQ((*rows)[1], std::nullopt);
  }
  EXPECT_EQ(connection->scalar("SELECT 7").value(), "7");
}

TEST_P(OnBothServers, AnInterruptEndsARunningQuery) {
  auto connection = server().connect();
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    connection->interrupt();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto slept = connection->scalar("SELECT SLEEP(20)");
  other.join();
  ASSERT_FALSE(slept.has_value());
  EXPECT_EQ(slept.error().kind, ErrorKind::kRetry);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_P(OnBothServers, AFrozenServerCostsNoMoreThanTheTimeouts) {
  Endpoint endpoint = server().tcp();
  endpoint.answer_timeout_us = 1'000'000;
  endpoint.connect_timeout_us = 1'000'000;
  auto connection = Connection::open(endpoint);
  ASSERT_TRUE(connection.has_value()) << connection.error().describe();
  server().pause();
  const auto start = std::chrono::steady_clock::now();
  const auto answer = connection->scalar("SELECT 1");
  const Error no_greeting = refusal(endpoint);
  const auto took = std::chrono::steady_clock::now() - start;
  server().unpause();
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, ErrorKind::kRetry);
  EXPECT_EQ(no_greeting.kind, ErrorKind::kRetry) << no_greeting.describe();
  EXPECT_LT(took, std::chrono::seconds(8));
}

TEST_P(OnBothServers, AWrongPasswordNamesTheUserAndTheWayOut) {
  Endpoint endpoint = server().tcp();
  endpoint.password = "hunter2";
  const Error error = refusal(endpoint);
  EXPECT_EQ(error.kind, ErrorKind::kUserFix);
  EXPECT_THAT(error.message, HasSubstr("tailwater"));
  EXPECT_THAT(error.hint, HasSubstr("check the password"));
  EXPECT_THAT(error.describe(), Not(HasSubstr("hunter2")));
  endpoint.password.reset();
  EXPECT_THAT(refusal(endpoint).hint, HasSubstr("MYSQL_PWD"));
}

TEST_P(OnBothServers, UnreachableServersAreWorthARetryAndAHint) {
  Endpoint endpoint = server().tcp();
  endpoint.port = test::find_free_port();
  EXPECT_EQ(refusal(endpoint).kind, ErrorKind::kRetry);
  EXPECT_THAT(refusal(endpoint).hint, HasSubstr(std::to_string(endpoint.port)));
  endpoint.host = "no-such-host.invalid";
  EXPECT_EQ(refusal(endpoint).kind, ErrorKind::kRetry);
  EXPECT_THAT(refusal(endpoint).hint, HasSubstr("DNS"));
  Endpoint local = server().local();
  local.socket = "/tmp/no-such.sock";
  EXPECT_EQ(refusal(local).kind, ErrorKind::kRetry);
  EXPECT_THAT(refusal(local).hint, HasSubstr("@@socket"));
  Endpoint database = server().tcp();
  database.database = "nowhere";
  EXPECT_EQ(refusal(database).kind, ErrorKind::kUserFix);
  EXPECT_THAT(refusal(database).message, HasSubstr("nowhere"));
}

TEST_P(OnBothServers, TooManyConnectionsPass) {
  run({"CREATE USER IF NOT EXISTS few@'%' IDENTIFIED BY 'pw' WITH MAX_USER_CONNECTIONS 1"});
  Endpoint endpoint = server().local();
  endpoint.user = "few";
  endpoint.password = "pw";
  const auto first = Connection::open(endpoint);
  ASSERT_TRUE(first.has_value()) << first.error().describe();
  EXPECT_EQ(refusal(endpoint).kind, ErrorKind::kRetry);
}

struct Login {
  const char* plugin;
  const char* create;
};

TEST_P(OnBothServers, LogsInWithEveryPluginOverEveryTransport) {
  std::vector<Login> logins;
  if (mariadb()) {
    run({"INSTALL PLUGIN IF NOT EXISTS ed25519 SONAME 'auth_ed25519'"});
    logins = {{"native", "IDENTIFIED VIA mysql_native_password USING PASSWORD('pässwörd')"},
              {"ed25519", "IDENTIFIED VIA ed25519 USING PASSWORD('pässwörd')"}};
  } else {
    logins = {{"caching_sha2", "IDENTIFIED WITH caching_sha2_password BY 'pässwörd'"},
              {"sha256", "IDENTIFIED WITH sha256_password BY 'pässwörd'"}};
  }
  for (const Login& login : logins) {
    const std::string user = std::string("by_") + login.plugin;
    run({"DROP USER IF EXISTS " + user, "CREATE USER " + user + "@'%' " + login.create});
    // The first login fills MySQL's cache, the second uses it.
    for (const char* how : {"tcp", "tcp again", "tls", "socket"}) {
      Endpoint endpoint = std::string(how) == "socket" ? server().local() : server().tcp();
      const bool tls = std::string(how) == "tls";
      if (tls && mariadb()) continue;  // the shared MariaDB has no certificate
      endpoint.tls = tls ? TlsMode::kRequired : TlsMode::kDisabled;
      endpoint.user = user;
      endpoint.password = "pässwörd";
      auto connection = Connection::open(endpoint);
      ASSERT_TRUE(connection.has_value())
          << user << " " << how << ": " << connection.error().describe();
      EXPECT_EQ(connection->tls_cipher().empty(), !tls) << user << " " << how;
      EXPECT_THAT(connection->scalar("SELECT CURRENT_USER()").value().value(), HasSubstr(user));
    }
  }
}

TEST_P(OnBothServers, ReadsServerInfo) {
  auto connection = server().connect();
  const auto info = read_server_info(*connection);
  ASSERT_TRUE(info.has_value()) << info.error().describe();
  EXPECT_EQ(info->server_id, 1U);
  EXPECT_TRUE(info->log_bin);
  EXPECT_EQ(info->binlog_format, "ROW");
  EXPECT_EQ(info->row_image, "FULL");
  EXPECT_EQ(info->row_metadata, "FULL");
  EXPECT_EQ(info->port, server().port());
  EXPECT_EQ(info->max_allowed_packet, 1U << 30);
  EXPECT_GE(info->version, (mariadb() ? Version{10, 6, 0} : Version{5, 7, 0}));
  EXPECT_EQ(info->gtid_mode, mariadb() ? "" : "ON");
  EXPECT_TRUE(info->has_gtids());
  const auto named = connection->variable(mariadb() ? "global.server_uid" : "global.server_uuid");
  EXPECT_EQ(info->identity, named->value_or(""));
  EXPECT_EQ(info->identity.size(), mariadb() ? info->identity.size() : 36U);
  EXPECT_NE(info->time_zone, "SYSTEM");
}

TEST_P(OnBothServers, KnowsWhereTheBinlogStands) {
  run({"CREATE DATABASE IF NOT EXISTS stand", "CREATE TABLE IF NOT EXISTS stand.t (i INT)",
       "INSERT INTO stand.t VALUES (1)"});
  auto connection = server().connect();
  const auto logs = list_binary_logs(*connection);
  ASSERT_TRUE(logs.has_value()) << logs.error().describe();
  const auto status = read_binlog_status(*connection);
  ASSERT_TRUE(status.has_value()) << status.error().describe();
  EXPECT_EQ(status->end.file, logs->back().name);
  EXPECT_EQ(status->end.pos, logs->back().bytes);
  EXPECT_EQ(status->gtids, mariadb() ? server().value("SELECT @@gtid_binlog_pos")
                                     : server().value("SELECT @@gtid_executed"));
  EXPECT_NE(status->gtids, "");
  EXPECT_EQ(read_gtid_purged(*connection).value(), "");
  const auto gtids = binlog_gtid_pos(*connection, status->end);
  EXPECT_EQ(gtids.value(), mariadb() ? std::optional(status->gtids) : std::nullopt);
  EXPECT_EQ(binlog_gtid_pos(*connection, {"binlog.999999", 4}).value(), std::nullopt);
}

TEST_P(OnBothServers, ReadsTheCatalog) {
  run({"CREATE DATABASE IF NOT EXISTS cat", "DROP TABLE IF EXISTS cat.t",
       "CREATE TABLE cat.t (b VARCHAR(20) CHARACTER SET latin1 NOT NULL, a BIGINT UNSIGNED NOT "
       "NULL, "
       "`we``ird '\"` DECIMAL(20,4), g INT GENERATED ALWAYS AS (a % 7) VIRTUAL, "
       "s INT GENERATED ALWAYS AS (a % 5) STORED, e ENUM('unsigned','x') NOT NULL, j JSON, dt "
       "DATETIME(3), "
       "u INT NOT NULL, n INT, PRIMARY KEY (a, b), UNIQUE KEY q (u, e), UNIQUE KEY nullable (n))",
       "ALTER TABLE cat.t ADD hidden INT INVISIBLE"});
  auto connection = server().connect();
  const auto read = read_table(*connection, {"cat", "t"});
  ASSERT_TRUE(read.has_value()) << read.error().describe();
  ASSERT_TRUE(read->has_value());
  const CatalogTable& table = **read;
  ASSERT_EQ(table.columns.size(), 11U);
  EXPECT_EQ(table.columns[0].name, "b");
  EXPECT_EQ(table.columns[0].character_set, "latin1");
  EXPECT_EQ(table.columns[0].character_length, 20U);
  EXPECT_TRUE(table.columns[1].is_unsigned);
  EXPECT_FALSE(table.columns[1].nullable);
  EXPECT_EQ(table.columns[2].name, "we`ird '\"");
  EXPECT_EQ(table.columns[2].numeric_precision, 20U);
  EXPECT_EQ(table.columns[2].numeric_scale, 4U);
  EXPECT_EQ(table.columns[3].generated, CatalogColumn::Generated::kVirtual);
  EXPECT_EQ(table.columns[4].generated, CatalogColumn::Generated::kStored);
  EXPECT_FALSE(table.columns[5].is_unsigned);
  EXPECT_EQ(table.columns[5].column_type, "enum('unsigned','x')");
  EXPECT_EQ(table.columns[6].json_check, mariadb());
  EXPECT_EQ(table.columns[6].data_type, mariadb() ? "longtext" : "json");
  EXPECT_EQ(table.columns[7].datetime_precision, 3U);
  EXPECT_TRUE(table.columns[10].invisible);
  ASSERT_EQ(table.keys.size(), 2U);
  EXPECT_EQ(table.primary_key()->columns, (std::vector<uint32_t>{1, 0}));
  EXPECT_EQ(table.keys[1].name, "q");
  EXPECT_EQ(table.keys[1].columns, (std::vector<uint32_t>{8, 5}));
}

TEST_P(OnBothServers, ReadsManyTablesAndSkipsMissingOnes) {
  std::vector<std::string> statements = {"DROP DATABASE IF EXISTS many", "CREATE DATABASE many"};
  std::vector<TableName> names = {{"many", "missing"}, {"nowhere", "t"}};
  for (int i = 0; i < 12; ++i) {
    names.push_back({"many", "t" + std::to_string(i)});
    statements.push_back("CREATE TABLE many." + names.back().table + " (c" + std::to_string(i) +
                         " INT PRIMARY KEY)");
  }
  run(statements);
  auto connection = server().connect();
  const auto tables = read_tables(*connection, names);
  ASSERT_TRUE(tables.has_value()) << tables.error().describe();
  ASSERT_EQ(tables->size(), 12U);
  for (size_t i = 0; i < 12; ++i)
    EXPECT_EQ((*tables)[i].columns.at(0).name, "c" + std::to_string(i));
  EXPECT_FALSE(read_table(*connection, {"many", "missing"}).value().has_value());
  const auto listed =
      list_tables(*connection, [](const TableName& name) { return name.database == "many"; });
  EXPECT_EQ(listed->size(), 12U);
  const auto all =
      list_tables(*connection, [](const TableName& name) { return name.database == "mysql"; });
  EXPECT_TRUE(all->empty());
}

TEST_P(OnBothServers, ChoosesAServerIdThatNobodyHas) {
  auto connection = server().connect();
  std::set<uint32_t> ids;
  for (int i = 0; i < 20; ++i) ids.insert(choose_server_id(*connection).value());
  EXPECT_EQ(ids.size(), 20U);
  EXPECT_GE(*ids.begin(), 0x80000000U);
}

std::vector<std::string> names_at(const std::vector<Finding>& findings, Finding::Level level) {
  std::vector<std::string> names;
  for (const Finding& finding : findings) {
    if (finding.level == level) names.push_back(finding.name);
  }
  return names;
}

TEST_P(OnBothServers, ChecksSettingsAndGrants) {
  auto connection = Connection::open(server().tcp());
  auto findings = check_server(*connection);
  ASSERT_TRUE(findings.has_value()) << findings.error().describe();
  EXPECT_THAT(names_at(*findings, Finding::Level::kError), testing::IsEmpty());
  EXPECT_THAT(names_at(*findings, Finding::Level::kWarning), testing::Contains("sync_binlog"));

  // A user without any grant; then each remedy, as it is printed, mends what it says.
  run({"DROP USER IF EXISTS poor", "CREATE USER poor@'%' IDENTIFIED BY 'pw'",
       "CREATE TABLE IF NOT EXISTS test.seen (i INT PRIMARY KEY)"});
  Endpoint endpoint = server().tcp();
  endpoint.user = "poor";
  endpoint.password = "pw";
  const PreflightOptions options{.tables = {{{"test", "seen"}}}, .snapshot = true};
  auto poor = Connection::open(endpoint);
  findings = check_server(*poor, options);
  ASSERT_TRUE(findings.has_value()) << findings.error().describe();
  EXPECT_THAT(names_at(*findings, Finding::Level::kError),
              testing::UnorderedElementsAre("grant_replication", "grant_monitor", "grant_select"));
  for (const Finding& finding : *findings) {
    if (finding.name.starts_with("grant_") && !finding.remedy.empty()) run({finding.remedy});
  }
  poor = Connection::open(endpoint);
  EXPECT_THAT(names_at(*check_server(*poor, options), Finding::Level::kError), testing::IsEmpty());
}

TEST_P(OnBothServers, SaysWhatIsWrongWithAServerThatLogsNothing) {
  auto bare = MysqlServer::start({.flavor = GetParam(), .log_bin = false});
  ASSERT_TRUE(bare.has_value()) << bare.error().describe();
  auto connection = (*bare)->connect();
  const auto findings = check_server(*connection);
  ASSERT_TRUE(findings.has_value()) << findings.error().describe();
  EXPECT_THAT(names_at(*findings, Finding::Level::kError), testing::ElementsAre("log_bin"));
  EXPECT_EQ(read_binlog_status(*connection).error().kind, ErrorKind::kUserFix);
  EXPECT_THAT(list_binary_logs(*connection).error().message, HasSubstr("no binlog"));
}

TEST_P(OnBothServers, ConnectsByEveryTlsMode) {
  const auto made = test::TestCertificates::make();
  ASSERT_TRUE(made.has_value()) << made.error().describe();
  const test::TestCertificates& certificates = **made;
  auto started = MysqlServer::start({.flavor = GetParam(), .tls_folder = certificates.folder()});
  ASSERT_TRUE(started.has_value()) << started.error().describe();
  const auto attempt = [&](TlsMode mode, const std::string& host, const std::string& ca) {
    Endpoint endpoint = (*started)->tcp();
    endpoint.tls = mode;
    endpoint.host = host;
    endpoint.tls_ca = ca.empty() ? "" : certificates.file(ca);
    return Connection::open(endpoint);
  };
  EXPECT_EQ(attempt(TlsMode::kDisabled, "127.0.0.1", "")->tls_cipher(), "");
  EXPECT_NE(attempt(TlsMode::kPreferred, "127.0.0.1", "")->tls_cipher(), "");
  EXPECT_NE(attempt(TlsMode::kRequired, "127.0.0.1", "")->tls_cipher(), "");
  EXPECT_NE(attempt(TlsMode::kVerifyCa, "127.0.0.1", "ca.pem")->tls_cipher(), "");
  EXPECT_NE(attempt(TlsMode::kVerifyIdentity, "localhost", "ca.pem")->tls_cipher(), "");
  const auto refused = [&](TlsMode mode, const std::string& host, const std::string& ca) {
    const auto connection = attempt(mode, host, ca);
    EXPECT_FALSE(connection.has_value());
    return connection.has_value() ? Error{} : connection.error();
  };
  EXPECT_EQ(refused(TlsMode::kVerifyCa, "127.0.0.1", "other-ca.pem").kind, ErrorKind::kUserFix);
  EXPECT_THAT(refused(TlsMode::kVerifyCa, "127.0.0.1", "other-ca.pem").hint, HasSubstr("tls_ca"));
  EXPECT_EQ(refused(TlsMode::kVerifyCa, "127.0.0.1", "").kind,
            ErrorKind::kUserFix);  // the system's CAs
  EXPECT_EQ(refused(TlsMode::kVerifyIdentity, "localhost", "other-ca.pem").kind,
            ErrorKind::kUserFix);
  EXPECT_THAT(refused(TlsMode::kVerifyIdentity, "127.0.0.1", "ca.pem").hint,
              HasSubstr("verify_ca"));
  EXPECT_EQ(refused(TlsMode::kVerifyCa, "127.0.0.1", "no-such.pem").kind, ErrorKind::kUserFix);

  // A user who must show a certificate.
  const Status created =
      (*started)->run({"CREATE USER certified@'%' IDENTIFIED BY 'pw' REQUIRE X509"});
  ASSERT_TRUE(created.has_value()) << created.error().describe();
  Endpoint endpoint = (*started)->tcp();
  endpoint.user = "certified";
  endpoint.password = "pw";
  endpoint.tls = TlsMode::kRequired;
  EXPECT_EQ(refusal(endpoint).kind, ErrorKind::kUserFix);
  endpoint.tls_cert = certificates.file("client-cert.pem");
  endpoint.tls_key = certificates.file("client-key.pem");
  EXPECT_TRUE(Connection::open(endpoint).has_value()) << refusal(endpoint).describe();
}

TEST_P(OnBothServers, RequiredTlsIsRefusedByAServerWithoutIt) {
  std::vector<std::string> off;
  if (!mariadb()) off = {"--tls-version="};
  auto started = MysqlServer::start({.flavor = GetParam(), .arguments = off});
  ASSERT_TRUE(started.has_value()) << started.error().describe();
  for (const TlsMode mode : {TlsMode::kRequired, TlsMode::kVerifyCa, TlsMode::kVerifyIdentity}) {
    Endpoint endpoint = (*started)->tcp();
    endpoint.tls = mode;
    EXPECT_EQ(refusal(endpoint).kind, ErrorKind::kUserFix);
    EXPECT_THAT(refusal(endpoint).hint, HasSubstr("tls=preferred"));
    // It gave up before it logged in: else the server would have refused this password.
    endpoint.password = "wrong";
    EXPECT_THAT(refusal(endpoint).hint, HasSubstr("tls=preferred"));
  }
  Endpoint endpoint = (*started)->tcp();
  endpoint.tls = TlsMode::kPreferred;
  EXPECT_TRUE(Connection::open(endpoint).has_value());
}

TEST_P(OnBothServers, TheServerEndsWithItsObject) {
  pid_t pid = 0;
  std::string folder;
  {
    auto started = MysqlServer::start({.flavor = GetParam()});
    ASSERT_TRUE(started.has_value()) << started.error().describe();
    pid = (*started)->pid();
    folder = (*started)->data_folder();
    ASSERT_TRUE((*started)->restart().has_value());
    (*started)->kill9();
    const Status again = (*started)->start_again();
    ASSERT_TRUE(again.has_value()) << again.error().describe();
    EXPECT_EQ((*started)->value("SELECT 3"), "3");
    pid = (*started)->pid();
  }
  EXPECT_NE(kill(pid, 0), 0);
  EXPECT_NE(access(folder.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace tailwater::mysql
