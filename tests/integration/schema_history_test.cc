// Schemas over time: a stream that is behind names and types rows as their tables were then, be the
// names in the binlog or not.
#include "source/mysql/schema/schema_history.h"

#include <filesystem>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "integration/captured.h"
#include "integration/random_ddl.h"
#include "source/mysql/schema_reader.h"

namespace tailwater::test {
namespace {

using mysql::Connection;
using mysql::Flavor;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Param {
  Flavor flavor;
  const char* metadata;
};

std::string quoted(const std::string& name) {
  std::string text = "`";
  for (const char c : name) text.append(c == '`' ? 2 : 1, c);
  return text + "`";
}

// "insert d.t a=1|b=x", as a reader of the changelog sees it.
std::string with_names(const CapturedChange& change) {
  if (change.schema == nullptr) return change.describe();
  std::string text = fmt::format("{} {} ", to_string(change.op), change.schema->full_name());
  const auto& row = change.after.empty() ? change.before : change.after;
  for (size_t i = 0; i < row.size(); ++i) {
    const Column& column = change.schema->columns[i];
    text += fmt::format("{}{}={}", i == 0 ? "" : "|", column.name,
                        row[i].presence == Presence::kPresent ? row[i].text : "NULL");
  }
  return text;
}

std::vector<std::string> with_names(const Captured& captured) {
  std::vector<std::string> lines;
  for (const CapturedTransaction& transaction : captured) {
    for (const CapturedChange& change : transaction.rows) lines.push_back(with_names(change));
  }
  return lines;
}

std::vector<std::string> rows_only(const Captured& captured) {
  std::vector<std::string> lines;
  for (std::string& line : with_names(captured)) {
    if (!line.starts_with("schema ")) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> statements_only(const Captured& captured) {
  std::vector<std::string> lines;
  for (std::string& line : with_names(captured)) {
    if (line.starts_with("schema ")) lines.push_back(line.substr(7));
  }
  return lines;
}

class SchemaHistoryTest : public ::testing::TestWithParam<Param> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam().flavor);
    server_ = &SharedServer::get(GetParam().flavor);
    auto connection = server_->connect();
    ASSERT_TRUE(connection.has_value()) << connection.error().describe();
    connection_.emplace(std::move(*connection));
    metadata_before_ = server_->value("SELECT @@GLOBAL.binlog_row_metadata");
    run({fmt::format("SET GLOBAL binlog_row_metadata = '{}'", GetParam().metadata),
         "DROP DATABASE IF EXISTS sh", "DROP DATABASE IF EXISTS sh2",
         "CREATE DATABASE sh CHARACTER SET latin1", "USE sh",
         "CREATE TABLE first (id INT PRIMARY KEY)"});
    start_ = binlog_end(*server_);
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    (void)server_->run({fmt::format("SET GLOBAL binlog_row_metadata = '{}'", metadata_before_),
                        "DROP DATABASE IF EXISTS sh", "DROP DATABASE IF EXISTS sh2"});
  }

  [[nodiscard]] bool has_names() const { return std::string_view(GetParam().metadata) == "FULL"; }
  [[nodiscard]] std::string log() const { return folder_.file("log"); }

  void run(const std::vector<std::string>& statements) {
    for (const std::string& statement : statements) {
      const Status ran = connection_->execute(statement);
      ASSERT_TRUE(ran.has_value()) << statement << "\n" << ran.error().describe();
    }
  }

  // Inserts a row whose values fit the columns that the table has now, and notes what a reader
  // must see of it.
  void insert(const std::string& table) {
    const int number = ++number_;
    const auto rows = query(fmt::format(
        "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "
        "DATABASE() AND TABLE_NAME = '{}' ORDER BY ORDINAL_POSITION",
        table));
    std::string names;
    std::string values;
    std::string shown;
    for (const auto& row : rows) {
      const bool is_text = row[1] == "varchar" || row[1] == "char" || row[1] == "text";
      const std::string value = is_text ? fmt::format("'é{}'", number) : std::to_string(number);
      names += (names.empty() ? "" : ", ") + quoted(row[0]);
      values += (values.empty() ? "" : ", ") + value;
      shown += fmt::format("{}{}={}", shown.empty() ? "" : "|", row[0], trim_quotes(value));
    }
    run({fmt::format("INSERT INTO {} ({}) VALUES ({})", quoted(table), names, values)});
    expected_.push_back(fmt::format("insert sh.{} {}", table, shown));
  }

