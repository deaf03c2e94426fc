// Snapshots that are asked for, paused, killed and gone on with, of tables of every kind.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "integration/captured.h"
#include "integration/folded_table.h"
#include "integration/program.h"
#include "pipeline/running_source.h"
#include "support/temp_folder.h"

namespace tailwater::test {
namespace {

using mysql::Connection;
using mysql::Flavor;
using pipeline::RunningSource;
using pipeline::SourceConfig;
using State = SnapshotStatus::State;

constexpr int64_t kWaitMaxUs = 60'000'000;

bool wait_for(const std::function<bool()>& condition) {
  const int64_t until_us = Clock::system().steady_us() + kWaitMaxUs;
  while (!condition()) {
    if (Clock::system().steady_us() > until_us) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

class SnapshotBehaviourTest : public ::testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    server_ = &SharedServer::get(GetParam());
    run({"DROP DATABASE IF EXISTS snap", "CREATE DATABASE snap CHARACTER SET utf8mb4"});
  }

  void run(const std::vector<std::string>& statements) const {
    const Status ran = server_->run(statements);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }
  [[nodiscard]] SourceConfig config(const std::string& mode = "initial") const {
    SourceConfig config = capture_config(*server_, "now", "");
    config.snapshot = mode;
    config.table_include = {"snap\\..*"};
    config.snapshot_chunk_bytes = 20'000;
    config.snapshot_threads = 3;
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
  static bool wait_state(const RunningSource& source, State state) {
    return wait_for([&] {
      const auto status = source.status().source;
      return source.ended() || (status.snapshot && status.snapshot->state == state);
    });
  }
  static bool wait_done(const RunningSource& source) { return wait_state(source, State::kDone); }
  void wait_for_end(const RunningSource& source) const {
    const std::string end = binlog_end(*server_);
    EXPECT_TRUE(wait_for([&] {
      return source.ended() || source.status().source.position.binlog.describe() == end;
    })) << source.status().source.last_error;
    EXPECT_TRUE(source.result().has_value()) << source.result().error().describe();
  }
  [[nodiscard]] std::multiset<std::string> select(const std::string& sql) const {
    return select_rows(*server_, sql);
  }
  [[nodiscard]] std::string kept() const { return folder_.file("test/log"); }
  [[nodiscard]] FoldedTable rows_of(const std::string& table) const {
    return rows_in(log(), table);
  }
  [[nodiscard]] FoldedTable rows_of_kept(const std::string& table) const {
    return rows_in(kept(), table);
  }
  [[nodiscard]] static FoldedTable rows_in(const std::string& log, const std::string& table) {
    FoldedTable rows;
    const auto captured = read_changelog(log);
    if (!captured.has_value() && captured.error().kind == ErrorKind::kNotFound) return rows;
    EXPECT_TRUE(captured.has_value()) << captured.error().describe();
    if (!captured.has_value()) return rows;
    EXPECT_EQ(broken_promise(*captured), "");
    for (const CapturedTransaction& transaction : *captured) {
      for (const CapturedChange& change : transaction.rows) {
        if (change.schema != nullptr && change.schema->table == table) fold(change, rows);
      }
    }
    return rows;
  }
  void expect_table(const std::string& table, const std::string& sql) const {
    const FoldedTable rows = rows_of(table);
    std::multiset<std::string> ours;
    for (const auto& [key, row] : rows.rows) ours.insert(row);
    EXPECT_EQ(ours, select(sql)) << table;
    EXPECT_EQ(rows.starts, 1) << table;
    EXPECT_EQ(rows.ends, 1) << table;
    for (const auto& [key, count] : rows.reads) {
      EXPECT_EQ(count, 1) << table << " " << key << " was read more than once";
    }
  }
  void make_numbers(const std::string& table, int count) const {
    run({fmt::format("CREATE TABLE snap.{} (n INT PRIMARY KEY, v VARCHAR(50))", table)});
    std::string values;
    for (int i = 1; i <= count; ++i) {
      values += fmt::format("{}({}, 'value {}')", values.empty() ? "" : ",", i, i);
    }
    run({fmt::format("INSERT INTO snap.{} VALUES {}", table, values)});
  }

  TempFolder folder_{"tailwater-snapshot"};
  MysqlServer* server_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Servers, SnapshotBehaviourTest,
                         ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

TEST_P(SnapshotBehaviourTest, OnlyEndsWhenTheTablesAreRead) {
  make_numbers("t", 3000);
  run({"CREATE TABLE snap.nothing (n INT PRIMARY KEY)"});
  const auto source = start(config("only"));
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_for([&] { return source->ended(); }));
  EXPECT_TRUE(source->result().has_value()) << source->result().error().describe();
  const auto status = source->status().source.snapshot;
  ASSERT_TRUE(status.has_value());
  EXPECT_GT(status->ended_us, status->started_us);
  ASSERT_TRUE(source->stop().has_value());
  expect_table("t", "SELECT * FROM snap.t");
  expect_table("nothing", "SELECT * FROM snap.nothing");
  // Once more: nothing is left to read.
  const auto again = start(config("only"));
  ASSERT_NE(again, nullptr);
  EXPECT_TRUE(wait_for([&] { return again->ended(); }));
  ASSERT_TRUE(again->stop().has_value());
  expect_table("t", "SELECT * FROM snap.t");
}

// Half of the rows in a lump, the rest far apart, some below zero; read by three at once.
TEST_P(SnapshotBehaviourTest, LumpyKeysAreReadOnce) {
  run({"CREATE TABLE snap.lumpy (n BIGINT PRIMARY KEY, v VARCHAR(50))"});
  std::string values;
  for (int64_t i = 0; i < 20000; ++i) {
    const int64_t key = i < 10000 ? i : i < 15000 ? i * 1'000'003 : -i * i * 1000;
    values += fmt::format("{}({}, 'lump {}')", values.empty() ? "" : ",", key, i);
  }
  run({"INSERT INTO snap.lumpy VALUES " + values,
       "INSERT INTO snap.lumpy VALUES (9223372036854775807, 'top'), (-9223372036854775808, "
       "'low')"});
  const auto source = start(config());
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_done(*source));
  ASSERT_TRUE(source->stop().has_value());
  expect_table("lumpy", "SELECT * FROM snap.lumpy");
}

// Keys in the server's own order: letters that are the same to a collation, spaces, several
// columns.
TEST_P(SnapshotBehaviourTest, KeysOfEveryType) {
  const std::vector<std::pair<std::string, std::string>> types = {
      {"VARCHAR(40) COLLATE utf8mb4_general_ci", "CONCAT(CHAR(65 + n % 26), n, 'é ß')"},
      {"VARCHAR(40) CHARACTER SET latin1", "CONCAT(n, 'äÖ')"},
      {"CHAR(20) CHARACTER SET sjis", "CONCAT('日', n)"},
      {"VARBINARY(30)", "UNHEX(SHA2(n, 224))"},
      {"BINARY(8)", "UNHEX(LPAD(HEX(n * 77), 16, '0'))"},
      {"DECIMAL(20,4)", "n / 7 - 300"},
      {"DECIMAL(40,10) ZEROFILL", "n * 1234567890.5"},
      {"DATE", "DATE '2000-01-01' + INTERVAL n DAY"},
      {"DATETIME(3)", "TIMESTAMP '2000-01-01 00:00:00' + INTERVAL n * 77777 SECOND"},
      {"TIMESTAMP(6)", "TIMESTAMP '2001-01-01 00:00:00' + INTERVAL n MINUTE"},
      {"TIME(2)", "SEC_TO_TIME(n * 60 - 20000)"},
      {"DOUBLE", "n / 3"},
      {"BIT(20)", "n"},
      {"BIGINT UNSIGNED", "18446744073709551615 - n"},
      {"ENUM('c','b','a')", "1 + n % 3"},
      {"SET('x','y','z')", "n % 8"}};
  for (size_t i = 0; i < types.size(); ++i) {
    const auto& [type, value] = types[i];
    run({fmt::format("CREATE TABLE snap.k{} (k {} NOT NULL, n INT NOT NULL, PRIMARY KEY (k, n))", i,
                     type),
         fmt::format("SET SESSION sql_mode = ''"),
         fmt::format(
             "INSERT INTO snap.k{} (k, n) SELECT {}, n FROM (SELECT a.i * 20 + b.i + 1 AS n "
             "FROM ({}) a, ({}) b) numbers",
             i, value, "SELECT 0 i UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4",
             "SELECT 0 i UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION "
             "SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9")});
  }
  SourceConfig tiny = config();
  tiny.snapshot_chunk_bytes = 200;
  const auto source = start(tiny);
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_done(*source)) << source->status().source.last_error;
  ASSERT_TRUE(source->stop().has_value());
  for (size_t i = 0; i < types.size(); ++i) {
    const FoldedTable rows = rows_of(fmt::format("k{}", i));
    EXPECT_EQ(rows.rows.size(), 50U) << types[i].first;
    EXPECT_EQ(rows.starts + rows.ends, 2) << types[i].first;
    for (const auto& [key, count] : rows.reads) EXPECT_EQ(count, 1) << types[i].first << " " << key;
  }
}

// Without a key a row that came twice could not be told from two rows.
TEST_P(SnapshotBehaviourTest, TableWithoutAKeyIsReadOnceWhileItIsWritten) {
  run({"CREATE TABLE snap.bag (a INT, b VARCHAR(20))"});
  std::string values;
  for (int i = 0; i < 4000; ++i) values += fmt::format("{}({}, 'b')", i == 0 ? "" : ",", i % 100);
  run({"INSERT INTO snap.bag VALUES " + values});
  std::atomic<bool> writing = true;
  std::jthread writer([&] {
    for (int i = 0; writing; ++i) {
      run({fmt::format("INSERT INTO snap.bag VALUES ({}, 'new')", i % 50),
           fmt::format("DELETE FROM snap.bag WHERE a = {} LIMIT 1", i % 100)});
    }
  });
  SourceConfig locked = config();
  const auto source = start(locked);
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_done(*source));
  writing = false;
  writer.join();
  wait_for_end(*source);
  ASSERT_TRUE(source->stop().has_value());
  const auto ours = rows_of("bag").bag;
  const auto theirs = select("SELECT * FROM snap.bag");
  std::vector<std::string> more;
  std::vector<std::string> less;
  std::set_difference(ours.begin(), ours.end(), theirs.begin(), theirs.end(),
                      std::back_inserter(more));
  std::set_difference(theirs.begin(), theirs.end(), ours.begin(), ours.end(),
                      std::back_inserter(less));
  EXPECT_TRUE(more.empty()) << more.size() << " too many, the first is " << more[0];
  EXPECT_TRUE(less.empty()) << less.size() << " are missing, the first is " << less[0];
}

