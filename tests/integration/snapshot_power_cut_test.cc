// The power goes while a real server's tables are read and its changes are streamed: after each cut
// the source goes on from what the disk still has, and in the end nothing is missing and nothing is
// there twice. TAILWATER_SNAPSHOT_CUTS (for each server) and TAILWATER_SEED choose other numbers.
#include <cstdlib>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "changelog/writer.h"
#include "integration/captured.h"
#include "integration/folded_table.h"
#include "source/mysql/mysql_source.h"
#include "support/sim_files.h"

namespace tailwater::test {
namespace {

using changelog::Writer;
using mysql::Flavor;
using mysql::MysqlSource;
using testing::SimFiles;

constexpr const char* kFolder = "disk/log";
constexpr int kSteadyRows = 3000;
constexpr int kBusyRows = 1500;
constexpr int64_t kLifeMaxUs = 1'500'000;
constexpr int64_t kEndMaxUs = 60'000'000;
constexpr int kCutsOfOneLog = 12;

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Changes rows of cut.busy, and now and then the table itself, until it goes.
class BusyWriter {
 public:
  explicit BusyWriter(const MysqlServer& server) {
    thread_ = std::jthread([&server](const std::stop_token& stop) {
      auto connection = server.connect();
      ASSERT_TRUE(connection.has_value());
      for (int i = 1; !stop.stop_requested(); ++i) {
        std::vector<std::string> statements = {
            fmt::format("UPDATE cut.busy SET v = 'round {}' WHERE n = {}", i, i * 7919 % kBusyRows),
            fmt::format("DELETE FROM cut.busy WHERE n = {}", i * 104729 % kBusyRows),
            fmt::format("UPDATE cut.busy SET n = n + 100000 WHERE n = {}", i * 31 % kBusyRows),
            fmt::format("REPLACE INTO cut.busy (n, v) VALUES ({}, 'new')", 10'000 + i)};
        if (i % 25 == 0) {
          statements.push_back(
              fmt::format("ALTER TABLE cut.busy ADD COLUMN extra{} INT DEFAULT {}", i, i));
          statements.push_back(fmt::format("ALTER TABLE cut.busy DROP COLUMN extra{}", i));
        }
        for (const std::string& statement : statements) {
          const Status ran = connection->execute(statement);
          ASSERT_TRUE(ran.has_value()) << ran.error().describe();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
      }
    });
  }

 private:
  std::jthread thread_;
};

class SnapshotPowerCutTest : public ::testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    server_ = &SharedServer::get(GetParam());
  }
  void TearDown() override {
    if (server_ != nullptr) (void)server_->run({"DROP DATABASE IF EXISTS cut"});
  }

  void make_tables() const {
    const Status made = server_->run({"DROP DATABASE IF EXISTS cut", "CREATE DATABASE cut",
                                      "CREATE TABLE cut.steady (n INT PRIMARY KEY, v VARCHAR(80))",
                                      "CREATE TABLE cut.busy (n INT PRIMARY KEY, v VARCHAR(80))",
                                      values("steady", kSteadyRows), values("busy", kBusyRows)});
    ASSERT_TRUE(made.has_value()) << made.error().describe();
  }
  static std::string values(const std::string& table, int count) {
    std::string text = "INSERT INTO cut." + table + " VALUES ";
    for (int i = 0; i < count; ++i) {
      text += fmt::format("{}({}, 'a value of some length {}')", i == 0 ? "" : ",", i, i);
    }
    return text;
  }
  [[nodiscard]] mysql::MysqlSourceOptions options() const {
    mysql::MysqlSourceOptions options;
    options.endpoints = {server_->tcp()};
    options.rules.tables = Selection::compile({"cut\\..*"}, {}).value();
    options.snapshot = mysql::SnapshotMode::kInitial;
    options.snapshot_chunk_bytes = 4000;
    options.snapshot_folder = std::string(kFolder) + "/snapshots";
    options.history_folder = std::string(kFolder) + "/schemas";
    options.heartbeat_us = 200'000;
    options.retry_min_us = 10'000;
    options.retry_max_us = 50'000;
    return options;
  }
  // Opens what the disk has. Null when the machine went down meanwhile.
  std::unique_ptr<Writer> open(SimFiles& files) {
    auto writer = Writer::open(files, kFolder, {.segment_bytes = 1 << 20, .frame_bytes = 8 << 10},
                               {mysql_kind(), "", "cut"});
    if (!writer.has_value()) {
      EXPECT_TRUE(files.is_down()) << writer.error().describe();
      return nullptr;
    }
    EXPECT_GE(raw((*writer)->next_offset()), promised_) << "what was durable is gone";
    return std::move(*writer);
  }
  static SourceKind mysql_kind() {
    return GetParam() == Flavor::kMysql ? SourceKind::kMysql : SourceKind::kMariadb;
  }
  // Runs a source until `ended`, or the machine is down, or it gives up.
  void live(SimFiles& files, const std::function<bool(const MysqlSource&)>& ended) {
    const auto writer = open(files);
    if (writer == nullptr) return;
    auto source = MysqlSource::make(options(), files, *writer);
    ASSERT_TRUE(source.has_value()) << source.error().describe();
    Status result;
    std::atomic<bool> gone = false;
    std::jthread thread([&](const std::stop_token& stop) {
      result = (*source)->run(stop);
      gone = true;
    });
    while (!gone && !files.is_down() && !ended(**source)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    promised_ = std::max(promised_, raw(writer->status().next_visible));
    thread.request_stop();
    thread.join();
    EXPECT_TRUE(result.has_value() || files.is_down()) << result.error().describe();
    const bool closed = files.is_down() || writer->close().has_value();
    EXPECT_TRUE(closed);
  }
  void expect_whole(SimFiles& files) const {
    const auto captured = read_changelog(files, kFolder);
    ASSERT_TRUE(captured.has_value()) << captured.error().describe();
    FoldedTable steady;
    FoldedTable busy;
    std::set<std::string> gtids;
    uint64_t offset = 0;
    for (const CapturedTransaction& transaction : *captured) {
      const bool once = transaction.gtid.empty() || gtids.insert(transaction.gtid).second;
      EXPECT_TRUE(once) << transaction.gtid << " came twice";
      for (const CapturedChange& change : transaction.rows) {
        EXPECT_EQ(change.offset, offset++);
        if (change.schema != nullptr) fold(change, change.schema->table == "busy" ? busy : steady);
      }
    }
    EXPECT_EQ(steady.reads.size(), size_t{kSteadyRows});
    for (const auto& [key, count] : steady.reads) ASSERT_EQ(count, 1) << key << " was read again";
    for (const FoldedTable* table : {&steady, &busy}) {
      EXPECT_EQ(table->starts, 1);
      EXPECT_EQ(table->ends, 1);
    }
    EXPECT_EQ(steady.all_rows(), select_rows(*server_, "SELECT n, v FROM cut.steady"));
    EXPECT_EQ(busy.all_rows(), select_rows(*server_, "SELECT n, v FROM cut.busy"));
  }
  // The whole life of one changelog; returns how many cuts came while tables were still read.
  int cut_one_log(uint64_t seed) {
    std::mt19937_64 random(seed);
    SimFiles files(seed * 7919 + 1);
    EXPECT_TRUE(files.make_folder("disk").has_value());
    promised_ = 0;
    make_tables();
    int while_reading = 0;
    {
      const BusyWriter writer(*server_);
      for (int i = 0; i < kCutsOfOneLog; ++i) {
        files.cut_power_after(1 + random() % (i % 3 == 0 ? 20 : 150));
        const int64_t until_us = Clock::system().steady_us() + kLifeMaxUs;
        live(files, [&](const MysqlSource&) { return Clock::system().steady_us() > until_us; });
        files.restart();
        const auto left = files.list(std::string(kFolder) + "/snapshots");
        const bool reading = left.has_value() && !left->empty() && left->front() != "tables.json";
        while_reading += reading ? 1 : 0;
      }
    }
    const std::string end = binlog_end(*server_);
    const int64_t until_us = Clock::system().steady_us() + kEndMaxUs;
    files.cut_power_after(0);
    live(files, [&](const MysqlSource& source) {
      const SourceStatus status = source.status();
      const bool done = !status.snapshot || status.snapshot->state == SnapshotStatus::State::kDone;
      return (done && status.position.binlog.describe() == end) ||
             Clock::system().steady_us() > until_us;
    });
    expect_whole(files);
    return while_reading;
  }

  MysqlServer* server_ = nullptr;
  uint64_t promised_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Servers, SnapshotPowerCutTest,
                         ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

TEST_P(SnapshotPowerCutTest, ChangelogIsTheSourceAfterAnyCuts) {
  const auto cuts = static_cast<int>(number_from("TAILWATER_SNAPSHOT_CUTS", 24));
  uint64_t seed = number_from("TAILWATER_SEED", 1);
  int while_reading = 0;
  for (int done = 0; done < cuts && !HasFailure(); done += kCutsOfOneLog, ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    while_reading += cut_one_log(seed);
  }
  EXPECT_GT(while_reading, 0) << "the tables are too small for this test";
}

}  // namespace
}  // namespace tailwater::test