  static std::string trim_quotes(const std::string& value) {
    return value.starts_with('\'') ? value.substr(1, value.size() - 2) : value;
  }

  // A row of defaults in one of the tables, if the server takes it.
  void insert_defaults(const mysql::SchemaCatalog& tables, Random& random) {
    std::vector<mysql::TableName> names;
    for (const auto& [name, table] : tables.tables()) {
      if (name.database == "d" || name.database == "e") names.push_back(name);
    }
    if (names.empty()) return;
    const mysql::TableName& name = names[random() % names.size()];
    const std::string full = quoted(name.database) + "." + quoted(name.table);
    const std::string before = server_->value("SELECT COUNT(*) FROM " + full);
    if (!connection_->execute(fmt::format("INSERT INTO {} () VALUES ()", full)).has_value()) return;
    if (server_->value("SELECT COUNT(*) FROM " + full) == before) return;
    const auto columns = query(fmt::format(
        "SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{}' "
        "AND TABLE_NAME = '{}' ORDER BY ORDINAL_POSITION",
        name.database, name.table));
    std::string text = name.describe();
    for (const auto& column : columns) text += fmt::format("|{} {}", column[0], column[1]);
    expected_.push_back(std::move(text));
  }
  static std::string shape(const CapturedChange& change) {
    std::string text = change.schema->full_name();
    for (const Column& column : change.schema->columns) {
      text += fmt::format("|{} {}", column.name, column.source_type);
    }
    return text;
  }

  std::vector<std::vector<std::string>> query(const std::string& sql) {
    std::vector<std::vector<std::string>> all;
    auto rows = connection_->query(sql);
    EXPECT_TRUE(rows.has_value()) << sql << "\n" << rows.error().describe();
    while (rows.has_value()) {
      const auto more = rows->next();
      if (!more.has_value() || !*more) break;
      std::vector<std::string> row;
      for (size_t i = 0; i < rows->columns(); ++i) row.push_back(rows->text(i));
      all.push_back(std::move(row));
    }
    return all;
  }

  [[nodiscard]] pipeline::SourceConfig config() const {
    pipeline::SourceConfig config = capture_config(*server_, start_);
    config.table_include = {"sh\\..*"};
    return config;
  }

  // The stream's first run: its history begins here.
  void begin() {
    insert("first");
    const auto captured = capture(config(), log());
    ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  }
  Captured catch_up() {
    auto captured = capture(config(), log());
    EXPECT_TRUE(captured.has_value()) << captured.error().describe();
    if (!captured.has_value()) return {};
    EXPECT_EQ(broken_promise(*captured), "");
    expect_history_equals_server();
    return *std::move(captured);
  }
  // How often a table had to be read from the server again.
  size_t tables_read_again() {
    const mysql::SchemaJournal journal(FileSystem::posix(), log() + "/schemas");
    size_t count = 0;
    for (const uint64_t number : journal.list().value_or(std::vector<uint64_t>{})) {
      const auto file = journal.read(number);
      EXPECT_TRUE(file.has_value());
      for (const auto& record : file->records) {
        count += record.kind == mysql::JournalRecordKind::kTable ? 1 : 0;
      }
    }
    return count;
  }
  // What was followed is what the server has now.
  void expect_history_equals_server() {
    const auto known = mysql::SchemaHistory::read_end(FileSystem::posix(), log() + "/schemas");
    const auto live = mysql::read_schema_catalog(
        *connection_, [](const mysql::TableName& name) { return name.database == "sh"; });
    ASSERT_TRUE(known.has_value() && *known && live.has_value());
    for (const auto& [name, table] : live->tables()) {
      const auto* followed = (*known)->find(name.database, name.table);
      ASSERT_NE(followed, nullptr) << name.describe();
      EXPECT_TRUE(followed->facts == table.facts) << name.describe();
      EXPECT_EQ(followed->stale, "");
    }
  }
  std::string failure(const pipeline::SourceConfig& config, const std::string& folder = {}) {
    const auto captured = capture(config, folder);
    EXPECT_FALSE(captured.has_value());
    return captured.has_value() ? "" : captured.error().describe();
  }

