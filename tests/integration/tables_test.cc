// Tables whose columns are hard to tell, on real servers and with every binlog_row_metadata: labels
// with characters that the catalog escapes, and MariaDB's versions of rows with hidden columns.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "integration/captured.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using ::testing::ElementsAre;
using Lines = std::vector<std::string>;

struct Round {
  Flavor flavor = Flavor::kMariadb;
  std::string metadata;

  friend void PrintTo(const Round& round, std::ostream* out) {
    *out << to_string(round.flavor) << " " << round.metadata;
  }
};

std::string name_of(const ::testing::TestParamInfo<Round>& round) {
  return fmt::format("{}_{}", to_string(round.param.flavor), round.param.metadata);
}

class TablesTest : public ::testing::TestWithParam<Round> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam().flavor);
    server_ = &SharedServer::get(GetParam().flavor);
    before_ = server_->value("SELECT @@global.binlog_row_metadata");
    set_metadata(GetParam().metadata);
  }
  void TearDown() override {
    if (server_ != nullptr) set_metadata(before_);
  }
  void set_metadata(const std::string& metadata) {
    run({fmt::format("SET GLOBAL binlog_row_metadata = {}", metadata)});
  }
  void run(const Lines& statements) {
    const Status ran = server_->run(statements);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  }
  // What the stream gives of the tables of one database.
  Captured captured_of(const std::string& database, const std::string& start,
                       const std::string& snapshot = "never") {
    auto config = capture_config(*server_, start);
    config.table_include = {database + "[.].*"};
    config.snapshot = snapshot;
    if (snapshot == "only") config.until = "";
    auto captured = capture(config);
    EXPECT_TRUE(captured.has_value()) << captured.error().describe();
    return captured.value_or(Captured());
  }
  // The first column of a query's rows.
  Lines selected(const std::string& sql) {
    Lines lines;
    auto connection = server_->connect();
    if (!connection.has_value()) return lines;
    for (const char* set : {"SET NAMES utf8mb4", "SET time_zone = '+00:00'"}) {
      EXPECT_TRUE(connection->execute(set).has_value());
    }
    auto rows = connection->query(sql);
    EXPECT_TRUE(rows.has_value()) << sql;
    while (rows.has_value() && rows->next().value_or(false)) lines.push_back(rows->text(0));
    return lines;
  }

  MysqlServer* server_ = nullptr;
  std::string before_;
};

constexpr const char* kEscaped =
    R"(CREATE TABLE e (id int PRIMARY KEY, a enum('x\\y','q''q','t\tt','n\nn','r\rr','z\0z','d"d',)"
    R"('p%\_','comma,comma','é','\\','0','n')) DEFAULT CHARSET utf8mb4)";
constexpr const char* kLatin =
    R"(CREATE TABLE s (id int PRIMARY KEY, a set('x\\y','\'','n\nn','é')) DEFAULT CHARSET latin1)";
constexpr const char* kUnescaped =
    R"(CREATE TABLE n (id int PRIMARY KEY, a enum('x\y','q''q','x\\y')) DEFAULT CHARSET utf8mb4)";
constexpr const char* kFill =
    "INSERT INTO e VALUES (1,1),(2,2),(3,3),(4,4),(5,5),(6,6),(7,7),(8,8),(9,9),(10,10),(11,11),"
    "(12,12),(13,13)";

// The rows that the stream gives are those that the server selects.
TEST_P(TablesTest, LabelsAreWhatTheServerSelects) {
  run({"DROP DATABASE IF EXISTS labels", "CREATE DATABASE labels"});
  const std::string start = binlog_end(*server_);
  run({"SET NAMES utf8mb4", "USE labels", kEscaped, kLatin, kFill,
       "INSERT INTO s VALUES (1,1),(2,2),(3,15)",
       "SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')", kUnescaped,
       "INSERT INTO n VALUES (1,1),(2,2),(3,3)"});
  for (const char* table : {"e", "s", "n"}) {
    Lines values;
    for (const CapturedTransaction& transaction : captured_of("labels", start)) {
      for (const CapturedChange& change : transaction.rows) {
        if (change.op != Op::kInsert || change.schema->table != table) continue;
        EXPECT_EQ(change.schema->columns[1].name, "a");
        values.push_back(change.after[1].text);
      }
    }
    EXPECT_EQ(values, selected(fmt::format("SELECT a FROM labels.{} ORDER BY id", table))) << table;
  }
}

