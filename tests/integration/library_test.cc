// The library as a program uses it: load, stored positions, life cycle, heartbeats, start and stop.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tailwater/stream.h>

#include "base/clock.h"
#include "integration/captured.h"
#include "support/fault_proxy.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using testing::HasSubstr;
using Kind = StreamEvent::Kind;
using RowsByKey = std::map<std::string, std::string>;  // "table/key" to "id|text"

constexpr int64_t kWaitMaxUs = 30'000'000;

bool wait_for(const std::function<bool()>& condition) {
  const int64_t until_us = Clock::system().steady_us() + kWaitMaxUs;
  while (!condition()) {
    if (Clock::system().steady_us() > until_us) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::string text_of(const Row& row) {
  std::string text;
  for (size_t i = 0; i < row.size(); ++i) {
    text += (i > 0 ? "|" : "") + (row[i].is_null() ? std::string("NULL") : row[i].text());
  }
  return text;
}

std::string key_of(const Change& change, const Row& row) {
  return std::string(change.table()) + "/" + row.find(change.key(0).name())->text();
}

// A row that comes twice, or goes without having come, is a double or a gap. In a load rows may be
// changed before they are read.
void apply(const Change& change, RowsByKey& rows, bool strict = true) {
  if (const Row before = change.before()) {
    const size_t gone = rows.erase(key_of(change, before));
    EXPECT_TRUE(gone == 1 || !strict) << "not there: " << text_of(before);
  }
  if (const Row after = change.after()) {
    const bool fresh = rows.insert_or_assign(key_of(change, after), text_of(after)).second;
    EXPECT_TRUE(fresh || !strict) << "there already: " << text_of(after);
  }
}

class LibraryTest : public testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    server_ = &SharedServer::get(GetParam());
    ASSERT_TRUE(server_->run({"DROP DATABASE IF EXISTS lib", "CREATE DATABASE lib",
                              "CREATE TABLE lib.people (id INT PRIMARY KEY, name VARCHAR(50))",
                              "CREATE TABLE lib.cities (id INT PRIMARY KEY, name VARCHAR(50))",
                              "CREATE TABLE lib.other (id INT PRIMARY KEY, name VARCHAR(50))"}));
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    EXPECT_TRUE(server_->run({"DROP DATABASE IF EXISTS lib"}));
  }

  [[nodiscard]] StreamOptions options() const { return {.url = server_->url()}; }

  void run(const std::vector<std::string>& statements) const {
    const Status done = server_->run(statements);
    ASSERT_TRUE(done.has_value()) << done.error().describe();
  }
  void fill(const std::string& table, int rows) const {
    std::string values;
    for (int i = 1; i <= rows; ++i)
      values += fmt::format("{}({}, 'name {}')", i > 1 ? "," : "", i, i);
    run({"INSERT INTO lib." + table + " VALUES " + values});
  }

  [[nodiscard]] RowsByKey rows_of_server() const {
    RowsByKey rows;
    auto connection = server_->connect();
    EXPECT_TRUE(connection.has_value());
    for (const std::string table : {"people", "cities"}) {
      auto result = connection->query("SELECT id, name FROM lib." + table);
      EXPECT_TRUE(result.has_value());
      while (result->next().value_or(false)) {
        rows[table + "/" + result->text(0)] = result->text(0) + "|" + result->text(1);
      }
    }
    return rows;
  }

  // Reads up to this moment from a position, and gives the position after it.
  std::string read_on(const std::string& from, RowsByKey& rows, const std::string& url = {}) const {
    StreamOptions wanted = options();
    if (!url.empty()) wanted.url = url;
    wanted.from = from;
    wanted.until = "now";
    wanted.tables = {"lib.people", "lib.cities"};
    auto stream = Stream::open(wanted);
    EXPECT_TRUE(stream.has_value()) << stream.error().describe();
    if (!stream.has_value()) return from;
    for (const Change& change : *stream) apply(change, rows);
    EXPECT_TRUE(stream->result().has_value()) << stream->result().error().describe();
    const auto position = stream->next_position();
    EXPECT_TRUE(position.has_value()) << position.error().describe();
    return position.value_or(from);
  }

  MysqlServer* server_ = nullptr;
};