  MysqlServer* server_ = nullptr;
  std::optional<Connection> connection_;
  std::string metadata_before_;
  TempFolder folder_{"schema-history"};
  std::string start_;
  int number_ = 0;
  std::vector<std::string> expected_;
};

INSTANTIATE_TEST_SUITE_P(
    Servers, SchemaHistoryTest,
    ::testing::Values(Param{Flavor::kMariadb, "NO_LOG"}, Param{Flavor::kMariadb, "MINIMAL"},
                      Param{Flavor::kMariadb, "FULL"}, Param{Flavor::kMysql, "MINIMAL"},
                      Param{Flavor::kMysql, "FULL"}),
    [](const auto& tested) {
      return std::string(to_string(tested.param.flavor)) + "_" + tested.param.metadata;
    });

TEST_P(SchemaHistoryTest, StreamThatIsBehindKnowsEveryShape) {
  run({"CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(20))"});
  start_ = binlog_end(*server_);
  begin();
  insert("t");
  const std::vector<std::string> changes = {
      "ALTER TABLE t ADD COLUMN c INT FIRST",
      "ALTER TABLE t DROP COLUMN a",
      "ALTER TABLE t MODIFY b VARCHAR(20) FIRST",
      "ALTER TABLE t ADD x INT, ADD y INT",
      "ALTER TABLE t RENAME COLUMN x TO y, RENAME COLUMN y TO x",
      "ALTER TABLE t CHANGE b bb VARCHAR(40) CHARACTER SET utf8mb4 AFTER id",
      "ALTER TABLE t MODIFY c BIGINT UNSIGNED",
      "ALTER TABLE t MODIFY x VARCHAR(30)",
      "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4",
      "ALTER TABLE t ADD INDEX (c), ADD UNIQUE KEY u (c, id)",
      "ALTER TABLE t DROP PRIMARY KEY, ADD n INT NOT NULL AUTO_INCREMENT, ADD PRIMARY KEY (n)",
      "ALTER DATABASE sh CHARACTER SET utf8mb4",
      "ALTER TABLE t ADD COLUMN late VARCHAR(10)",
      "TRUNCATE TABLE t",
      "CREATE OR REPLACE TABLE t (other VARCHAR(10), id INT PRIMARY KEY)",
  };
  for (const std::string& change : changes) {
    if (GetParam().flavor == Flavor::kMysql && change.starts_with("CREATE OR REPLACE")) {
      run({"DROP TABLE t",
           "CREATE " + change.substr(std::string_view("CREATE OR REPLACE ").size())});
    } else {
      run({change});
    }
    insert("t");
  }
  run({"RENAME TABLE t TO u, first TO t, u TO first"});
  insert("t");
  insert("first");
  run({"CREATE TABLE same LIKE first", "INSERT INTO same VALUES ('x', 7)"});
  expected_.emplace_back("insert sh.same other=x|id=7");
  const Captured captured = catch_up();
  EXPECT_EQ(rows_only(captured), expected_);
  EXPECT_EQ(tables_read_again(), 0U);
  const std::vector<std::string> statements = statements_only(captured);
  for (const std::string& change : changes) {
    if (!change.starts_with("ALTER")) continue;
    EXPECT_THAT(statements, Contains(change));
  }
}

// The tools that alter large tables fill another one, and then exchange the two.
TEST_P(SchemaHistoryTest, TablesAreExchanged) {
  run({"CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(20))",
       "CREATE TABLE p (id INT PRIMARY KEY, a INT, b VARCHAR(20))"});
  start_ = binlog_end(*server_);
  begin();
  insert("t");
  insert("p");
  // As gh-ost does it.
  run({"CREATE TABLE _t_gho LIKE t",
       "ALTER TABLE _t_gho DROP COLUMN a, ADD COLUMN z VARCHAR(9) AFTER id, RENAME COLUMN b TO bb",
       "CREATE TABLE _t_ghc (id INT AUTO_INCREMENT PRIMARY KEY, hint VARCHAR(64))",
       "INSERT INTO _t_ghc (hint) VALUES ('state')",
       "INSERT INTO _t_gho (id, bb) SELECT id, b FROM t"});
  insert("t");
  run({"REPLACE INTO _t_gho (id, bb) SELECT id, b FROM t",
       "CREATE TABLE _t_del (id INT PRIMARY KEY) COMMENT 'magic'", "DROP TABLE _t_del",
       "RENAME TABLE t TO _t_del, _t_gho TO t", "DROP TABLE _t_ghc, _t_del"});
  insert("t");
  // As pt-online-schema-change does it.
  run({"CREATE TABLE _p_new LIKE p", "ALTER TABLE _p_new MODIFY b VARCHAR(20) FIRST",
       "CREATE TRIGGER pt_ins AFTER INSERT ON p FOR EACH ROW REPLACE INTO _p_new (id, a, b) VALUES "
       "(NEW.id, NEW.a, NEW.b)",
       "INSERT IGNORE INTO _p_new (id, a, b) SELECT id, a, b FROM p"});
  insert("p");
  run({"RENAME TABLE sh.p TO sh._p_old, sh._p_new TO sh.p", "DROP TABLE IF EXISTS _p_old"});
  insert("p");
  pipeline::SourceConfig only = config();
  only.table_include = {"sh\\.[tp]", "sh\\.first"};
  auto captured = capture(only, log());
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_EQ(rows_only(*captured), expected_);
  EXPECT_THAT(statements_only(*captured),
              ElementsAre("RENAME TABLE t TO _t_del, _t_gho TO t",
                          "RENAME TABLE sh.p TO sh._p_old, sh._p_new TO sh.p"));
}

// A first start in the past: what the tables were there is only known if they are still the same.
TEST_P(SchemaHistoryTest, FirstStartInThePast) {
  run({"CREATE TABLE t (id INT PRIMARY KEY, a INT)", "CREATE TABLE s (id INT PRIMARY KEY, a INT)"});
  start_ = binlog_end(*server_);
  insert("s");
  insert("t");
  const std::string second = binlog_end(*server_);
  run({"ALTER TABLE t RENAME COLUMN a TO b"});
  const std::string third = binlog_end(*server_);
  insert("t");
  insert("s");
  if (has_names()) {
    EXPECT_EQ(rows_only(catch_up()), expected_);
    return;
  }
  const std::string error = failure(config(), log());
  EXPECT_THAT(error, HasSubstr("ALTER TABLE t RENAME COLUMN a TO b"));
  EXPECT_THAT(error, HasSubstr("sh.t"));
  EXPECT_THAT(error, HasSubstr("--schema"));
  // The other table was not touched: it was read up to there.
  const auto before = read_changelog(log());
  ASSERT_TRUE(before.has_value());
  EXPECT_THAT(rows_only(*before), ElementsAre(expected_[0]));
  // With the columns of that time it goes on, and follows the statement.
  const std::string file = folder_.file("schema.json");
  const std::string tables = R"j({"sh.t": {"columns": [{"name": "id", "type": "int(11)"}, )j"
                             R"j({"name": "a", "type": "int(11)"}], "primary_key": ["id"]}})j";
  ASSERT_TRUE(replace_file(FileSystem::posix(), file, tables).has_value());
  pipeline::SourceConfig given = config();
  given.schema_file = file;
  for (int i = 0; i < 2; ++i) {  // the second time the file is not taken in again
    const auto captured = capture(given, log());
    ASSERT_TRUE(captured.has_value()) << captured.error().describe();
    EXPECT_EQ(rows_only(*captured), expected_);
    insert("t");
  }
  // After the statement nothing is in doubt.
  pipeline::SourceConfig later = config();
  later.from = third;
  const auto captured = capture(later);
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_THAT(rows_only(*captured),
              ElementsAre(expected_[2], expected_[3], expected_[4], expected_[5]));
}

// The server's own log of statements may lack one: then the table map does not fit.
TEST_P(SchemaHistoryTest, StatementThatIsNotInTheBinlog) {
  run({"CREATE TABLE t (id INT PRIMARY KEY, a INT)"});
  start_ = binlog_end(*server_);
  begin();
  insert("t");
  run({"SET sql_log_bin = 0", "ALTER TABLE t ADD COLUMN c VARCHAR(10)", "SET sql_log_bin = 1"});
  insert("t");
  EXPECT_EQ(rows_only(catch_up()), expected_);
  run({"SET sql_log_bin = 0", "ALTER TABLE t ADD COLUMN d VARCHAR(10)", "SET sql_log_bin = 1"});
  insert("t");
  run({"SET sql_log_bin = 0", "ALTER TABLE t DROP COLUMN d", "SET sql_log_bin = 1"});
  if (has_names()) {
    EXPECT_EQ(rows_only(catch_up()), expected_);
    return;
  }
  const std::string error = failure(config(), log());
  EXPECT_THAT(error, HasSubstr("sh.t"));
  EXPECT_THAT(error, HasSubstr("does not fit"));
}

// The same binlog again, from the same place, with the history that the first reading kept.
TEST_P(SchemaHistoryTest, ReadAgainWithTheHistory) {
  run({"CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(20))"});
  start_ = binlog_end(*server_);
  begin();
  insert("t");
  run({"ALTER TABLE t DROP COLUMN a"});
  insert("t");
  run({"ALTER TABLE t RENAME COLUMN b TO bb"});
  insert("t");
  ASSERT_EQ(rows_only(catch_up()), expected_);
  pipeline::SourceConfig again = config();
  again.schema_file = log() + "/schemas";
  const auto captured = capture(again, folder_.file("again"));
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_EQ(rows_only(*captured), expected_);
  // Without the segments of its changelog, a folder still knows.
  for (const auto& file : std::filesystem::directory_iterator(log())) {
    if (file.path().filename() != "schemas") std::filesystem::remove_all(file.path());
  }
  EXPECT_EQ(rows_only(catch_up()), expected_);
}

TEST_P(SchemaHistoryTest, HistoryOfAnotherTimeIsRefused) {
  begin();
  run({"ALTER TABLE first ADD COLUMN a INT"});
  insert("first");
  pipeline::SourceConfig later = config();
  later.from = binlog_end(*server_);
  later.schema_file = log() + "/schemas";
  insert("first");
  EXPECT_THAT(failure(later), HasSubstr("does not tell of this place"));
}

// Without a folder of schemas a log goes on with the tables as they are, where that is sure.
TEST_P(SchemaHistoryTest, LostHistory) {
  run({"CREATE TABLE t (id INT PRIMARY KEY, a INT)"});
  start_ = binlog_end(*server_);
  begin();
  std::filesystem::remove_all(log() + "/schemas");
  insert("first");
  insert("t");
  EXPECT_EQ(rows_only(catch_up()), expected_);
  std::filesystem::remove_all(log() + "/schemas");
  insert("first");
  insert("t");
  run({"ALTER TABLE t RENAME COLUMN a TO b"});
  if (!has_names()) {
    EXPECT_THAT(failure(config(), log()), HasSubstr("RENAME COLUMN a TO b"));
    return;
  }
  const auto captured = capture(config(), log());
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_EQ(rows_only(*captured), expected_);
}

TEST_P(SchemaHistoryTest, DamagedHistoryIsRefused) {
  begin();
  run({"ALTER TABLE first ADD COLUMN a INT"});
  insert("first");
  (void)catch_up();
  const std::string path = log() + "/schemas/00000001.history";
  auto text = read_file(FileSystem::posix(), path);
  ASSERT_TRUE(text.has_value());
  (*text)[text->size() / 3] ^= 1;
  ASSERT_TRUE(replace_file(FileSystem::posix(), path, *text).has_value());
  const std::string error = failure(config(), log());
  EXPECT_THAT(error, HasSubstr("00000001.history"));
  EXPECT_THAT(error, HasSubstr("damaged"));
}

// Statements about tables that are not captured are no concern of the log's readers.
TEST_P(SchemaHistoryTest, OnlyStatementsAboutCapturedTables) {
  begin();
  run({"CREATE DATABASE sh2", "CREATE TABLE sh2.o (id INT PRIMARY KEY, n INT)",
       "INSERT INTO sh2.o VALUES (1, 2)", "ALTER TABLE sh2.o RENAME COLUMN n TO m",
       "CREATE TEMPORARY TABLE tmp (id INT)", "DROP TEMPORARY TABLE tmp",
       "RENAME TABLE sh2.o TO sh.o", "INSERT INTO sh.o VALUES (2, 3)", "OPTIMIZE TABLE first",
       "CREATE VIEW v AS SELECT 1", "DROP VIEW v", "RENAME TABLE sh.o TO sh2.o",
       "DROP DATABASE sh2"});
  const Captured captured = catch_up();
  EXPECT_THAT(statements_only(captured),
              ElementsAre("CREATE DATABASE sh2", "RENAME TABLE sh2.o TO sh.o",
                          "RENAME TABLE sh.o TO sh2.o", "DROP DATABASE sh2"));
  EXPECT_THAT(rows_only(captured), Contains("insert sh.o id=2|m=3"));
}

// What a column is without a word about NULL hangs on a setting of the session.
TEST_P(SchemaHistoryTest, TimestampsWithoutAWord) {
  begin();
  for (const char* setting : {"OFF", "ON"}) {
    const std::string table = fmt::format("ts_{}", to_lower(setting));
    run({fmt::format("SET SESSION explicit_defaults_for_timestamp = {}", setting),
         fmt::format("CREATE TABLE {} (id INT PRIMARY KEY, ts TIMESTAMP)", table),
         fmt::format("ALTER TABLE {} ADD COLUMN late TIMESTAMP DEFAULT '2001-02-03 04:05:06'",
                     table),
         "SET time_zone = '+00:00'",
         fmt::format("INSERT INTO {} VALUES (1, '2024-05-06 07:08:09', DEFAULT)", table)});
    expected_.push_back(
        fmt::format("insert sh.{} id=1|ts=2024-05-06 07:08:09|late=2001-02-03 04:05:06", table));
  }
  run({"SET SESSION explicit_defaults_for_timestamp = DEFAULT",
       "CREATE TABLE plain (id INT PRIMARY KEY, ts TIMESTAMP)",
       "INSERT INTO plain VALUES (1, '2024-05-06 07:08:09')"});
  expected_.emplace_back("insert sh.plain id=1|ts=2024-05-06 07:08:09");
  const Captured captured = catch_up();
  EXPECT_EQ(rows_only(captured), expected_);
  EXPECT_EQ(tables_read_again(), 0U);
  for (const CapturedTransaction& transaction : captured) {
    for (const CapturedChange& change : transaction.rows) {
      if (change.schema == nullptr || change.schema->table != "ts_off") continue;
      EXPECT_FALSE(change.schema->columns[1].nullable);
    }
  }
}

// MariaDB keeps a hash of a unique key that is too long for an index in a hidden column.
TEST_P(SchemaHistoryTest, HashesOfLongKeysAreHidden) {
  if (GetParam().flavor != Flavor::kMariadb) GTEST_SKIP() << "only MariaDB has such keys";
  run({"CREATE TABLE t (id INT PRIMARY KEY, a TEXT, UNIQUE KEY (a))",
       "CREATE TABLE l (id INT PRIMARY KEY, a VARCHAR(2000) CHARACTER SET utf8mb4, UNIQUE KEY (a), "
       "b VARCHAR(10), UNIQUE KEY (b))"});
  start_ = binlog_end(*server_);
  begin();
  insert("t");
  insert("l");
  run({"ALTER TABLE t ADD COLUMN b BIGINT, ADD UNIQUE KEY (b)"});
  insert("t");
  run({"ALTER TABLE t ADD c VARCHAR(20), ADD UNIQUE KEY both_ (a, c)",
       "ALTER TABLE l MODIFY a VARCHAR(100)"});
  insert("t");
  insert("l");
  run({"ALTER TABLE t DROP KEY a, DROP KEY both_, ADD UNIQUE KEY part (a(20))"});
  insert("t");
  run({"UPDATE t SET c = 'new'", "DELETE FROM l"});
  auto lines = rows_only(catch_up());
  ASSERT_GT(lines.size(), expected_.size());
  lines.resize(expected_.size());
  EXPECT_EQ(lines, expected_);
  EXPECT_EQ(tables_read_again(), 0U);
}

// MariaDB announces a long ALTER TABLE, so that replicas can begin with it.
TEST_P(SchemaHistoryTest, AlterInTwoPhases) {
  if (GetParam().flavor != Flavor::kMariadb) GTEST_SKIP() << "only MariaDB has it";
  run({"CREATE TABLE t (id INT PRIMARY KEY, a INT)", "INSERT INTO t VALUES (-1, 5), (-2, 5)"});
  start_ = binlog_end(*server_);
  begin();
  run({"SET SESSION binlog_alter_two_phase = 1", "ALTER TABLE t ADD COLUMN c INT FIRST"});
  insert("t");
  const Status refused = connection_->execute("ALTER TABLE t ADD UNIQUE KEY (a), ADD d INT");
  EXPECT_FALSE(refused.has_value()) << "5 is there twice";
  insert("t");
  const Captured captured = catch_up();
  EXPECT_EQ(rows_only(captured), expected_);
  EXPECT_EQ(tables_read_again(), 0U);
  EXPECT_EQ(statements_only(captured).size(), 1U);
}

// Random statements about tables, rows in between, and a stream that catches up now and then. What
// it says of a row's columns is what the server said when the row was made.
TEST_P(SchemaHistoryTest, RandomStatementsFollowed) {
  const char* text = std::getenv("TAILWATER_DDL_SEED");
  const uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 10) : 3;
  std::printf("TAILWATER_DDL_SEED=%llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  RandomDdl ddl(GetParam().flavor, random);
  run({"DROP DATABASE IF EXISTS d", "DROP DATABASE IF EXISTS e", "CREATE DATABASE d",
       "CREATE DATABASE e CHARACTER SET latin1", "USE sh", "SET SESSION foreign_key_checks = 0"});
  start_ = binlog_end(*server_);
  begin();
  expected_.clear();
  run({"USE d", "SET SESSION sql_mode = ''"});
  pipeline::SourceConfig all = config();
  all.table_include = {"[de]\\..*"};
  constexpr int kStatements = 120;
  constexpr int kStatementsPerRun = 30;
  for (int i = 1; i <= kStatements && !HasFailure(); ++i) {
    const auto live = mysql::read_schema_catalog(
        *connection_, [](const mysql::TableName& name) { return name.database != "sh"; });
    ASSERT_TRUE(live.has_value());
    (void)connection_->execute(ddl.statement(*live));
    insert_defaults(*live, random);
    if (i % kStatementsPerRun != 0) continue;
    const auto captured = capture(all, log());
    ASSERT_TRUE(captured.has_value()) << captured.error().describe();
    std::vector<std::string> shapes;
    for (const CapturedTransaction& transaction : *captured) {
      for (const CapturedChange& change : transaction.rows) {
        if (change.schema != nullptr && change.op == Op::kInsert &&
            change.schema->database != "sh") {
          shapes.push_back(shape(change));
        }
      }
    }
    EXPECT_EQ(shapes, expected_);
  }
  std::printf("%zu rows\n", expected_.size());
  EXPECT_GT(expected_.size(), 20U);
  run({"DROP DATABASE IF EXISTS d", "DROP DATABASE IF EXISTS e"});
}

}  // namespace
}  // namespace tailwater::test