TEST_P(SnapshotBehaviourTest, TableThatIsAddedLaterIsReadAtTheNextStart) {
  make_numbers("first", 500);
  make_numbers("second", 500);
  SourceConfig narrow = config();
  narrow.table_include = {"snap\\.first"};
  auto source = start(narrow);
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_done(*source));
  ASSERT_TRUE(source->stop().has_value());
  run({"INSERT INTO snap.second VALUES (1000, 'between')"});
  source = start(config());
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_done(*source));
  wait_for_end(*source);
  ASSERT_TRUE(source->stop().has_value());
  expect_table("first", "SELECT * FROM snap.first");
  expect_table("second", "SELECT * FROM snap.second");
}

// The server purged what was not read: the tables are read again, joined to the stream from now on.
TEST_P(SnapshotBehaviourTest, WhenNeededReadsAgainAfterThePositionIsGone) {
  for (const bool gtid : {true, false}) {
    if (!gtid && GetParam() == Flavor::kMariadb) continue;
    const auto own = MysqlServer::start({.flavor = GetParam(), .gtid = gtid});
    ASSERT_TRUE(own.has_value()) << own.error().describe();
    server_ = own->get();
    const TempFolder folder("tailwater-when-needed");
    const std::string log = folder.file("log");
    run({"CREATE DATABASE snap"});
    make_numbers("t", 2000);
    make_numbers("quiet", 50);
    const auto open = [&](const std::string& mode) {
      auto source = RunningSource::open(config(mode), log, true);
      EXPECT_TRUE(source.has_value()) << source.error().describe();
      (*source)->start();
      return std::move(*source);
    };
    auto source = open("when_needed");
    EXPECT_TRUE(wait_done(*source));
    run({"UPDATE snap.t SET v = 'streamed' WHERE n < 10"});
    wait_for_end(*source);
    ASSERT_TRUE(source->stop().has_value());
    EXPECT_EQ(rows_in(log, "t").starts, 1);

    run({"DELETE FROM snap.t WHERE n % 10 = 0", "UPDATE snap.t SET v = 'unseen' WHERE n % 10 = 1",
         "INSERT INTO snap.t VALUES (5000, 'new')", "FLUSH BINARY LOGS"});
    const std::string end = binlog_end(*server_);
    const std::string newest = end.substr(0, end.find(':'));
    EXPECT_TRUE(wait_for([&] {
      run({"PURGE BINARY LOGS TO '" + newest + "'"});
      return server_->value("SHOW BINARY LOGS") == newest;
    }));
    for (const char* mode : {"initial", "never"}) {
      source = open(mode);
      EXPECT_TRUE(wait_for([&] { return source->ended(); }));
      ASSERT_FALSE(source->result().has_value()) << mode;
      EXPECT_EQ(source->result().error().kind, ErrorKind::kResync);
      EXPECT_NE(source->result().error().hint.find("when_needed"), std::string::npos)
          << source->result().error().describe();
      ASSERT_TRUE(source->stop().has_value());
    }
    // Written to all the while, and stopped in the middle: it must then go on, not start over.
    std::atomic<bool> writing = true;
    std::jthread writer([&] {
      for (int i = 0; writing; ++i) {
        run({fmt::format("INSERT INTO snap.t VALUES ({}, 'while')", 10'000 + i),
             fmt::format("UPDATE snap.t SET v = 'round {}' WHERE n = {}", i, i % 2000)});
      }
    });
    source = open("when_needed");
    EXPECT_TRUE(wait_for([&] { return rows_in(log, "t").starts == 2; }));
    ASSERT_TRUE(source->stop().has_value());
    source = open("when_needed");
    EXPECT_TRUE(
        wait_for([&] { return rows_in(log, "t").ends == 2 && rows_in(log, "quiet").ends == 2; }));
    writing = false;
    writer.join();
    wait_for_end(*source);
    ASSERT_TRUE(source->stop().has_value());
    // A reader that empties its copy at read_start has what the server has.
    const FoldedTable rows = rows_in(log, "t");
    std::multiset<std::string> ours;
    for (const auto& [key, row] : rows.rows) ours.insert(row);
    EXPECT_EQ(ours, select("SELECT * FROM snap.t"));
    EXPECT_EQ(rows.starts, 2);
    EXPECT_EQ(rows.ends, 2);
    for (const auto& [key, count] : rows_in(log, "quiet").reads) EXPECT_EQ(count, 2) << key;
  }
  server_ = nullptr;
}

// A server that is foreign, not purged, is refused in every mode.
TEST_P(SnapshotBehaviourTest, WhenNeededRefusesAForeignServer) {
  make_numbers("t", 10);
  auto source = start(config("when_needed"));
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_done(*source));
  ASSERT_TRUE(source->stop().has_value());
  const auto other = MysqlServer::start({.flavor = GetParam(), .server_id = 9});
  ASSERT_TRUE(other.has_value()) << other.error().describe();
  ASSERT_TRUE((*other)->run({"CREATE DATABASE snap", "FLUSH BINARY LOGS"}).has_value());
  SourceConfig foreign = config("when_needed");
  foreign.url = (*other)->url();
  source = start(foreign);
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_for([&] { return source->ended(); }));
  ASSERT_FALSE(source->result().has_value());
  EXPECT_EQ(source->result().error().kind, ErrorKind::kResync);
  ASSERT_TRUE(source->stop().has_value());
  EXPECT_EQ(rows_of("t").starts, 1);
}