TEST_P(LibraryTest, LoadsTablesInOrderAndGoesOnWithoutGapOrDouble) {
  fill("people", 3000);
  fill("cities", 500);
  fill("other", 5);
  std::atomic<bool> busy = true;
  std::thread writer([&] {
    std::minstd_rand random(7);
    for (int i = 0; busy; ++i) {
      const auto id = random() % 4000;
      const char* table = i % 2 == 0 ? "people" : "cities";
      run({fmt::format("REPLACE INTO lib.{} VALUES ({}, 'new {}')", table, id, i),
           fmt::format("DELETE FROM lib.{} WHERE id = {}", table, random() % 4000),
           fmt::format("REPLACE INTO lib.other VALUES ({}, 'o')", id)});
    }
  });
  RowsByKey rows;
  std::vector<std::string> order;
  auto stream = Stream::load(options(), {"lib.people", "lib.cities"});
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  EXPECT_EQ(stream->next_position().error().kind, ErrorKind::kRetry);
  for (const Change& change : *stream) {
    EXPECT_NE(change.table(), "other");
    if (change.operation() == Operation::kReadStart || change.operation() == Operation::kReadEnd) {
      order.push_back(fmt::format("{} {}", to_string(change.operation()), change.table()));
      continue;
    }
    apply(change, rows, /*strict=*/false);
  }
  ASSERT_TRUE(stream->result().has_value()) << stream->result().error().describe();
  EXPECT_THAT(order, testing::ElementsAre("read_start people", "read_end people",
                                          "read_start cities", "read_end cities"));
  auto position = stream->next_position();
  ASSERT_TRUE(position.has_value()) << position.error().describe();
  EXPECT_TRUE(validate_position(options(), *position).has_value());
  std::string next = read_on(*position, rows);  // while the writer goes on
  busy = false;
  writer.join();
  next = read_on(next, rows);
  EXPECT_EQ(rows, rows_of_server());
}

TEST_P(LibraryTest, RefusesTablesThatAreNotThere) {
  auto stream = Stream::load(options(), {"lib.people", "lib.nobody"});
  ASSERT_FALSE(stream.has_value());
  EXPECT_EQ(stream.error().kind, ErrorKind::kUserFix);
  EXPECT_THAT(stream.error().message, HasSubstr("there is no table lib.nobody"));
}

TEST_P(LibraryTest, EveryTransactionsPositionIsAPlaceToGoOn) {
  StreamOptions from_now = options();
  from_now.tables = {"lib.people", "lib.cities"};
  auto stream = Stream::open(from_now);
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  for (int i = 1; i <= 10; ++i) {
    run({fmt::format("INSERT INTO lib.people VALUES ({}, 'a'), ({}, 'b')", i, 100 + i),
         fmt::format("INSERT INTO lib.other VALUES ({}, 'filtered')", i)});
  }
  std::vector<std::string> positions;
  for (const Change& change : *stream) {
    if (change.table() != "people" || !change.last_of_transaction()) continue;
    const auto position = stream->next_position();
    ASSERT_TRUE(position.has_value()) << position.error().describe();
    positions.push_back(*position);
    if (positions.size() == 10) break;
  }
  for (size_t i = 0; i < positions.size(); ++i) {
    EXPECT_TRUE(validate_position(options(), positions[i]).has_value()) << positions[i];
    RowsByKey rows;
    read_on(positions[i], rows);
    EXPECT_EQ(rows.size(), 2 * (9 - i)) << positions[i];
  }
}

TEST_P(LibraryTest, APositionOfAnotherServerOrOneThatIsGoneIsRefused) {
  RowsByKey rows;
  const std::string position = read_on("now", rows);
  const std::string uuid = "11111111-1111-1111-1111-111111111111";
  const bool mariadb = GetParam() == Flavor::kMariadb;
  const std::string foreign =
      mariadb ? "mariadb;gtids=0-77-999999999" : "mysql;gtids=" + uuid + ":1-9";
  const std::string wrong_kind = mariadb ? "mysql;gtids=" + uuid + ":1" : "mariadb;gtids=0-1-1";
  for (const std::string& text : {foreign, wrong_kind}) {
    const Status valid = validate_position(options(), text);
    ASSERT_FALSE(valid.has_value()) << text;
    EXPECT_EQ(valid.error().kind, ErrorKind::kResync) << valid.error().describe();
  }
  auto fresh = MysqlServer::start({.flavor = GetParam()});
  ASSERT_TRUE(fresh.has_value());
  ASSERT_TRUE((*fresh)->run({"CREATE DATABASE lib", "CREATE TABLE lib.t (a INT)",
                             "FLUSH BINARY LOGS", "FLUSH BINARY LOGS"}));
  const std::string old = [&] {
    StreamOptions wanted{.url = (*fresh)->url(), .from = "earliest", .until = "now"};
    auto stream = Stream::open(wanted);
    EXPECT_TRUE(stream.has_value());
    auto at = stream->begin();
    EXPECT_NE(at, stream->end());
    return stream->next_position().value_or("");
  }();
  EXPECT_TRUE(validate_position({.url = (*fresh)->url()}, old).has_value()) << old;
  const std::string newest = binlog_end(**fresh);
  ASSERT_TRUE((*fresh)->run(
      {"DROP DATABASE lib", "FLUSH BINARY LOGS",
       fmt::format("PURGE BINARY LOGS TO '{}'", newest.substr(0, newest.find(':')))}));
  const Status gone = validate_position({.url = (*fresh)->url()}, old);
  if (mariadb) {
    // A GTID that a later file's list still begins with may be served: the stream decides.
    EXPECT_TRUE(gone.has_value() || gone.error().kind == ErrorKind::kResync);
  } else {
    ASSERT_FALSE(gone.has_value());
    EXPECT_EQ(gone.error().kind, ErrorKind::kResync) << gone.error().describe();
  }
}

