// The largest there is, through real servers and the real program: a transaction of five million
// rows, a row of 64 MB, and a disk that is full.
#include <fstream>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "changelog/reader.h"
#include "integration/captured.h"
#include "integration/program.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;

constexpr int kTimeoutMs = 120'000;

// The most memory of its own that a process had while this ran, in kB.
class PeakMemory {
 public:
  explicit PeakMemory(pid_t pid)
      : thread_([this, path = fmt::format("/proc/{}/status", pid)](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            look(path);
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
          }
        }) {}
  uint64_t stop() {
    thread_.request_stop();
    thread_.join();
    return peak_kb_;
  }

 private:
  void look(const std::string& path) {
    std::ifstream status(path);
    for (std::string line; std::getline(status, line);) {
      if (!line.starts_with("RssAnon:")) continue;
      peak_kb_ = std::max<uint64_t>(peak_kb_, std::stoull(line.substr(8)));
    }
  }

  uint64_t peak_kb_ = 0;
  std::jthread thread_;
};

class LargeTest : public ::testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    server_ = &SharedServer::get(GetParam());
    run({"DROP DATABASE IF EXISTS large", "CREATE DATABASE large"});
  }
  void TearDown() override {
    // A large binlog is in the way of the tests that follow.
    if (server_ != nullptr) run({"DROP DATABASE IF EXISTS large", "FLUSH BINARY LOGS"});
  }

  void run(const std::vector<std::string>& statements) {
    const Status ran = server_->run(statements);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }

  // Runs `tailwater run` from `start_` to the binlog's end into `data`.
  std::unique_ptr<ChildProcess> capture_into(const std::string& data) {
    const std::string toml = folder_.file("tailwater.toml");
    std::ofstream(toml) << fmt::format(
        "data_dir = \"{}\"\n[source.s]\nurl = \"{}\"\ntls = \"disabled\"\nfrom = \"{}\"\n"
        "until = \"{}\"\n",
        data, server_->url(), start_, binlog_end(*server_));
    return start_program({"run", "-c", toml}, output());
  }
  [[nodiscard]] std::string output() const { return folder_.file("output"); }
  [[nodiscard]] std::string said() const {
    return read_file(FileSystem::posix(), output()).value_or("");
  }

  TempFolder folder_{"tailwater-large"};
  MysqlServer* server_ = nullptr;
  std::string start_;
};