TEST_P(SnapshotBehaviourTest, AskedForWithAConditionAndForOneSink) {
  make_numbers("t", 2000);
  const auto source = start(config("never"));
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_for([&] { return !source->status().source.server.empty(); }));
  EXPECT_FALSE(source->request_snapshot({.tables = {"snap\\.none"}}).has_value());
  EXPECT_FALSE(source->request_snapshot({.tables = {"["}}).has_value());
  EXPECT_FALSE(
      source->request_snapshot({.tables = {"snap\\.t"}, .where = "no_such > 1"}).has_value());
  const auto id =
      source->request_snapshot({.tables = {"snap\\.t"}, .where = "n % 10 = 3", .audience = "one"});
  ASSERT_TRUE(id.has_value()) << id.error().describe();
  EXPECT_TRUE(wait_done(*source));
  ASSERT_TRUE(source->stop().has_value());
  const FoldedTable rows = rows_of("t");
  EXPECT_EQ(rows.reads.size(), 200U);
  EXPECT_EQ(rows.starts + rows.ends, 2);
  auto reader = changelog::Reader::open(FileSystem::posix(), log(), {});
  ASSERT_TRUE(reader.has_value());
  for (;;) {
    const auto entry = (*reader)->next();
    ASSERT_TRUE(entry.has_value());
    if (!entry->has_value()) break;
    if ((*entry)->kind != TailEntry::Kind::kBegin) continue;
    EXPECT_EQ((*entry)->transaction->audience, "one");
    EXPECT_EQ((*entry)->transaction->id, *id);
  }
}

