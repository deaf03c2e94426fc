// The example examples/warm_cache, built in this tree: killed again and again, it is what the
// server is.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "support/mysql_server.h"
#include "support/temp_folder.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using testing::HasSubstr;

constexpr int64_t kWaitMaxUs = 30'000'000;

bool wait_for(const std::function<bool()>& condition) {
  const int64_t until_us = Clock::system().steady_us() + kWaitMaxUs;
  while (!condition()) {
    if (Clock::system().steady_us() > until_us) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The program with a pipe to its stdin; what it says is appended to a file.
class WarmCache {
 public:
  WarmCache(const std::string& folder, const std::string& url)
      : output_(folder + "/output"), pid_file_(folder + "/pid") {
    std::filesystem::remove(pid_file_);
    std::ofstream(folder + "/password") << "";
    const std::string command =
        fmt::format("echo $$ > {}; exec {} '{}' wc.people,wc.cities {}/password {} >> {} 2>&1",
                    pid_file_, TAILWATER_WARM_CACHE, url, folder, folder + "/cache", output_);
    pipe_.reset(popen(command.c_str(), "w"));
  }
  void ask(const std::string& line) const {
    std::fprintf(pipe_.get(), "%s\n", line.c_str());
    std::fflush(pipe_.get());
  }
  void kill9() const {
    pid_t pid = 0;
    EXPECT_TRUE(wait_for([&] { return bool(std::ifstream(pid_file_) >> pid); }));
    ASSERT_GT(pid, 0);
    EXPECT_EQ(kill(pid, SIGKILL), 0);
  }
  [[nodiscard]] std::string output() const { return read_text(output_); }

 private:
  struct Close {
    void operator()(std::FILE* pipe) const { (void)pclose(pipe); }
  };
  std::string output_;
  std::string pid_file_;
  std::unique_ptr<std::FILE, Close> pipe_;
};

class WarmCacheTest : public testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    (void)std::signal(SIGPIPE, SIG_IGN);
    server_ = &SharedServer::get(GetParam());
    run({"DROP DATABASE IF EXISTS wc", "CREATE DATABASE wc",
         "CREATE TABLE wc.people (id INT PRIMARY KEY, name VARCHAR(50))",
         "CREATE TABLE wc.cities (id INT PRIMARY KEY, name VARCHAR(50))"});
  }
  void TearDown() override {
    if (server_ != nullptr) run({"DROP DATABASE wc"});
  }
  void run(const std::vector<std::string>& statements) const {
    const Status done = server_->run(statements);
    ASSERT_TRUE(done.has_value()) << done.error().describe();
  }
  // As the cache's file has them, without its first line and its last.
  [[nodiscard]] std::string rows_of_server() const {
    std::string rows;
    auto connection = server_->connect();
    EXPECT_TRUE(connection.has_value());
    for (const std::string table : {"cities", "people"}) {
      auto result = connection->query(
          "SELECT id, REPLACE(REPLACE(name, '\\t', '\\\\t'), '\\n', '\\\\n') FROM wc." + table +
          " ORDER BY CAST(id AS CHAR)");
      EXPECT_TRUE(result.has_value());
      while (result->next().value_or(false)) {
        rows +=
            fmt::format("wc.{0}\n{1}\nid={1}\tname={2}\n", table, result->text(0), result->text(1));
      }
    }
    return rows + "end\n";
  }
  [[nodiscard]] std::string rows_of_file() const {
    const std::string text = read_text(folder_->file("cache"));
    const size_t line = text.find('\n');
    return line == std::string::npos ? "" : text.substr(line + 1);
  }
  [[nodiscard]] bool is_warm() const {
    return wait_for([&] { return rows_of_file() == rows_of_server(); });
  }

  MysqlServer* server_ = nullptr;
  std::unique_ptr<TempFolder> folder_ = std::make_unique<TempFolder>();
};

TEST_P(WarmCacheTest, IsWhatTheServerIsAlsoAfterKills) {
  for (int i = 1; i <= 200; ++i) run({fmt::format("INSERT INTO wc.people VALUES ({}, 'p')", i)});
  std::atomic<bool> busy = true;
  std::thread writer([&] {
    for (int i = 0; busy; ++i) {
      run({fmt::format("REPLACE INTO wc.people VALUES ({}, 'tab\\there {}')", i % 300, i),
           fmt::format("DELETE FROM wc.cities WHERE id = {}", i % 7),
           fmt::format("REPLACE INTO wc.cities VALUES ({}, 'city {}')", i % 11, i),
           fmt::format("UPDATE IGNORE wc.people SET id = id + 1000 WHERE id = {}", (i * 3) % 300)});
      if (i % 90 == 0) run({"DELETE FROM wc.people WHERE id > 1000"});
    }
  });
  for (int kills = 0; kills < 6; ++kills) {
    const WarmCache cache(folder_->path(), server_->url());
    EXPECT_TRUE(wait_for([&] { return !rows_of_file().empty(); })) << cache.output();
    std::this_thread::sleep_for(std::chrono::milliseconds(130 * kills));
    cache.kill9();
  }
  busy = false;
  writer.join();
  {
    const WarmCache cache(folder_->path(), server_->url());
    EXPECT_TRUE(is_warm()) << cache.output();
    run({"REPLACE INTO wc.people VALUES (5000, 'asked for')"});
    EXPECT_TRUE(is_warm()) << cache.output();
    cache.ask("get wc.people 5000");
    cache.ask("get wc.people 5001");
    cache.ask("quit");
    EXPECT_TRUE(wait_for([&] { return cache.output().find("none\n") != std::string::npos; }));
    EXPECT_THAT(cache.output(), HasSubstr("id=5000\tname=asked for\nnone\n"));
  }
  const std::string output = read_text(folder_->file("output"));
  EXPECT_THAT(output, HasSubstr("going on with the stored cache"));
  EXPECT_EQ(output.find("loaded"), output.rfind("loaded")) << "it was loaded twice: " << output;
}

TEST_P(WarmCacheTest, LoadsAnewWhenItsPositionIsGone) {
  run({"INSERT INTO wc.people VALUES (1, 'one')"});
  const bool mariadb = GetParam() == Flavor::kMariadb;
  std::ofstream(folder_->file("cache"))
      << (mariadb ? "mariadb;gtids=0-77-999999999"
                  : "mysql;gtids=11111111-1111-1111-1111-111111111111:1-9")
      << "\nwc.people\n9\nid=9\tname=stale\nend\n";
  const WarmCache cache(folder_->path(), server_->url());
  EXPECT_TRUE(is_warm()) << cache.output();
  run({"TRUNCATE wc.people", "INSERT INTO wc.people VALUES (2, 'two')"});
  EXPECT_TRUE(is_warm()) << cache.output();
  EXPECT_THAT(cache.output(), HasSubstr("loaded 1 rows"));
  cache.ask("quit");
}

INSTANTIATE_TEST_SUITE_P(Servers, WarmCacheTest, testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& test) { return std::string(to_string(test.param)); });

}  // namespace
}  // namespace tailwater::test
