// Changes that are in the binlog as statements: they stop a stream, or are recorded; the rows
// around them come either way.
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "integration/captured.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class StatementsTest : public ::testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    if (server_ == nullptr) {
      MysqlServerOptions options;
      options.flavor = GetParam();
      options.arguments = {"--secure-file-priv="};
      auto started = MysqlServer::start(options);
      ASSERT_TRUE(started.has_value()) << started.error().describe();
      server_ = std::move(*started);
    }
    run({"DROP DATABASE IF EXISTS st", "CREATE DATABASE st",
         "CREATE TABLE st.a (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(40))"});
    start_ = binlog_end(*server_);
  }
  static void TearDownTestSuite() { server_.reset(); }

  static void run(const std::vector<std::string>& statements) {
    const Status ran = server_->run(statements);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }
  // In a session whose statements are logged as `format` says.
  static void run_as(const std::string& format, std::vector<std::string> statements) {
    statements.insert(statements.begin(),
                      {"USE st", "SET SESSION binlog_format = " + format, "SET @name = 'ünï'"});
    run(statements);
  }

  [[nodiscard]] pipeline::SourceConfig config(bool record) const {
    pipeline::SourceConfig config = capture_config(*server_, start_);
    config.record_statements = record;
    return config;
  }
  std::vector<std::string> recorded() {
    const auto captured = capture(config(true));
    EXPECT_TRUE(captured.has_value()) << captured.error().describe();
    if (!captured.has_value()) return {};
    EXPECT_EQ(broken_promise(*captured), "");
    return describe(*captured);
  }
  // The stream stops at a statement, and its error says which and where.
  void expect_stop(const std::string& statement) {
    const auto captured = capture(config(false));
    ASSERT_FALSE(captured.has_value());
    const std::string error = captured.error().describe();
    EXPECT_EQ(captured.error().kind, ErrorKind::kUserFix) << error;
    EXPECT_THAT(error, HasSubstr(statement));
    const std::string file = start_.substr(0, start_.find(':') + 1);
    const size_t at = error.find(file);
    ASSERT_NE(at, std::string::npos) << error;
    const std::string pos = error.substr(at + file.size());
    const std::string found =
        server_->value(fmt::format("SHOW BINLOG EVENTS IN '{}' FROM {} LIMIT 1",
                                   file.substr(0, file.size() - 1), std::atoll(pos.c_str())));
    EXPECT_EQ(found + ":", file) << "no event starts at " << error;
  }

  static inline std::unique_ptr<MysqlServer> server_;  // NOLINT(readability-identifier-naming)
  std::string start_;
};

INSTANTIATE_TEST_SUITE_P(Servers, StatementsTest,
                         ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

TEST_P(StatementsTest, StatementFormat) {
  run_as("STATEMENT", {"INSERT INTO a (v) VALUES ('one'), (@name)",
                       "UPDATE a SET v = CONCAT('r', ROUND(RAND() * 0)) WHERE id = 1",
                       "DELETE FROM a WHERE id = 2"});
  run({"INSERT INTO st.a VALUES (9, 'rows')"});
  expect_stop("INSERT INTO a (v) VALUES ('one'), (@name)");
  EXPECT_THAT(recorded(),
              ElementsAre("statement INSERT INTO a (v) VALUES ('one'), (@name)",
                          "statement UPDATE a SET v = CONCAT('r', ROUND(RAND() * 0)) WHERE id = 1",
                          "statement DELETE FROM a WHERE id = 2", "insert st.a 9|rows"));
}

// What is not safe as a statement comes as rows, in the same transaction.
TEST_P(StatementsTest, MixedFormat) {
  run_as("MIXED", {"BEGIN", "INSERT INTO a VALUES (1, 'statement')",
                   "INSERT INTO a VALUES (2, LEFT(UUID(), 0))", "COMMIT"});
  expect_stop("INSERT INTO a VALUES (1, 'statement')");
  EXPECT_THAT(recorded(),
              ElementsAre("statement INSERT INTO a VALUES (1, 'statement')", "insert st.a 2|"));
}

TEST_P(StatementsTest, LoadData) {
  const std::string file = server_->data_folder() + "/load.tsv";
  std::ofstream(file) << "1\tone\n2\ttwo\n";
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  run_as("STATEMENT", {fmt::format("LOAD DATA INFILE '{}' INTO TABLE a", file)});
  run({"INSERT INTO st.a VALUES (9, 'rows')"});
  expect_stop("LOAD DATA");
  EXPECT_THAT(recorded(), ElementsAre(StartsWith("statement LOAD DATA"), "insert st.a 9|rows"));
}

// The rows of a CREATE TABLE … SELECT are not in such a binlog.
TEST_P(StatementsTest, CreateTableSelect) {
  run({"INSERT INTO st.a VALUES (1, 'x')"});
  start_ = binlog_end(*server_);
  run_as("STATEMENT", {"CREATE TABLE b (`select` INT)", "CREATE TABLE c SELECT * FROM a"});
  const std::vector<std::string> lines = recorded();
  ASSERT_GE(lines.size(), 2U);
  EXPECT_THAT(lines[0], StartsWith("schema CREATE TABLE"));
  if (GetParam() == Flavor::kMariadb) {
    expect_stop("CREATE TABLE c SELECT");
    EXPECT_THAT(lines, ElementsAre(lines[0], "statement CREATE TABLE c SELECT * FROM a"));
  } else {
    // MySQL with GTIDs logs it in two parts, as it logs rows.
    EXPECT_THAT(lines.back(), ::testing::AnyOf(StartsWith("statement "), "insert st.c 1|x"));
  }
}

// A statement in a place that is not read is no reason to stop.
TEST_P(StatementsTest, BeforeTheStartItIsPassedOver) {
  run_as("STATEMENT", {"INSERT INTO a (v) VALUES ('early')"});
  const std::string place = binlog_end(*server_);
  run({"INSERT INTO st.a VALUES (9, 'rows')"});
  start_ = place;
  const auto captured = capture(config(false));
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_THAT(describe(*captured), ElementsAre("insert st.a 9|rows"));
}

}  // namespace
}  // namespace tailwater::test