// A snapshot that is asked for before the source is connected is stored, and found again when the
// source starts: it is read once.
TEST_P(SnapshotBehaviourTest, AskedForBeforeTheStart) {
  make_numbers("t", 100);
  auto source = RunningSource::open(config("never"), log(), /*fail_fast=*/true);
  ASSERT_TRUE(source.has_value()) << source.error().describe();
  ASSERT_TRUE((*source)->request_snapshot({.tables = {"snap\\.t"}}).has_value());
  (*source)->start();
  EXPECT_TRUE(wait_done(**source));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // a second one would start at once
  ASSERT_TRUE((*source)->stop().has_value());
  const FoldedTable rows = rows_of("t");
  EXPECT_EQ(rows.starts, 1);
  EXPECT_EQ(rows.ends, 1);
}

TEST_P(SnapshotBehaviourTest, PausedOverARestartAndCancelled) {
  make_numbers("t", 30000);
  SourceConfig slow = config();
  slow.snapshot_chunk_bytes = 1000;
  slow.snapshot_threads = 1;
  auto source = start(slow);
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_for([&] {
    const auto status = source->status().source.snapshot;
    return status && status->rows > 100;
  }));
  ASSERT_TRUE(source->control_snapshot(Source::SnapshotControl::kPause).has_value());
  EXPECT_TRUE(wait_state(*source, State::kPaused));
  const uint64_t rows = source->status().source.snapshot->rows;
  EXPECT_LT(rows, 30000U);
  ASSERT_TRUE(source->stop().has_value());
  source = start(slow);
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_state(*source, State::kPaused));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(source->status().source.snapshot->rows, rows);
  ASSERT_TRUE(source->control_snapshot(Source::SnapshotControl::kResume).has_value());
  EXPECT_TRUE(wait_done(*source));
  ASSERT_TRUE(source->request_snapshot({}).has_value());
  EXPECT_TRUE(wait_state(*source, State::kReading));
  ASSERT_TRUE(source->control_snapshot(Source::SnapshotControl::kCancel).has_value());
  EXPECT_TRUE(wait_for(
      [&] { return !source->control_snapshot(Source::SnapshotControl::kResume).has_value(); }));
  ASSERT_TRUE(source->stop().has_value());
  const FoldedTable read = rows_of("t");
  EXPECT_EQ(read.rows.size(), 30000U);
  EXPECT_EQ(read.ends, 1);
}

