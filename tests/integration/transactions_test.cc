// Transactions of every shape, on real servers: what was committed comes, as one, in commit order;
// what was rolled back does not.
#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "integration/captured.h"

namespace tailwater::test {
namespace {

using mysql::Connection;
using mysql::Flavor;
using ::testing::ElementsAre;

class TransactionsTest : public ::testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    prepare(SharedServer::get(GetParam()));
  }

  void prepare(MysqlServer& server) {
    server_ = &server;
    start_ = "";
    run({"DROP DATABASE IF EXISTS tx", "CREATE DATABASE tx",
         "CREATE TABLE tx.a (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB",
         "CREATE TABLE tx.b (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB",
         "CREATE TABLE tx.m (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=MyISAM"});
    start_ = binlog_end(*server_);
  }

  // MySQL with GTIDs refuses transactions that mix InnoDB and MyISAM, and the shared server reads
  // no files.
  void use_lenient_server() {
    if (GetParam() == Flavor::kMariadb) return;
    if (lenient_ == nullptr) {
      MysqlServerOptions options;
      options.flavor = Flavor::kMysql;
      options.gtid = false;
      options.arguments = {"--enforce-gtid-consistency=OFF", "--secure-file-priv="};
      auto started = MysqlServer::start(options);
      ASSERT_TRUE(started.has_value()) << started.error().describe();
      lenient_ = std::move(*started);
    }
    prepare(*lenient_);
  }
  static void TearDownTestSuite() { lenient_.reset(); }

  // On one connection, in the database `tx`.
  void run(const std::vector<std::string>& statements) {
    std::vector<std::string> all = statements;
    if (!start_.empty()) all.insert(all.begin(), "USE tx");
    const Status ran = server_->run(all);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }

  Captured take() {
    auto captured = capture(capture_config(*server_, start_));
    EXPECT_TRUE(captured.has_value()) << captured.error().describe();
    if (!captured.has_value()) return {};
    EXPECT_EQ(broken_promise(*captured), "");
    return std::move(*captured);
  }
  std::vector<std::string> lines() { return describe(take()); }

  static inline std::unique_ptr<MysqlServer> lenient_;  // NOLINT(readability-identifier-naming)
  MysqlServer* server_ = nullptr;
  std::string start_;
};