TEST_P(LibraryTest, StopsAndStartsAgainWithoutGapOrDouble) {
  auto stream = Stream::open(options());
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  EXPECT_TRUE(stream->start().has_value());  // it runs already
  std::atomic<bool> busy = true;
  std::thread writer([&] {
    for (int i = 1; i <= 300; ++i) run({fmt::format("INSERT INTO lib.people VALUES ({}, 'x')", i)});
    busy = false;
  });
  std::thread stopper([&] {
    while (busy) {
      std::this_thread::sleep_for(std::chrono::milliseconds(7));
      stream->stop();
      stream->stop();
    }
  });
  RowsByKey rows;
  int rounds = 0;
  while (rows.size() < 300 && rounds < 10'000) {
    for (const Change& change : *stream) {
      apply(change, rows);
      if (rows.size() == 300) break;
    }
    ASSERT_TRUE(stream->result().has_value()) << stream->result().error().describe();
    ASSERT_TRUE(stream->start().has_value());
    ++rounds;
  }
  writer.join();
  stopper.join();
  EXPECT_EQ(rows, rows_of_server());
  EXPECT_GT(rounds, 1);
}

TEST_P(LibraryTest, TellsWhatHappens) {
  FaultProxy proxy(server_->port());
  mysql::Endpoint endpoint = server_->tcp();
  std::mutex mutex;
  std::vector<StreamEvent> events;
  const auto seen = [&](Kind kind) {
    const std::scoped_lock lock(mutex);
    return std::count_if(events.begin(), events.end(),
                         [&](const StreamEvent& event) { return event.kind == kind; });
  };
  std::atomic<int> asked = 0;
  StreamOptions wanted{.url = "mysql://somebody@nowhere.invalid:1/lib"};
  wanted.locate = [&]() -> Result<ServerAddress> {
    ++asked;
    return ServerAddress{.host = "127.0.0.1",
                         .port = proxy.port(),
                         .user = endpoint.user,
                         .password = endpoint.password.value_or("")};
  };
  wanted.on_event = [&](const StreamEvent& event) {
    const std::scoped_lock lock(mutex);
    events.push_back(event);
  };
  auto stream = Stream::open(wanted);
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  EXPECT_TRUE(wait_for([&] { return seen(Kind::kCaughtUp) == 1; }));
  EXPECT_EQ(seen(Kind::kConnected), 1);
  const int before = asked;
  proxy.cut();
  EXPECT_TRUE(wait_for([&] { return seen(Kind::kConnected) == 2; }));
  EXPECT_GT(asked, before);
  EXPECT_EQ(seen(Kind::kDisconnected), 1);
  EXPECT_GE(seen(Kind::kRetrying), 1);
  stream->stop();
  EXPECT_TRUE(wait_for([&] { return seen(Kind::kStopped) == 1; }));
  const std::scoped_lock lock(mutex);
  EXPECT_FALSE(events.back().error.has_value());
  EXPECT_THAT(events.front().server, HasSubstr(std::to_string(proxy.port())));
}

TEST_P(LibraryTest, ALocatorsErrorsAreThoseOfTheStream) {
  StreamOptions wanted = options();
  wanted.locate = []() -> Result<ServerAddress> {
    return fail(ErrorKind::kUserFix, "the directory does not know the server");
  };
  const auto stream = Stream::open(wanted);
  ASSERT_FALSE(stream.has_value());
  EXPECT_EQ(stream.error().kind, ErrorKind::kUserFix);
  EXPECT_THAT(stream.error().message, HasSubstr("the directory does not know the server"));
}