// Altered, renamed and dropped while they are read; what is there at the end is what is known.
TEST_P(SnapshotBehaviourTest, TablesThatChangeWhileTheyAreRead) {
  for (const char* table : {"altered", "dropped", "renamed", "steady"}) make_numbers(table, 8000);
  SourceConfig slow = config();
  slow.snapshot_chunk_bytes = 2000;
  const auto source = start(slow);
  ASSERT_NE(source, nullptr);
  const auto reading = [&](uint64_t rows) {
    EXPECT_TRUE(wait_for([&] {
      const auto status = source->status().source.snapshot;
      return status && status->rows > rows;
    }));
  };
  reading(500);
  run({"ALTER TABLE snap.altered ADD COLUMN extra INT DEFAULT 7 AFTER n",
       "UPDATE snap.altered SET v = 'changed' WHERE n % 100 = 0"});
  reading(9000);
  run({"DROP TABLE snap.dropped", "ALTER TABLE snap.altered MODIFY v TEXT, DROP COLUMN extra",
       "RENAME TABLE snap.renamed TO snap.new_name"});
  EXPECT_TRUE(wait_done(*source)) << source->status().source.last_error;
  wait_for_end(*source);
  ASSERT_TRUE(source->stop().has_value());
  expect_table("steady", "SELECT * FROM snap.steady");
  EXPECT_EQ(rows_of("altered").rows.size(), 8000U);
  EXPECT_EQ(rows_of("altered").ends, 1);
}