INSTANTIATE_TEST_SUITE_P(Servers, TransactionsTest,
                         ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

TEST_P(TransactionsTest, RolledBackOnesNeverCome) {
  run({"BEGIN", "INSERT INTO a VALUES (1,'no')", "ROLLBACK", "BEGIN",
       "INSERT INTO a VALUES (2,'yes')", "COMMIT", "BEGIN", "UPDATE a SET v = 'no'", "ROLLBACK"});
  EXPECT_THAT(lines(), ElementsAre("insert tx.a 2|yes"));
}

TEST_P(TransactionsTest, SavepointsTakeBackWhatFollowed) {
  run({"BEGIN", "INSERT INTO a VALUES (1,'kept')", "SAVEPOINT s1", "INSERT INTO a VALUES (2,'no')",
       "SAVEPOINT s2", "INSERT INTO b VALUES (3,'no')", "ROLLBACK TO s2",
       "INSERT INTO b VALUES (4,'no')", "ROLLBACK TO s1", "INSERT INTO b VALUES (5,'kept')",
       "RELEASE SAVEPOINT s1", "COMMIT"});
  const Captured captured = take();
  ASSERT_EQ(captured.size(), 1U);
  EXPECT_THAT(describe(captured), ElementsAre("insert tx.a 1|kept", "insert tx.b 5|kept"));
}

// A table without transactions in between makes the server log SAVEPOINT and ROLLBACK TO.
TEST_P(TransactionsTest, SavepointsInTheBinlogAreFollowed) {
  use_lenient_server();
  run({"BEGIN", "INSERT INTO a VALUES (1,'kept')", "SAVEPOINT `s 1`",
       "INSERT INTO a VALUES (2,'no')", "INSERT INTO m VALUES (1,'stays')",
       "ROLLBACK TO SAVEPOINT `s 1`", "INSERT INTO a VALUES (3,'kept')", "COMMIT"});
  std::vector<std::string> rows = lines();
  std::sort(rows.begin(), rows.end());
  EXPECT_THAT(rows, ElementsAre("insert tx.a 1|kept", "insert tx.a 3|kept", "insert tx.m 1|stays"));
}

TEST_P(TransactionsTest, RollbackOfMixedTablesKeepsTheOther) {
  use_lenient_server();
  run({"BEGIN", "INSERT INTO a VALUES (1,'no')", "INSERT INTO m VALUES (1,'stays')", "ROLLBACK",
       "INSERT INTO a VALUES (2,'kept')"});
  EXPECT_THAT(lines(), ElementsAre("insert tx.m 1|stays", "insert tx.a 2|kept"));
}

TEST_P(TransactionsTest, StatementsOnSeveralTables) {
  run({"INSERT INTO a VALUES (1,'x'),(2,'y')", "INSERT INTO b VALUES (1,'x'),(2,'y')",
       "UPDATE a JOIN b USING (id) SET a.v = 'A', b.v = 'B' WHERE id = 1",
       "DELETE a, b FROM a JOIN b USING (id) WHERE id = 2"});
  std::vector<std::string> rows = lines();
  ASSERT_EQ(rows.size(), 8U);
  std::sort(rows.begin() + 4, rows.end());
  EXPECT_THAT(std::vector<std::string>(rows.begin() + 4, rows.end()),
              ElementsAre("delete tx.a 2|y", "delete tx.b 2|y", "update tx.a 1|x -> 1|A",
                          "update tx.b 1|x -> 1|B"));
}

TEST_P(TransactionsTest, KeyChangingUpdates) {
  run({"INSERT INTO a VALUES (1,'x'),(2,'y')", "UPDATE a SET id = id + 10 ORDER BY id DESC"});
  EXPECT_THAT(lines(), ElementsAre("insert tx.a 1|x", "insert tx.a 2|y", "update tx.a 2|y -> 12|y",
                                   "update tx.a 1|x -> 11|x"));
}

TEST_P(TransactionsTest, LoadDataInfile) {
  use_lenient_server();
  // The server may live in a root of its own: the file goes to its data folder.
  const std::string file = server_->data_folder() + "/load.tsv";
  std::ofstream(file) << "1\tone\n2\t\\N\n3\tt'h\\\\ree\n";
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  run({fmt::format("LOAD DATA INFILE '{}' INTO TABLE a", file)});
  EXPECT_THAT(lines(),
              ElementsAre("insert tx.a 1|one", "insert tx.a 2|NULL", "insert tx.a 3|t'h\\ree"));
}

// The file is the client's.
TEST_P(TransactionsTest, LoadDataLocalInfile) {
  use_lenient_server();
  run({"SET GLOBAL local_infile = 1"});
  const TempFolder folder("tailwater-load");
  std::ofstream(folder.file("load.csv")) << "1,\"o,ne\"\n2,\\N\n";
  const auto output = run_command(
      {"mariadb", "--no-defaults", "--local-infile=1", "--socket=" + server_->socket(),
       fmt::format("--user={}", kServerUser), fmt::format("--password={}", kServerPassword), "tx",
       fmt::format("--execute=LOAD DATA LOCAL INFILE '{}' INTO TABLE a FIELDS TERMINATED BY ',' "
                   "OPTIONALLY ENCLOSED BY '\"'",
                   folder.file("load.csv"))});
  ASSERT_TRUE(output.has_value()) << output.error().describe();
  EXPECT_THAT(lines(), ElementsAre("insert tx.a 1|o,ne", "insert tx.a 2|NULL"));
}

TEST_P(TransactionsTest, CreateTableSelectAndTruncate) {
  run({"INSERT INTO a VALUES (1,'x'),(2,'y')", "CREATE TABLE c (PRIMARY KEY (id)) SELECT * FROM a",
       "TRUNCATE TABLE c", "TRUNCATE a", "DROP TABLE c"});
  std::vector<std::string> rows;
  for (const std::string& line : lines()) rows.push_back(line.substr(0, line.find('(')));
  ASSERT_GE(rows.size(), 8U);
  EXPECT_THAT(rows[2], ::testing::StartsWith("schema CREATE TABLE"));
  EXPECT_EQ(rows[3], "insert tx.c 1|x");
  EXPECT_EQ(rows[4], "insert tx.c 2|y");
  EXPECT_THAT(rows[5], ::testing::HasSubstr("TRUNCATE TABLE c"));
  EXPECT_THAT(rows[6], ::testing::HasSubstr("TRUNCATE a"));
  EXPECT_THAT(rows[7], ::testing::HasSubstr("DROP TABLE"));
}

TEST_P(TransactionsTest, TablesWithoutTransactions) {
  run({"INSERT INTO m VALUES (1,'x'),(2,'y')", "BEGIN", "UPDATE m SET v = 'z' WHERE id = 1",
       "DELETE FROM m WHERE id = 2", "COMMIT"});
  EXPECT_THAT(lines(), ElementsAre("insert tx.m 1|x", "insert tx.m 2|y", "update tx.m 1|x -> 1|z",
                                   "delete tx.m 2|y"));
}

TEST_P(TransactionsTest, CompressedTransactions) {
  if (GetParam() != Flavor::kMysql) GTEST_SKIP() << "a matter of MySQL";
  run({"SET SESSION binlog_transaction_compression = ON", "BEGIN",
       "INSERT INTO a VALUES (1,REPEAT('x',20)),(2,'y')", "INSERT INTO b VALUES (1,'x')",
       "DELETE FROM a WHERE id = 2", "COMMIT", "INSERT INTO b VALUES (2,'y')"});
  const Captured captured = take();
  ASSERT_EQ(captured.size(), 2U);
  EXPECT_EQ(captured[0].changes, 4U);
  EXPECT_THAT(describe(captured),
              ElementsAre("insert tx.a 1|xxxxxxxxxxxxxxxxxxxx", "insert tx.a 2|y",
                          "insert tx.b 1|x", "delete tx.a 2|y", "insert tx.b 2|y"));
  // Every change of a compressed transaction is named by its place all the same.
  std::set<std::pair<uint64_t, uint64_t>> names;
  for (const CapturedTransaction& transaction : captured) {
    for (const CapturedChange& change : transaction.rows) {
      EXPECT_TRUE(names.emplace(transaction.start_pos, change.ordinal).second);
    }
  }
}

// Eight sessions write; each transaction takes the next number under a lock, so the numbers are the
// commit order.
Status write_numbers(const MysqlServer& server, int writer, int count) {
  TW_ASSIGN(Connection connection, server.connect());
  TW_TRY(connection.execute("USE tx"));
  for (int i = 0; i < count; ++i) {
    TW_TRY(connection.execute("BEGIN"));
    TW_TRY(connection.execute("UPDATE b SET v = v + 1 WHERE id = 0"));
    for (int row = 0; row < i % 4 + 1; ++row) {
      const int id = (writer * count + i) * 4 + row;
      TW_TRY(connection.execute(
          fmt::format("INSERT INTO a SELECT {}, v FROM b WHERE id = 0", id + 1)));
    }
    TW_TRY(connection.execute(i % 10 == 9 ? "ROLLBACK" : "COMMIT"));
  }
  return {};
}

TEST_P(TransactionsTest, CommitOrderUnderEightWriters) {
  constexpr int kWriters = 8;
  constexpr int kEach = 40;
  run({"INSERT INTO b VALUES (0,'0')"});
  std::vector<std::thread> writers;
  std::vector<Status> results(kWriters);
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back(
        [&, i] { results[static_cast<size_t>(i)] = write_numbers(*server_, i, kEach); });
  }
  for (std::thread& writer : writers) writer.join();
  for (const Status& result : results) ASSERT_TRUE(result.has_value()) << result.error().describe();

  const Captured captured = take();
  ASSERT_EQ(captured.size(), 1U + kWriters * kEach * 9 / 10);
  std::set<std::string> gtids;
  std::set<std::tuple<std::string, uint64_t, uint64_t>> ids;
  for (size_t i = 0; i < captured.size(); ++i) {
    const CapturedTransaction& transaction = captured[i];
    EXPECT_TRUE(gtids.insert(transaction.gtid).second) << transaction.gtid;
    for (const CapturedChange& change : transaction.rows) {
      EXPECT_EQ(change.after.at(1).text, fmt::format("{}", i));
      EXPECT_TRUE(ids.emplace(transaction.file, change.source_pos, change.source_row).second);
    }
  }
}

}  // namespace
}  // namespace tailwater::test
