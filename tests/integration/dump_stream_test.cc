// DumpStream against real servers: what arrives, how it ends, and that it never hangs.
#include "db/mysql/dump_stream.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "db/mysql/server_info.h"
#include "support/fault_proxy.h"
#include "support/mysql_server.h"
#include "support/test_certificates.h"

namespace tailwater::mysql {
namespace {

using test::MysqlServer;
using test::SharedServer;
using testing::HasSubstr;

using SteadyClock = std::chrono::steady_clock;

constexpr uint8_t kRotate = 4;
constexpr uint8_t kHeartbeat = 27;
constexpr uint8_t kHeartbeatV2 = 41;
constexpr uint16_t kArtificial = 0x20;

uint8_t type_of(Bytes event) {
  return event[4];
}
bool is_heartbeat(Bytes event) {
  return type_of(event) == kHeartbeat || type_of(event) == kHeartbeatV2;
}
bool is_artificial(Bytes event) {
  return (load<uint16_t>(event.data() + 17) & kArtificial) != 0;
}

bool holds(Bytes event, std::string_view text) {
  return as_text(event).find(text) != std::string_view::npos;
}

// "uuid:1-5" in the wire form of COM_BINLOG_DUMP_GTID, one interval of one server only.
MysqlGtidStart gtid_start(const std::string& text) {
  ByteBuffer out;
  if (text.empty()) {
    out.put<uint64_t>(0);
    return {std::string(as_text(out.view())), text};
  }
  const auto colon = text.find(':');
  std::string digits = text.substr(0, colon);
  std::erase(digits, '-');
  const auto dash = text.find('-', colon);
  const uint64_t last = std::stoull(text.substr(dash == std::string::npos ? colon + 1 : dash + 1));
  out.put<uint64_t>(1);
  out.append(from_hex(digits).value());
  out.put<uint64_t>(1);
  out.put<uint64_t>(1);
  out.put<uint64_t>(last + 1);
  return {std::string(as_text(out.view())), text};
}

class Dumps : public testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override { TW_NEED_SERVER(GetParam()); }
  static MysqlServer& server() { return SharedServer::get(GetParam()); }
  static bool mariadb() { return GetParam() == Flavor::kMariadb; }
  static void run(const std::vector<std::string>& statements) {
    const Status done = server().run(statements);
    ASSERT_TRUE(done.has_value()) << done.error().describe();
  }
  static BinlogPosition end_of_binlog(const MysqlServer& of = server()) {
    auto connection = of.connect();
    return read_binlog_status(*connection)->end;
  }
  static size_t count_binary_logs(const MysqlServer& of) {
    auto connection = of.connect();
    return list_binary_logs(*connection)->size();
  }
  static DumpOptions options() {
    static uint32_t next_id = 0x90000000U;
    return {.server_id = next_id++, .deadline_us = 20'000'000};
  }
  static Result<DumpStream> open(const Endpoint& endpoint, const DumpStart& start,
                                 const DumpOptions& options) {
    TW_ASSIGN(Connection connection, Connection::open(endpoint));
    return DumpStream::open(std::move(connection), start, options);
  }
  // Reads until an event holds `text`; the number of events, or 0 with a failure.
  static size_t read_until(DumpStream& stream, std::string_view text) {
    for (size_t count = 1;; ++count) {
      const auto event = stream.next({});
      if (!event.has_value() || !event->has_value()) {
        ADD_FAILURE() << "no event with " << text << ": "
                      << (event.has_value() ? "end of the dump" : event.error().describe());
        return 0;
      }
      if (holds(**event, text)) return count;
    }
  }
  // The error that ends a dump.
  static Error failure(Result<DumpStream>& stream) {
    if (!stream.has_value()) return stream.error();
    for (;;) {
      const auto event = stream->next({});
      if (!event.has_value()) return event.error();
      if (!event->has_value()) return {ErrorKind::kBug, "the dump ended well", {}, {}};
    }
  }
};
INSTANTIATE_TEST_SUITE_P(, Dumps, testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& of) { return std::string(to_string(of.param)); });