// How far reading has come is stored by key: not where the key is to be hidden.
TEST_P(SnapshotBehaviourTest, HiddenKeysAreInNoFile) {
  run({"CREATE TABLE snap.people (mail VARCHAR(50) PRIMARY KEY, n INT)"});
  std::string values;
  for (int i = 0; i < 2000; ++i) {
    values += fmt::format("{}('secret-{}', {})", i == 0 ? "" : ",", i, i);
  }
  run({"INSERT INTO snap.people VALUES " + values});
  SourceConfig hidden = config();
  hidden.columns.mask_hash = {"snap\\.people\\.mail"};
  hidden.columns.mask_salt = "salt";
  const auto source = start(hidden);
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_done(*source)) << source->status().source.last_error;
  ASSERT_TRUE(source->stop().has_value());
  EXPECT_EQ(rows_of("people").rows.size(), 2000U);
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path())) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(bytes.find("secret-"), std::string::npos) << file.path();
    EXPECT_EQ(bytes.find("7365637265742d"), std::string::npos) << file.path();  // in hex
  }
}

TEST_P(SnapshotBehaviourTest, UserWhoMayNotReadATableIsToldHow) {
  make_numbers("t", 10);
  run({"DROP USER IF EXISTS 'blind'@'%'", "CREATE USER 'blind'@'%' IDENTIFIED BY 'secret'",
       "GRANT REPLICATION SLAVE, REPLICATION CLIENT, INSERT ON *.* TO 'blind'@'%'"});
  SourceConfig blind = config("only");
  blind.url = fmt::format("mysql://blind:secret@127.0.0.1:{}/", server_->port());
  const auto source = start(blind);
  ASSERT_NE(source, nullptr);
  EXPECT_TRUE(wait_for([&] { return source->ended(); }));
  ASSERT_FALSE(source->result().has_value());
  const std::string message = source->result().error().describe();
  EXPECT_EQ(source->result().error().kind, ErrorKind::kUserFix) << message;
  EXPECT_NE(message.find("GRANT SELECT"), std::string::npos) << message;
  EXPECT_EQ(message.find("secret"), std::string::npos) << message;
}

