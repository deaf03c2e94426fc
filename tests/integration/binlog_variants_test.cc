// Servers whose binlogs are encrypted or compressed, or whose GTIDs have tags: over the network a
// stream is the same as ever.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/captured.h"
#include "source/mysql/binlog/binlog_file.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

class VariantsTest : public ::testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override { TW_NEED_SERVER(GetParam()); }

  void start(std::vector<std::string> arguments) {
    MysqlServerOptions options;
    options.flavor = GetParam();
    options.arguments = std::move(arguments);
    auto started = MysqlServer::start(options);
    ASSERT_TRUE(started.has_value()) << started.error().describe();
    server_ = std::move(*started);
    run({"CREATE DATABASE va", "CREATE TABLE va.t (id INT PRIMARY KEY, v TEXT)"});
    start_ = binlog_end(*server_);
  }
  void run(const std::vector<std::string>& statements) const {
    const Status ran = server_->run(statements);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }

  // A kept changelog, gone on with after a rotation and a restart of the server.
  void expect_stream_and_resume() {
    run({"INSERT INTO va.t VALUES (1, REPEAT('one', 300)), (2, 'two')",
         "UPDATE va.t SET v = 'zwei' WHERE id = 2"});
    const auto first = capture(capture_config(*server_, start_), folder_.file("log"));
    ASSERT_TRUE(first.has_value()) << first.error().describe();
    run({"FLUSH BINARY LOGS", "DELETE FROM va.t WHERE id = 2"});
    ASSERT_TRUE(server_->restart().has_value()) << server_->log_tail();
    run({"INSERT INTO va.t VALUES (3, 'three')"});
    const auto all = capture(capture_config(*server_, start_), folder_.file("log"));
    ASSERT_TRUE(all.has_value()) << all.error().describe();
    EXPECT_EQ(broken_promise(*all), "");
    std::string one;
    for (int i = 0; i < 300; ++i) one += "one";
    EXPECT_THAT(describe(*all), ElementsAre("insert va.t 1|" + one, "insert va.t 2|two",
                                            "update va.t 2|two -> 2|zwei", "delete va.t 2|zwei",
                                            "insert va.t 3|three"));
  }

  // Of the server's binlog, without the server.
  Result<Captured> capture_file() {
    pipeline::SourceConfig config;
    config.name = "test";
    config.url = "binlog:" + server_->data_folder() + "/" + start_.substr(0, start_.find(':'));
    config.from = "earliest";
    return capture(config);
  }

  TempFolder folder_{"tailwater-variants"};
  std::unique_ptr<MysqlServer> server_;
  std::string start_;
};