std::vector<Round> all_rounds() {
  return {{Flavor::kMariadb, "FULL"},
          {Flavor::kMariadb, "MINIMAL"},
          {Flavor::kMariadb, "NO_LOG"},
          {Flavor::kMysql, "FULL"},
          {Flavor::kMysql, "MINIMAL"}};
}
INSTANTIATE_TEST_SUITE_P(All, TablesTest, ::testing::ValuesIn(all_rounds()), name_of);

class VersionsTest : public TablesTest {
 protected:
  // All that a table ever held, as a stream of its changes leaves it.
  static Lines replayed(const Captured& captured, const std::string& table) {
    std::map<std::string, std::string> rows;
    for (const CapturedTransaction& transaction : captured) {
      for (const CapturedChange& change : transaction.rows) {
        if (change.schema == nullptr || change.schema->table != table) continue;
        if (!change.before.empty()) rows.erase(key_of(change, change.before));
        if (change.op != Op::kDelete && !change.after.empty()) {
          const auto placed = rows.emplace(key_of(change, change.after), line_of(change.after));
          EXPECT_TRUE(placed.second) << change.describe();
        }
      }
    }
    Lines lines;
    for (const auto& [key, line] : rows) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  static std::string line_of(const std::vector<CapturedValue>& row) {
    std::string line;
    for (const CapturedValue& value : row) {
      line += (line.empty() ? "" : "|") +
              (value.presence == Presence::kPresent ? value.text : std::string("NULL"));
    }
    return line;
  }
  static std::string key_of(const CapturedChange& change, const std::vector<CapturedValue>& row) {
    if (change.schema->key_columns.empty()) return line_of(row);
    std::string key;
    for (const uint32_t column : change.schema->key_columns) key += row[column].text + "|";
    return key;
  }
  static const TableSchema& schema_of(const Captured& captured, const std::string& table) {
    static const TableSchema none;
    const TableSchema* found = &none;
    for (const CapturedTransaction& transaction : captured) {
      for (const CapturedChange& change : transaction.rows) {
        if (change.schema != nullptr && change.schema->table == table) found = change.schema.get();
      }
    }
    return *found;
  }
  // "name key invisible" of each column.
  static Lines columns_of(const TableSchema& schema) {
    Lines columns;
    for (size_t i = 0; i < schema.columns.size(); ++i) {
      const Column& column = schema.columns[i];
      std::string text = column.name;
      if (std::ranges::count(schema.key_columns, i) != 0) text += " key";
      if (column.generated) text += " generated";
      if (column.invisible) text += " invisible";
      columns.push_back(text);
    }
    return columns;
  }
};

constexpr const char* kHidden =
    "CREATE TABLE hidden (id int PRIMARY KEY, a varchar(10)) WITH SYSTEM VERSIONING";
constexpr const char* kKeyless =
    "CREATE TABLE keyless (id int, a varchar(10) WITH SYSTEM VERSIONING)";
constexpr const char* kShown =
    "CREATE TABLE shown (id int PRIMARY KEY, a varchar(10), s timestamp(6) GENERATED ALWAYS AS ROW "
    "START, e timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM "
    "VERSIONING";
constexpr const char* kUnseen =
    "CREATE TABLE unseen (id int PRIMARY KEY, s timestamp(6) GENERATED ALWAYS AS ROW START "
    "INVISIBLE, e timestamp(6) GENERATED ALWAYS AS ROW END INVISIBLE, a varchar(10), PERIOD FOR "
    "SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING";
constexpr const char* kPlain =
    "CREATE TABLE plain (id int PRIMARY KEY, a varchar(10), b timestamp(6) NOT NULL DEFAULT 0, c "
    "timestamp(6) NOT NULL DEFAULT 0)";

TEST_P(VersionsTest, TheHistoryIsInTheStream) {
  run({"DROP DATABASE IF EXISTS versions", "CREATE DATABASE versions"});
  const std::string start = binlog_end(*server_);
  Lines statements = {"USE versions", "SET sql_mode = ''", kHidden, kKeyless, kShown, kUnseen,
                      kPlain};
  for (const char* table : {"hidden", "keyless", "shown", "unseen", "plain"}) {
    for (const char* sql : {"INSERT INTO {} (id, a) VALUES (1, 'a'), (2, 'b'), (3, 'c')",
                            "UPDATE {} SET a = 'x' WHERE id < 3",
                            "UPDATE {} SET id = 9 WHERE id = 2", "DELETE FROM {} WHERE id = 3"}) {
      statements.push_back(fmt::format(fmt::runtime(sql), table));
    }
  }
  run(statements);
  const Captured captured = captured_of("versions", start);

  EXPECT_THAT(columns_of(schema_of(captured, "hidden")),
              ElementsAre("id key", "a", "row_start generated invisible",
                          "row_end key generated invisible"));
  EXPECT_THAT(
      columns_of(schema_of(captured, "keyless")),
      ElementsAre("id", "a", "row_start generated invisible", "row_end generated invisible"));
  EXPECT_THAT(columns_of(schema_of(captured, "shown")),
              ElementsAre("id key", "a", "s generated", "e key generated"));
  EXPECT_THAT(columns_of(schema_of(captured, "unseen")),
              ElementsAre("id key", "s generated invisible", "e key generated invisible", "a"));
  EXPECT_THAT(columns_of(schema_of(captured, "plain")), ElementsAre("id key", "a", "b", "c"));

  const std::map<std::string, std::string> texts = {
      {"hidden", "id, '|', a, '|', row_start, '|', row_end"},
      {"keyless", "id, '|', a, '|', row_start, '|', row_end"},
      {"shown", "id, '|', a, '|', s, '|', e"},
      {"unseen", "id, '|', s, '|', e, '|', a"}};
  for (const auto& [table, text] : texts) {
    Lines rows = selected(
        fmt::format("SELECT CONCAT({}) FROM versions.{} FOR SYSTEM_TIME ALL", text, table));
    std::sort(rows.begin(), rows.end());
    // Of `keyless` only `a` has versions: another id leaves none behind.
    EXPECT_EQ(rows.size(), table == "keyless" ? 5U : 6U) << table;
    EXPECT_EQ(replayed(captured, table), rows) << table;
  }
}

// A snapshot reads what is current, in the shape that the stream gives.
TEST_P(VersionsTest, ASnapshotHasTheSameColumns) {
  run({"DROP DATABASE IF EXISTS versions", "CREATE DATABASE versions", "USE versions", kHidden,
       kKeyless});
  const std::string start = binlog_end(*server_);
  run({"USE versions", "INSERT INTO hidden VALUES (1, 'a'), (2, 'b')",
       "INSERT INTO keyless VALUES (1, 'a')", "UPDATE hidden SET a = 'x' WHERE id = 1"});
  const Captured streamed = captured_of("versions", start);
  const Captured read = captured_of("versions", "now", "only");
  for (const char* table : {"hidden", "keyless"}) {
    EXPECT_EQ(schema_of(read, table), schema_of(streamed, table)) << table;
    Lines rows = selected(fmt::format(
        "SELECT CONCAT(id, '|', a, '|', row_start, '|', row_end) FROM versions.{}", table));
    std::sort(rows.begin(), rows.end());
    EXPECT_EQ(replayed(read, table), rows) << table;
  }
}

// Without names in the binlog the table is compared with what it is now.
TEST_P(VersionsTest, VersionsThatWereDroppedAreNoticed) {
  run({"DROP DATABASE IF EXISTS versions", "CREATE DATABASE versions", "USE versions", kHidden});
  const std::string start = binlog_end(*server_);
  run({"USE versions", "INSERT INTO hidden VALUES (1, 'a')",
       "SET system_versioning_alter_history = KEEP", "ALTER TABLE hidden DROP SYSTEM VERSIONING"});
  auto config = capture_config(*server_, start);
  config.table_include = {"versions[.].*"};
  const auto captured = capture(config);
  if (GetParam().metadata == "FULL") {
    ASSERT_TRUE(captured.has_value()) << captured.error().describe();
    EXPECT_EQ(schema_of(*captured, "hidden").columns.back().name, "row_end");
  } else {
    ASSERT_FALSE(captured.has_value());
    EXPECT_THAT(captured.error().describe(), ::testing::HasSubstr("had 4 columns"));
  }
}

INSTANTIATE_TEST_SUITE_P(All, VersionsTest,
                         ::testing::Values(Round{Flavor::kMariadb, "FULL"},
                                           Round{Flavor::kMariadb, "MINIMAL"},
                                           Round{Flavor::kMariadb, "NO_LOG"}),
                         name_of);

}  // namespace
}  // namespace tailwater::test