int kills() {
  const char* text = std::getenv("TAILWATER_KILLS");
  return text == nullptr ? 12 : std::atoi(text);
}

// The program is killed in the middle of snapshots, again and again; a table that nobody writes to
// is read exactly once in the end, and one that is written to is what the server has.
TEST_P(SnapshotBehaviourTest, KilledProgramReadsNothingTwice) {
  std::mt19937_64 random(std::random_device{}());
  make_numbers("steady", 60000);
  make_numbers("busy", 30000);
  const std::string toml = folder_.file("tailwater.toml");
  std::ofstream(toml) << fmt::format(
      "data_dir = \"{}\"\n[source.test]\nurl = \"{}\"\ntls = \"disabled\"\n"
      "table_include = [\"snap\\\\..*\"]\nsnapshot = \"initial\"\nsnapshot_chunk_bytes = \"{}\"\n",
      folder_.path(), server_->url(), 400 + 20000 / static_cast<unsigned>(kills()));
  std::atomic<bool> writing = true;
  std::jthread workload([&] {
    for (int i = 1; writing; ++i) {
      run({fmt::format("UPDATE snap.busy SET v = 'round {}' WHERE n = {}", i, i * 7919 % 30000 + 1),
           fmt::format("DELETE FROM snap.busy WHERE n = {}", i * 104729 % 30000 + 1),
           fmt::format("INSERT INTO snap.busy VALUES ({}, 'new')", 40000 + i)});
      if (i % 40 == 0) {
        run({fmt::format("ALTER TABLE snap.busy ADD COLUMN extra{} INT DEFAULT {}", i, i),
             fmt::format("ALTER TABLE snap.busy DROP COLUMN extra{}", i)});
      }
    }
  });
  int unfinished = 0;
  for (int i = 0; i < kills(); ++i) {
    const auto program = start_program({"run", "-c", toml}, folder_.file("output"));
    std::this_thread::sleep_for(std::chrono::milliseconds(60 + random() % 120));
    EXPECT_TRUE(program->running())
        << read_file(FileSystem::posix(), folder_.file("output")).value_or("");
    program->kill();
    unfinished += rows_of_kept("steady").ends == 0 ? 1 : 0;
  }
  writing = false;
  workload.join();
  EXPECT_GT(unfinished, 1);
  SourceConfig rest = config();
  rest.snapshot_chunk_bytes = 100'000;
  auto running = RunningSource::open(rest, kept(), true);
  ASSERT_TRUE(running.has_value()) << running.error().describe();
  (*running)->start();
  EXPECT_TRUE(wait_for([&] {
    return (*running)->ended() || rows_of_kept("busy").ends + rows_of_kept("steady").ends == 2;
  }));
  wait_for_end(**running);
  ASSERT_TRUE((*running)->stop().has_value());
  const FoldedTable steady = rows_of_kept("steady");
  EXPECT_EQ(steady.rows.size(), 60000U);
  EXPECT_EQ(steady.starts, 1);
  for (const auto& [key, count] : steady.reads) ASSERT_EQ(count, 1) << "steady " << key;
  std::multiset<std::string> ours;
  for (const auto& [key, row] : rows_of_kept("busy").rows) ours.insert(row);
  EXPECT_EQ(ours, select("SELECT * FROM snap.busy"));
}

}  // namespace
}  // namespace tailwater::test