INSTANTIATE_TEST_SUITE_P(Servers, VariantsTest, ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

// MySQL reads which keyring to load from files beside the server's program and beside the keyring's
// library: both are copied, so that no other server sees these files.
std::vector<std::string> mysql_keyring(const TempFolder& folder, MysqlServerOptions& options) {
  const auto programs = find_mysql_programs(Flavor::kMysql);
  const std::string plugins = programs->root + "/usr/lib/mysql/plugin";
  fs::create_directories(folder.file("plugin"));
  fs::copy(programs->binary, folder.file("mysqld"));
  fs::copy(plugins + "/component_keyring_file.so", folder.file("plugin/component_keyring_file.so"));
  std::ofstream(folder.file("mysqld.my")) << R"({"components": "file://component_keyring_file"})";
  std::ofstream(folder.file("plugin/component_keyring_file.cnf"))
      << fmt::format(R"({{"path": "{}", "read_only": false}})", folder.file("keys/keyring"));
  fs::create_directories(folder.file("keys"));
  fs::permissions(folder.file("keys"), fs::perms::all);
  options.binary = folder.file("mysqld");
  return {"--plugin-dir=" + folder.file("plugin"), "--binlog-encryption=ON"};
}

std::vector<std::string> mariadb_keyring(const TempFolder& folder) {
  std::ofstream(folder.file("keys.txt"))
      << "1;0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";
  return {"--plugin-load-add=file_key_management",
          "--file-key-management-filename=" + folder.file("keys.txt"), "--encrypt-binlog=ON"};
}

class EncryptedTest : public VariantsTest {};
INSTANTIATE_TEST_SUITE_P(Servers, EncryptedTest,
                         ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

TEST_P(EncryptedTest, StreamsInClearAndRefusesTheFile) {
  fs::permissions(folder_.path(), fs::perms::others_read | fs::perms::others_exec,
                  fs::perm_options::add);
  MysqlServerOptions options;
  options.flavor = GetParam();
  options.arguments =
      GetParam() == Flavor::kMysql ? mysql_keyring(folder_, options) : mariadb_keyring(folder_);
  auto started = MysqlServer::start(options);
  ASSERT_TRUE(started.has_value()) << started.error().describe();
  server_ = std::move(*started);
  run({"CREATE DATABASE va", "CREATE TABLE va.t (id INT PRIMARY KEY, v TEXT)"});
  start_ = binlog_end(*server_);
  ASSERT_EQ(server_->value(GetParam() == Flavor::kMysql ? "SELECT @@global.binlog_encryption"
                                                        : "SELECT @@global.encrypt_binlog"),
            "1");
  expect_stream_and_resume();
  const auto file = capture_file();
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(file.error().describe(), HasSubstr("is encrypted"));
  EXPECT_THAT(file.error().describe(), HasSubstr("through its server"));
}

TEST_P(VariantsTest, Compressed) {
  if (GetParam() == Flavor::kMysql) {
    start({"--binlog-transaction-compression=ON"});
  } else {
    start({"--log-bin-compress=ON", "--log-bin-compress-min-len=10"});
  }
  const std::string ddl = "CREATE TABLE va.other (id INT PRIMARY KEY, a VARCHAR(20) COMMENT '" +
                          std::string(300, 'c') + "')";
  run({ddl});
  const auto captured = capture(capture_config(*server_, start_));
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_THAT(describe(*captured), ElementsAre("schema " + ddl));
  start_ = binlog_end(*server_);
  expect_stream_and_resume();
  // They are what is tested here.
  const std::string file = server_->data_folder() + "/" + start_.substr(0, start_.find(':'));
  const std::string bytes = read_file(FileSystem::posix(), file).value_or("");
  EXPECT_EQ(bytes.find("oneoneoneoneone"), std::string::npos);
}

TEST_P(VariantsTest, TaggedGtids) {
  if (GetParam() != Flavor::kMysql) GTEST_SKIP() << "a matter of MySQL";
  start({});
  const std::string uuid = server_->value("SELECT @@server_uuid");
  run({"SET gtid_next = 'AUTOMATIC:blue'", "INSERT INTO va.t VALUES (1, 'blue')",
       "SET gtid_next = 'AUTOMATIC'", "INSERT INTO va.t VALUES (2, 'none')",
       "SET gtid_next = 'AUTOMATIC:red'", "INSERT INTO va.t VALUES (3, 'red')"});
  const std::string log = folder_.file("log");
  const auto first = capture(capture_config(*server_, start_), log);
  ASSERT_TRUE(first.has_value()) << first.error().describe();
  ASSERT_EQ(first->size(), 3U);
  EXPECT_EQ((*first)[0].gtid, uuid + ":blue:1");
  EXPECT_EQ((*first)[2].gtid, uuid + ":red:1");
  const std::string executed = server_->value("SELECT REPLACE(@@global.gtid_executed, '\n', '')");
  EXPECT_THAT(executed, HasSubstr(":blue:1"));

  run({"SET gtid_next = 'AUTOMATIC:blue'", "INSERT INTO va.t VALUES (4, 'blue again')"});
  // The kept changelog goes on by its GTIDs; a new one starts after a set with tags.
  const auto kept = capture(capture_config(*server_, start_), log);
  ASSERT_TRUE(kept.has_value()) << kept.error().describe();
  EXPECT_EQ(kept->size(), 4U);
  EXPECT_EQ(kept->back().gtid, uuid + ":blue:2");
  const auto after = capture(capture_config(*server_, "gtid:" + executed));
  ASSERT_TRUE(after.has_value()) << after.error().describe();
  EXPECT_THAT(describe(*after), ElementsAre("insert va.t 4|blue again"));
  const auto until = capture(capture_config(*server_, start_, "gtid:" + uuid + ":blue:1"));
  ASSERT_TRUE(until.has_value()) << until.error().describe();
  EXPECT_THAT(describe(*until), ElementsAre("insert va.t 1|blue"));
}

// How many events of a binlog file do not say where they end.
size_t events_without_place(const std::string& path) {
  auto file = mysql::BinlogFile::open(FileSystem::posix(), path);
  size_t count = 0;
  while (file.has_value()) {
    const auto event = file->next();
    if (!event.has_value() || !*event) break;
    if ((*event)->header.next_pos == 0) ++count;
  }
  return count;
}

// MariaDB 11.4 and later write events of cached transactions without the place where they end.
TEST_P(VariantsTest, ChangesHaveTheirPlaces) {
  start({"--binlog-cache-size=4096"});
  run({"BEGIN", "INSERT INTO va.t VALUES (1, 'x')", "UPDATE va.t SET v = REPEAT('y', 60000)",
       "DELETE FROM va.t", "COMMIT", "INSERT INTO va.t VALUES (2, 'z')"});
  const auto captured = capture(capture_config(*server_, start_));
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_EQ(broken_promise(*captured), "");
  const std::string file = start_.substr(0, start_.find(':'));
  auto connection = server_->connect();
  auto rows = connection->query(fmt::format("SHOW BINLOG EVENTS IN '{}'", file));
  ASSERT_TRUE(rows.has_value());
  const bool newer =
      GetParam() == Flavor::kMariadb && connection->version() >= mysql::Version{11, 4, 0};
  EXPECT_EQ(events_without_place(server_->data_folder() + "/" + file) > 0, newer);
  std::vector<uint64_t> places;
  while (rows->next().value_or(false)) places.push_back(rows->number(1));
  for (const CapturedTransaction& transaction : *captured) {
    EXPECT_THAT(places, Contains(transaction.start_pos));
    for (const CapturedChange& change : transaction.rows) {
      EXPECT_THAT(places, Contains(change.source_pos)) << change.describe().substr(0, 100);
    }
    // From every end a stream can start.
    const auto rest =
        capture(capture_config(*server_, fmt::format("{}:{}", file, transaction.end_pos)));
    ASSERT_TRUE(rest.has_value()) << rest.error().describe();
    EXPECT_EQ(rest->size(), static_cast<size_t>(&captured->back() - &transaction));
  }
}

}  // namespace
}  // namespace tailwater::test