std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST_P(Dumps, GivesTheVeryBytesOfTheBinlogFile) {
  run({"FLUSH BINARY LOGS", "CREATE TABLE IF NOT EXISTS test.bytes (i INT, b LONGBLOB)",
       "INSERT INTO test.bytes VALUES (1, 'small')"});
  const BinlogPosition place = end_of_binlog();
  // Events of more than the buffer, and of more than two packets.
  run({"INSERT INTO test.bytes VALUES (2, REPEAT('0123456789abcdef', 120000))",
       "INSERT INTO test.bytes VALUES (3, REPEAT('0123456789abcdef', 2300000))",
       "INSERT INTO test.bytes VALUES (4, 'after')", "FLUSH BINARY LOGS"});
  const std::string file = read_whole(server().data_folder() + "/" + place.file);
  for (const uint64_t from : {uint64_t{4}, place.pos}) {
    for (const size_t buffer_bytes : {size_t{4096}, size_t{1} << 20}) {
      DumpOptions choice = options();
      choice.non_blocking = true;
      choice.buffer_bytes = buffer_bytes;
      auto stream = open(server().tcp(), BinlogPosition{place.file, from}, choice);
      ASSERT_TRUE(stream.has_value()) << stream.error().describe();
      std::string bytes = file.substr(0, from);
      bool header_passed = from == 4;
      while (bytes.size() < file.size()) {
        const auto event = stream->next({});
        ASSERT_TRUE(event.has_value()) << event.error().describe();
        ASSERT_TRUE(event->has_value());
        if (is_artificial(**event) && type_of(**event) == kRotate) continue;
        // A dump from the middle starts with the file's format description all the same.
        if (std::exchange(header_passed, true)) bytes += as_text(**event);
      }
      EXPECT_TRUE(bytes == file) << bytes.size() << " and " << file.size();
      EXPECT_GT(stream->bytes_received(), file.size() - from);
    }
  }
}

TEST_P(Dumps, ANonBlockingDumpEnds) {
  DumpOptions choice = options();
  choice.non_blocking = true;
  auto stream = open(server().tcp(), end_of_binlog(), choice);
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  for (int i = 0; i < 20; ++i) {
    const auto event = stream->next({});
    ASSERT_TRUE(event.has_value()) << event.error().describe();
    if (!event->has_value()) return;
  }
  FAIL() << "the dump goes on";
}

TEST_P(Dumps, StartsAfterAGtid) {
  run({"CREATE TABLE IF NOT EXISTS test.gtids (t VARCHAR(99))",
       "INSERT INTO test.gtids VALUES ('before-the-start')"});
  auto connection = server().connect();
  const std::string gtids = read_binlog_status(*connection)->gtids;
  run({"INSERT INTO test.gtids VALUES ('behind-the-start')"});
  DumpStart start = MariadbGtidStart{gtids};
  if (!mariadb()) start = gtid_start(gtids);
  auto stream = open(server().tcp(), start, options());
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  for (;;) {
    const auto event = stream->next({});
    ASSERT_TRUE(event.has_value()) << event.error().describe();
    ASSERT_FALSE(holds(**event, "before-the-start"));
    if (holds(**event, "behind-the-start")) break;
  }
  // From the very beginning.
  start = MariadbGtidStart{""};
  if (!mariadb()) start = gtid_start("");
  auto whole = open(server().tcp(), start, options());
  ASSERT_TRUE(whole.has_value()) << whole.error().describe();
  EXPECT_GT(read_until(*whole, "before-the-start"), 0U);
}

TEST_P(Dumps, AForeignGtidMustResync) {
  DumpStart start = MariadbGtidStart{"0-1-999999999"};
  if (!mariadb()) start = gtid_start(server().value("SELECT @@server_uuid") + ":1-999999999");
  auto stream = open(server().tcp(), start, options());
  const Error error = failure(stream);
  EXPECT_EQ(error.kind, ErrorKind::kResync) << error.describe();
  DumpStart other_flavor = MariadbGtidStart{"0-1-1"};
  if (mariadb()) other_flavor = gtid_start("");
  auto wrong = open(server().tcp(), other_flavor, options());
  EXPECT_EQ(failure(wrong).kind, ErrorKind::kResync);
}