INSTANTIATE_TEST_SUITE_P(Servers, LargeTest, ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

TEST_P(LargeTest, TransactionOfFiveMillionRows) {
  constexpr uint64_t kRows = 5'000'000;
  constexpr uint64_t kPeakKb = 96 << 10;
  run({"CREATE TABLE large.t (id INT PRIMARY KEY, v INT)"});
  start_ = binlog_end(*server_);
  if (GetParam() == Flavor::kMariadb) {
    run({"INSERT INTO large.t SELECT seq, seq * 7 % 1000 FROM large.seq_0_to_4999999"});
  } else {
    run({"SET cte_max_recursion_depth = 5000000",
         "INSERT INTO large.t WITH RECURSIVE numbers (id) AS (SELECT 0 UNION ALL SELECT id + 1 "
         "FROM numbers WHERE id < 4999999) SELECT id, id * 7 % 1000 FROM numbers"});
  }
  const auto program = capture_into(folder_.file("data"));
  PeakMemory memory(program->pid());
  ASSERT_EQ(program->wait(kTimeoutMs), 0) << said();
  const uint64_t peak_kb = memory.stop();
  EXPECT_GT(peak_kb, 0U);
  EXPECT_LE(peak_kb, kPeakKb);

  auto reader = changelog::Reader::open(FileSystem::posix(), folder_.file("data/s/log"), {});
  ASSERT_TRUE(reader.has_value()) << reader.error().describe();
  uint64_t transactions = 0;
  uint64_t rows = 0;
  uint64_t sum = 0;
  std::vector<bool> seen(kRows);
  for (;;) {
    const auto entry = (*reader)->next();
    ASSERT_TRUE(entry.has_value()) << entry.error().describe();
    if (!*entry) break;
    if ((*entry)->kind == TailEntry::Kind::kBegin) {
      ++transactions;
      EXPECT_EQ((*entry)->transaction->changes, kRows);
    }
    if ((*entry)->kind != TailEntry::Kind::kChange) continue;
    const ChangeView& change = *(*entry)->change;
    ASSERT_EQ(change.ordinal, rows);
    ASSERT_EQ(raw(change.offset), rows);
    const auto id = static_cast<size_t>(change.after.fixed<int32_t>(0));
    ASSERT_LT(id, kRows);
    ASSERT_FALSE(seen[id]) << id;
    seen[id] = true;
    sum += static_cast<uint64_t>(change.after.fixed<int32_t>(1));
    ++rows;
  }
  EXPECT_EQ(transactions, 1U);
  EXPECT_EQ(rows, kRows);
  EXPECT_EQ(std::to_string(sum), server_->value("SELECT SUM(v) FROM large.t"));
}

TEST_P(LargeTest, RowOf64Megabytes) {
  constexpr size_t kBytes = 64 << 20;
  std::mt19937_64 random(64);
  std::string text(kBytes, ' ');
  for (char& c : text) c = static_cast<char>('A' + random() % 58 % 26);
  run({"CREATE TABLE large.t (id INT PRIMARY KEY, n INT, v LONGTEXT)"});
  start_ = binlog_end(*server_);
  run({"INSERT INTO large.t VALUES (1, 1, '" + text + "')", "UPDATE large.t SET n = 2",
       "DELETE FROM large.t"});
  const auto captured = capture(capture_config(*server_, start_), folder_.file("log"));
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_EQ(broken_promise(*captured), "");
  ASSERT_EQ(captured->size(), 3U);
  const CapturedChange& inserted = (*captured)[0].rows[0];
  const CapturedChange& updated = (*captured)[1].rows[0];
  const CapturedChange& deleted = (*captured)[2].rows[0];
  EXPECT_TRUE(inserted.after[2].text == text);
  EXPECT_TRUE(updated.before[2].text == text);
  EXPECT_TRUE(updated.after[2].text == text);
  EXPECT_EQ(updated.after[1].text, "2");
  EXPECT_TRUE(deleted.before[2].text == text);
}

// A disk of 24 MB: capture says that it is full and ends; with more room it goes on where it was.
TEST_P(LargeTest, FullDisk) {
  const std::string disk = folder_.file("disk");
  ASSERT_TRUE(FileSystem::posix().make_folder(disk).has_value());
  if (mount("none", disk.c_str(), "tmpfs", 0, "size=24m") != 0) {
    GTEST_SKIP() << "this user may not mount a small disk";
  }
  const std::unique_ptr<const char, void (*)(const char*)> mounted(
      disk.c_str(), [](const char* path) { (void)umount2(path, MNT_DETACH); });
  run({"CREATE TABLE large.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(1000))"});
  start_ = binlog_end(*server_);
  run({"INSERT INTO large.t (v) VALUES (REPEAT('x', 1000))"});
  for (int i = 0; i < 15; ++i) run({"INSERT INTO large.t (v) SELECT v FROM large.t"});
  const std::string data = disk + "/data";
  const auto first = capture_into(data);
  ASSERT_EQ(first->wait(kTimeoutMs), 1) << said();
  EXPECT_NE(said().find("No space left"), std::string::npos) << said();
  EXPECT_NE(said().find(data), std::string::npos) << said();
  const auto part = read_changelog(data + "/s/log");
  ASSERT_TRUE(part.has_value()) << part.error().describe();
  EXPECT_EQ(broken_promise(*part), "");
  EXPECT_GT(part->size(), 5U);
  EXPECT_LT(part->size(), 16U);

  ASSERT_EQ(mount("none", disk.c_str(), "tmpfs", MS_REMOUNT, "size=200m"), 0);
  const auto second = capture_into(data);
  ASSERT_EQ(second->wait(kTimeoutMs), 0) << said();
  const auto whole = read_changelog(data + "/s/log");
  ASSERT_TRUE(whole.has_value()) << whole.error().describe();
  EXPECT_EQ(broken_promise(*whole), "");
  EXPECT_EQ(whole->size(), 16U);
}

}  // namespace
}  // namespace tailwater::test