TEST_P(LibraryTest, StopMayBeCalledFromAnEventAndStartMayNot) {
  std::atomic<Stream*> where = nullptr;
  std::atomic<int> refused = 0;
  StreamOptions wanted = options();
  wanted.heartbeat_interval_ms = 100;
  wanted.on_event = [&](const StreamEvent& event) {
    if (event.kind != Kind::kCaughtUp || !wait_for([&] { return where.load() != nullptr; })) return;
    const Status started = where.load()->start();
    refused = !started.has_value() && started.error().kind == ErrorKind::kBusy ? 1 : 2;
    where.load()->stop();
  };
  auto stream = Stream::open(wanted);
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  where = &*stream;
  for (const Change& change : *stream) EXPECT_EQ(change.operation(), Operation::kHeartbeat);
  EXPECT_TRUE(stream->result().has_value());
  EXPECT_EQ(refused, 1);
}

TEST_P(LibraryTest, HeartbeatsKeepThePositionOfAQuietStreamFresh) {
  StreamOptions wanted = options();
  wanted.tables = {"lib.people"};
  wanted.heartbeat_interval_ms = 200;
  auto stream = Stream::open(wanted);
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  std::string first;
  int beats = 0;
  for (const Change& change : *stream) {
    if (change.operation() == Operation::kSchemaChange) continue;
    ASSERT_EQ(change.operation(), Operation::kHeartbeat);
    EXPECT_FALSE(change.row());
    EXPECT_EQ(change.key_size(), 0U);
    EXPECT_TRUE(change.last_of_transaction());
    EXPECT_LT(std::abs(change.commit_time_us() - Clock::system().now_us()), kWaitMaxUs);
    const auto position = stream->next_position();
    ASSERT_TRUE(position.has_value()) << position.error().describe();
    ++beats;
    if (first.empty()) {
      first = *position;
      run({"INSERT INTO lib.other VALUES (1, 'nobody reads this')"});
    } else if (*position != first && beats >= 4) {
      RowsByKey rows;
      run({"INSERT INTO lib.people VALUES (1, 'after it')"});
      read_on(*position, rows);
      EXPECT_EQ(rows.size(), 1U);
      break;
    }
    ASSERT_LT(beats, 100);
  }
  EXPECT_GE(beats, 4);
}

TEST_P(LibraryTest, TakesASetOfTables) {
  StreamOptions wanted = options();
  wanted.tables = {"cities", "lib.people"};
  wanted.until = "now";
  wanted.from = binlog_end(*server_);
  run({"INSERT INTO lib.people VALUES (1, 'a')", "INSERT INTO lib.other VALUES (1, 'a')",
       "INSERT INTO lib.cities VALUES (1, 'a')"});
  wanted.url += "lib";
  auto stream = Stream::open(wanted);
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  std::vector<std::string> tables;
  for (const Change& change : *stream) tables.emplace_back(change.table());
  EXPECT_THAT(tables, testing::ElementsAre("people", "cities"));
}

INSTANTIATE_TEST_SUITE_P(Servers, LibraryTest, testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& test) { return std::string(to_string(test.param)); });

TEST(StreamOptions, TellsAllThatIsWrongAtOnce) {
  StreamOptions options{.url = "postgres://x", .from = "yesterday", .until = "earliest"};
  options.tables = {"people"};
  options.table_include = {"a(", "b.c", "d["};
  options.mask_hash = {"a.b.c"};
  options.mask_truncate = {"a.b.c:many"};
  options.skip_operations = {"insert", "upsert"};
  options.tls = "perhaps";
  options.heartbeat_interval_ms = -1;
  options.reader_name = "../x";
  std::string all;
  for (const Error& error : options.validate()) {
    EXPECT_EQ(error.kind, ErrorKind::kUserFix) << error.describe();
    all += error.describe() + "\n";
  }
  for (const char* part :
       {"url: ", "from: ", "until: ", "tables: 'people'", "tables and table_include", "'a('",
        "'d['", "mask_hash has no salt", "mask_truncate: ", "upsert",
        "tls: ", "heartbeat_interval_ms", "reader_name"}) {
    EXPECT_THAT(all, HasSubstr(part));
  }
  EXPECT_EQ(all.find("b.c'"), std::string::npos) << all;
  const auto opened = Stream::open(options);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, ErrorKind::kUserFix);
  EXPECT_THAT(opened.error().message, HasSubstr("options are wrong"));
  EXPECT_THAT(StreamOptions{.url = "mysql://a@b/c"}.validate(), testing::IsEmpty());
}

}  // namespace
}  // namespace tailwater::test