TEST_P(Dumps, APositionThatIsGoneSaysWhatTheServerHas) {
  auto started = MysqlServer::start({.flavor = GetParam()});
  ASSERT_TRUE(started.has_value()) << started.error().describe();
  MysqlServer& own = **started;
  ASSERT_TRUE(own.run({"CREATE TABLE test.t (i INT)", "INSERT INTO test.t VALUES (1)",
                       "FLUSH BINARY LOGS", "INSERT INTO test.t VALUES (2)", "FLUSH BINARY LOGS",
                       "INSERT INTO test.t VALUES (3)"})
                  .has_value());
  const BinlogPosition end = end_of_binlog(own);
  // MariaDB keeps, without a word, a file that its storage engine may still need for recovery.
  for (int i = 0; i < 200 && count_binary_logs(own) > 1; ++i) {
    ASSERT_TRUE(own.run({"PURGE BINARY LOGS TO '" + end.file + "'"}).has_value());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_EQ(count_binary_logs(own), 1U);
  for (const DumpStart& start :
       {DumpStart(BinlogPosition{"binlog.000001", 4}),
        DumpStart(BinlogPosition{end.file, end.pos + 1000}),
        mariadb() ? DumpStart(MariadbGtidStart{"0-1-1"}) : DumpStart(gtid_start(""))}) {
    auto stream = open(own.tcp(), start, options());
    const Error error = failure(stream);
    EXPECT_EQ(error.kind, ErrorKind::kResync) << error.describe();
    EXPECT_THAT(error.hint, HasSubstr(end.file)) << error.describe();
  }
}

TEST_P(Dumps, WithoutTheGrantItSaysWhichToGive) {
  run({"DROP USER IF EXISTS nobody_special", "CREATE USER nobody_special@'%' IDENTIFIED BY 'pw'"});
  Endpoint endpoint = server().tcp();
  endpoint.user = "nobody_special";
  endpoint.password = "pw";
  auto stream = open(endpoint, BinlogPosition{"binlog.000001", 4}, options());
  const Error error = failure(stream);
  EXPECT_EQ(error.kind, ErrorKind::kUserFix) << error.describe();
  EXPECT_THAT(error.hint, HasSubstr("GRANT REPLICATION SLAVE"));
}

TEST_P(Dumps, WithoutABinlogItSaysHowToSwitchItOn) {
  auto started = MysqlServer::start({.flavor = GetParam(), .log_bin = false});
  ASSERT_TRUE(started.has_value()) << started.error().describe();
  auto stream = open((*started)->tcp(), BinlogPosition{"binlog.000001", 4}, options());
  const Error error = failure(stream);
  EXPECT_EQ(error.kind, ErrorKind::kUserFix) << error.describe();
  EXPECT_THAT(error.hint, HasSubstr("log_bin"));
}

TEST_P(Dumps, HeartbeatsKeepAnIdleDumpAlive) {
  DumpOptions choice = options();
  choice.heartbeat_period_us = 100'000;
  choice.deadline_us = 1'000'000;
  auto stream = open(server().tcp(), end_of_binlog(), choice);
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  size_t heartbeats = 0;
  while (heartbeats < 15) {
    const auto event = stream->next({});
    ASSERT_TRUE(event.has_value()) << event.error().describe();
    if (is_heartbeat(**event)) ++heartbeats;
  }
}

TEST_P(Dumps, AFrozenServerIsNoticedAtTheDeadline) {
  DumpOptions choice = options();
  choice.heartbeat_period_us = 100'000;
  choice.deadline_us = 500'000;
  auto stream = open(server().tcp(), end_of_binlog(), choice);
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  ASSERT_TRUE(stream->next({}).has_value());
  server().pause();
  const auto start = SteadyClock::now();
  const Error error = failure(stream);
  server().unpause();
  EXPECT_EQ(error.kind, ErrorKind::kRetry);
  EXPECT_THAT(error.message, HasSubstr("no data and no heartbeat"));
  EXPECT_LT(SteadyClock::now() - start, std::chrono::seconds(5));
}

TEST_P(Dumps, AHalfOpenConnectionIsNoticedAndACutOneAtOnce) {
  for (const bool cut : {false, true}) {
    test::FaultProxy proxy(server().port());
    Endpoint endpoint = server().tcp();
    endpoint.port = proxy.port();
    DumpOptions choice = options();
    choice.heartbeat_period_us = 100'000;
    choice.deadline_us = 400'000;
    auto stream = open(endpoint, end_of_binlog(), choice);
    ASSERT_TRUE(stream.has_value()) << stream.error().describe();
    ASSERT_TRUE(stream->next({}).has_value());
    cut ? proxy.cut() : proxy.stall(true);
    const Error error = failure(stream);
    EXPECT_EQ(error.kind, ErrorKind::kRetry) << error.describe();
    EXPECT_EQ(error.message.find("heartbeat") != std::string::npos, !cut) << error.describe();
  }
}

TEST_P(Dumps, AServerThatGoesAwayIsARetry) {
  auto started = MysqlServer::start({.flavor = GetParam()});
  ASSERT_TRUE(started.has_value()) << started.error().describe();
  MysqlServer& own = **started;
  const auto goes_away = [&](const std::function<void(const DumpStream&)>& how) {
    auto stream = open(own.tcp(), end_of_binlog(own), options());
    ASSERT_TRUE(stream.has_value()) << stream.error().describe();
    ASSERT_TRUE(stream->next({}).has_value());
    how(*stream);
    const Error error = failure(stream);
    EXPECT_EQ(error.kind, ErrorKind::kRetry) << error.describe();
  };
  goes_away([&](const DumpStream& stream) {
    EXPECT_TRUE(own.run({"KILL " + std::to_string(stream.connection().thread_id())}).has_value());
  });
  // MySQL's shutdown burns ten seconds when a dump is open; its end of the dump is the same as
  // KILL's.
  if (mariadb()) {
    goes_away([&](const DumpStream&) { EXPECT_TRUE(own.restart().has_value()); });
  }
  goes_away([&](const DumpStream&) { own.kill9(); });
}

TEST_P(Dumps, AStopFromAnotherThreadWakesIt) {
  auto stream = open(server().tcp(), end_of_binlog(), options());
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  std::stop_source stop;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  Error error;
  while (error.message.empty()) {
    const auto event = stream->next(stop.get_token());
    if (!event.has_value()) error = event.error();
  }
  stopper.join();
  EXPECT_EQ(error.kind, ErrorKind::kStopped);
}

TEST_P(Dumps, TheServerListsUs) {
  const DumpOptions choice = options();
  auto stream = open(server().tcp(), end_of_binlog(), choice);
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  ASSERT_TRUE(stream->next({}).has_value());
  auto connection = server().connect();
  auto rows = connection->query(mariadb() ? "SHOW SLAVE HOSTS" : "SHOW REPLICAS");
  ASSERT_TRUE(rows.has_value()) << rows.error().describe();
  std::string host;
  while (rows->next().value()) {
    if (rows->number(0) == choice.server_id) host = rows->text(1);
  }
  EXPECT_THAT(host, testing::StartsWith("tailwater@"));
}

TEST_P(Dumps, AnEventArrivesWithinAMillisecondsTimeOfItsCommit) {
  run({"CREATE TABLE IF NOT EXISTS test.quick (t VARCHAR(99))"});
  auto stream = open(server().tcp(), end_of_binlog(), options());
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  auto connection = server().connect();
  std::vector<int64_t> delays_us;
  for (int i = 0; i < 50; ++i) {
    const std::string mark = "quick-" + std::to_string(i) + "-";
    ASSERT_TRUE(connection->execute("INSERT INTO test.quick VALUES ('" + mark + "')").has_value());
    const auto committed = SteadyClock::now();
    ASSERT_GT(read_until(*stream, mark), 0U);
    delays_us.push_back((SteadyClock::now() - committed) / std::chrono::microseconds(1));
  }
  std::sort(delays_us.begin(), delays_us.end());
  RecordProperty("median_us", static_cast<int>(delays_us[25]));
  // Generous: the machine is busy. A reader that waits for more bytes would need far longer.
  EXPECT_LT(delays_us[25], 5000);
}

TEST_P(Dumps, ReadsOverTlsAndTheSocket) {
  const auto certificates = test::TestCertificates::make();
  ASSERT_TRUE(certificates.has_value()) << certificates.error().describe();
  auto started =
      MysqlServer::start({.flavor = GetParam(), .tls_folder = (*certificates)->folder()});
  ASSERT_TRUE(started.has_value()) << started.error().describe();
  MysqlServer& own = **started;
  ASSERT_TRUE(own.run({"CREATE TABLE test.t (i INT, b LONGBLOB)",
                       "INSERT INTO test.t VALUES (1, REPEAT('x', 18000000))",
                       "INSERT INTO test.t SELECT seq.n, REPEAT('y', 500) FROM (WITH RECURSIVE s "
                       "AS (SELECT 1 AS n UNION "
                       "ALL SELECT n + 1 FROM s WHERE n < 900) SELECT n FROM s) AS seq",
                       "INSERT INTO test.t VALUES (2, 'the-very-last')"})
                  .has_value());
  Endpoint tls = own.tcp();
  tls.host = "localhost";
  tls.tls = TlsMode::kVerifyIdentity;
  tls.tls_ca = (*certificates)->file("ca.pem");
  size_t plain_events = 0;
  int marks = 0;
  for (const Endpoint& endpoint : {own.tcp(), own.local(), tls}) {
    auto stream = open(endpoint, BinlogPosition{"binlog.000001", 4}, options());
    ASSERT_TRUE(stream.has_value()) << stream.error().describe();
    EXPECT_EQ(stream->connection().tls_cipher().empty(), endpoint.tls == TlsMode::kDisabled);
    const size_t events = read_until(*stream, "the-very-last");
    if (plain_events == 0) plain_events = events;
    EXPECT_EQ(events, plain_events);
    // And waits and wakes as well.
    const std::string mark = "later-" + std::to_string(marks++) + "-";
    std::thread later([&] { (void)own.run({"INSERT INTO test.t VALUES (3, '" + mark + "')"}); });
    EXPECT_GT(read_until(*stream, mark), 0U);
    later.join();
  }
}

}  // namespace
}  // namespace tailwater::mysql
