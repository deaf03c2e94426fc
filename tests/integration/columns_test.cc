// Chosen and masked columns, users' keys and skipped operations, on real servers: the stream is
// what a SELECT of the chosen columns gives, with the masks computed by the server.
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "integration/captured.h"
#include "integration/random_columns.h"
#include "support/temp_folder.h"

namespace tailwater::test {
namespace {

using mysql::Connection;
using mysql::Flavor;
using ::testing::HasSubstr;
using ::testing::Not;
using Lines = std::vector<std::string>;
using State = std::map<std::string, Lines>;  // by key

constexpr const char* kSalt = "pepper";
constexpr int kTransactions = 40;
constexpr int kPeople = 30;

// HMAC-SHA-256 as the server computes it.
std::string hash_sql(const std::string& value) {
  std::string inner(64, '\x36');
  std::string outer(64, '\x5c');
  for (size_t i = 0; kSalt[i] != 0; ++i) {
    inner[i] = static_cast<char>(inner[i] ^ kSalt[i]);
    outer[i] = static_cast<char>(outer[i] ^ kSalt[i]);
  }
  return fmt::format("SHA2(CONCAT(X'{}', UNHEX(SHA2(CONCAT(X'{}', CAST({} AS CHAR)), 256))), 256)",
                     to_hex(as_bytes(outer)), to_hex(as_bytes(inner)), value);
}

struct Round {
  Flavor flavor = Flavor::kMariadb;
  std::string image;
  bool partial_json = false;  // MySQL's binlog_row_value_options

  [[nodiscard]] std::string name() const {
    return fmt::format("{}_{}{}", to_string(flavor), image, partial_json ? "_PARTIAL_JSON" : "");
  }
  friend void PrintTo(const Round& round, std::ostream* out) { *out << round.name(); }
};

const Lines kTables = {
    "CREATE TABLE people (secret text, id int unsigned PRIMARY KEY, email varchar(50), doc json, "
    "name varchar(30), salary decimal(10,2), pin binary(4), born date, code varchar(20) CHARACTER "
    "SET latin1, big bigint, level enum('low','high'), note text, at datetime(3), raw "
    "varbinary(20), extra json, tag json) DEFAULT CHARSET utf8mb4",
    "CREATE TABLE visits (visitor int NOT NULL, page varchar(100), nth int NOT NULL, agent "
    "varchar(200)) DEFAULT CHARSET utf8mb4"};

pipeline::SourceConfig choose(pipeline::SourceConfig config) {
  config.table_include = {R"(cols\..*)"};
  config.columns.column_exclude = {R"(cols\.people\.(secret|doc|pin|big|level))", R"(.*\.agent)"};
  config.columns.mask_hash = {R"(cols\.people\.(email|salary|at|tag))", R"(cols\.visits\.visitor)"};
  config.columns.mask_truncate = {R"(cols\.people\.(?:name|code):3)", R"(cols\.people\.raw:2)"};
  config.columns.mask_constant = {R"(cols\.people\.born:a day: some day)"};
  config.columns.mask_salt = kSalt;
  config.columns.key_columns = {"cols.visits:visitor,nth"};
  return config;
}

// What is kept of each table, in the order of its columns, the key first.
const std::map<std::string, Lines> kKept = {
    {"people",
     {"id", "email", "name", "salary", "born", "code", "note", "at", "raw", "extra", "tag"}},
    {"visits", {"visitor", "page", "nth"}}};

std::string select_sql(const std::string& table) {
  if (table == "visits") {
    return "SELECT CONCAT(" + hash_sql("visitor") + ", '/', nth), " + hash_sql("visitor") +
           ", page, nth FROM visits";
  }
  return "SELECT id, id, " + hash_sql("email") + ", LEFT(name, 3), " + hash_sql("salary") +
         ", IF(born IS NULL, NULL, 'a day: some day'), CONVERT(LEFT(code, 3) USING utf8mb4), "
         "note, " +
         hash_sql("at") + ", LOWER(HEX(LEFT(raw, 2))), extra, " + hash_sql("tag") + " FROM people";
}

Result<State> select_state(Connection& connection, const std::string& table) {
  TW_ASSIGN(auto rows, connection.query(select_sql(table)));
  State state;
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) return state;
    Lines& row = state[rows.text(0)];
    for (size_t i = 0; i < kKept.at(table).size(); ++i) {
      const auto value = rows[i + 1];
      row.push_back(value ? "=" + std::string(*value) : "NULL");
    }
  }
}

// Applies changes as a replica does; images leave out what did not change.
class Replica {
 public:
  void apply(const CapturedChange& change) {
    const TableSchema& schema = *change.schema;
    ASSERT_EQ(names(schema), kKept.at(schema.table));
    if (change.op == Op::kInsert) {
      Lines row(schema.columns.size(), "?");
      take(row, change.after);
      const std::string key = key_of(schema, row);
      ASSERT_TRUE(rows_.emplace(key, row).second) << change.describe();
      return;
    }
    Lines before(schema.columns.size(), "?");
    take(before, change.before);
    const auto found = rows_.find(key_of(schema, before));
    ASSERT_NE(found, rows_.end()) << change.describe();
    Lines row = found->second;
    for (size_t i = 0; i < row.size(); ++i) {
      EXPECT_TRUE(before[i] == "?" || before[i] == row[i]) << change.describe();
    }
    rows_.erase(found);
    if (change.op == Op::kDelete) return;
    take(row, change.after);
    rows_[key_of(schema, row)] = row;
  }
  [[nodiscard]] const State& rows() const { return rows_; }
  [[nodiscard]] size_t unavailable() const { return unavailable_; }

 private:
  static Lines names(const TableSchema& schema) {
    Lines all;
    for (const Column& column : schema.columns) all.push_back(column.name);
    return all;
  }
  void take(Lines& row, const std::vector<CapturedValue>& image) {
    for (size_t i = 0; i < image.size(); ++i) {
      if (image[i].presence == Presence::kUnavailable) ++unavailable_;
      if (image[i].presence == Presence::kNull) row[i] = "NULL";
      if (image[i].presence == Presence::kPresent) row[i] = "=" + image[i].text;
    }
  }
  static std::string key_of(const TableSchema& schema, const Lines& row) {
    std::string key;
    for (const uint32_t column : schema.key_columns) {
      key += (key.empty() ? "" : "/") + row[column].substr(1);
    }
    return key;
  }

  State rows_;
  size_t unavailable_ = 0;
};

// A value of one of a few words, or NULL.
std::string word(Random& random) {
  const Lines words = {"NULL", "''", "'anna'", "'Ærøskøbing'", "'äöüß'", "'x'", "'topsecret'"};
  return words[pick(random, words.size())];
}

std::string insert_person(Random& random) {
  return fmt::format(
      "INSERT IGNORE INTO people (secret, id, email, doc, name, salary, pin, born, code, big, "
      "level, "
      "note, at, raw, extra, tag) VALUES (REPEAT('topsecret', {}), {}, {}, JSON_OBJECT('a', {}, "
      "'pad', REPEAT('p', 500)), {}, {}, '\\0z\\0', {}, {}, {}, {}, {}, {}, {}, doc, doc)",
      pick(random, 50), pick(random, kPeople), word(random), pick(random, 1000), word(random),
      pick(random, 3) == 0 ? "NULL" : std::to_string(pick(random, 9999)) + ".5",
      pick(random, 2) == 0 ? "NULL" : "'2001-02-03'", word(random), pick(random, 1U << 30),
      pick(random, 2) == 0 ? "'low'" : "NULL", word(random),
      pick(random, 2) == 0 ? "NULL" : "'2024-05-06 07:08:09.125'", word(random));
}

std::string random_statement(Random& random, int nth) {
  const size_t id = pick(random, kPeople);
  switch (pick(random, 10)) {
    case 0:
      return fmt::format("DELETE FROM people WHERE id = {}", id);
    case 1:
      return fmt::format(
          "UPDATE people SET name = {}, secret = 'topsecret', note = {} WHERE id < {}",
          word(random), word(random), id);
    case 2:
      return fmt::format("UPDATE people SET big = big + 1, doc = '[1, 2]' WHERE id < {}", id);
    case 3:
      return fmt::format("UPDATE IGNORE people SET id = id + 1000, salary = {} WHERE id = {}", nth,
                         id);
    case 4:
      return fmt::format("INSERT INTO visits VALUES ({}, {}, {}, 'topsecret')", id, word(random),
                         nth);
    case 6:
    case 7:
      return fmt::format(
          "UPDATE people SET doc = JSON_SET(doc, '$.b', {0}), extra = JSON_SET(extra, '$.a', {0}), "
          "tag = JSON_SET(tag, '$.a', {0}) WHERE id < {1}",
          nth, id);
    case 5:
      return fmt::format("UPDATE visits SET page = {} WHERE nth % 3 = {}", word(random), nth % 3);
    default:
      return insert_person(random);
  }
}

Status run_transactions(Connection& connection, const Round& round, Random& random) {
  TW_TRY(connection.execute("DROP DATABASE IF EXISTS cols"));
  TW_TRY(connection.execute("CREATE DATABASE cols"));
  TW_TRY(connection.execute("USE cols"));
  TW_TRY(connection.execute("SET NAMES utf8mb4"));
  TW_TRY(connection.execute("SET sql_mode = '', binlog_row_image = " + round.image));
  if (round.partial_json) {
    TW_TRY(connection.execute("SET binlog_row_value_options = PARTIAL_JSON"));
  }
  for (const std::string& table : kTables) TW_TRY(connection.execute(table));
  for (int i = 0; i < kTransactions; ++i) {
    TW_TRY(connection.execute("BEGIN"));
    for (size_t left = 1 + pick(random, 5); left > 0; --left) {
      TW_TRY(connection.execute(random_statement(random, i * 10 + static_cast<int>(left))));
    }
    TW_TRY(connection.execute("COMMIT"));
  }
  return {};
}

// How many row events of the binlog from there on are partial updates.
size_t partial_updates(Connection& connection, const std::string& start) {
  const size_t colon = start.find(':');
  auto rows = connection.query(fmt::format("SHOW BINLOG EVENTS IN '{}' FROM {}",
                                           start.substr(0, colon), start.substr(colon + 1)));
  EXPECT_TRUE(rows.has_value());
  size_t count = 0;
  while (rows.has_value() && rows->next().value_or(false)) {
    if (rows->text(2) == "Update_rows_partial") ++count;
  }
  return count;
}

class ColumnsTest : public ::testing::TestWithParam<Round> {};

TEST_P(ColumnsTest, TheStreamIsTheSelectOfTheChosenColumns) {
  const Round& round = GetParam();
  TW_NEED_SERVER(round.flavor);
  MysqlServer& server = SharedServer::get(round.flavor);
  const char* text = std::getenv("TAILWATER_SEED");
  const uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device{}();
  std::printf("TAILWATER_SEED=%llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  auto connection = server.connect();
  ASSERT_TRUE(connection.has_value());
  const std::string start = binlog_end(server);
  const Status ran = run_transactions(*connection, round, random);
  ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  const auto captured = capture(choose(capture_config(server, start)));
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();

  EXPECT_EQ(broken_promise(*captured), "");
  std::map<std::string, Replica> replicas;
  for (const CapturedTransaction& transaction : *captured) {
    for (const CapturedChange& change : transaction.rows) {
      if (change.schema == nullptr) continue;
      replicas[change.schema->table].apply(change);
      ASSERT_FALSE(HasFatalFailure());
    }
  }
  size_t unavailable = 0;
  for (const auto& [table, kept] : kKept) {
    const auto server_rows = select_state(*connection, table);
    ASSERT_TRUE(server_rows.has_value()) << server_rows.error().describe();
    EXPECT_FALSE(server_rows->empty());
    EXPECT_EQ(replicas[table].rows(), *server_rows) << table;
    unavailable += replicas[table].unavailable();
  }
  EXPECT_EQ(unavailable == 0, round.image == "FULL");
  EXPECT_EQ(partial_updates(*connection, start) == 0, !round.partial_json);
}

std::vector<Round> all_rounds() {
  std::vector<Round> rounds;
  for (const Flavor flavor : {Flavor::kMariadb, Flavor::kMysql}) {
    for (const char* image : {"FULL", "MINIMAL", "NOBLOB"}) rounds.push_back({flavor, image});
  }
  // With MINIMAL the documents that the differences are for are not in the binlog.
  for (const char* image : {"FULL", "NOBLOB"}) rounds.push_back({Flavor::kMysql, image, true});
  return rounds;
}

INSTANTIATE_TEST_SUITE_P(All, ColumnsTest, ::testing::ValuesIn(all_rounds()),
                         [](const auto& round) { return round.param.name(); });

class ColumnRulesTest : public ::testing::TestWithParam<Flavor> {};

std::string all_bytes(const std::string& folder) {
  std::string bytes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    bytes.append(std::istreambuf_iterator<char>(in), {});
  }
  return bytes;
}

TEST_P(ColumnRulesTest, WhatIsHiddenIsInNoFile) {
  TW_NEED_SERVER(GetParam());
  MysqlServer& server = SharedServer::get(GetParam());
  ASSERT_TRUE(server
                  .run({"DROP DATABASE IF EXISTS hide", "CREATE DATABASE hide",
                        "CREATE TABLE hide.t (id int PRIMARY KEY, a varchar(40), b varchar(40), "
                        "c varchar(40), d varchar(40))"})
                  .has_value());
  const std::string start = binlog_end(server);
  ASSERT_TRUE(server
                  .run({"INSERT INTO hide.t VALUES (1, 'clear-excluded', 'clear-hashed', "
                        "'clear-truncated', 'clear-constant')",
                        "UPDATE hide.t SET a = 'clear-excluded-2', b = 'clear-hashed-2'"})
                  .has_value());
  auto config = capture_config(server, start);
  config.table_include = {R"(hide\..*)"};
  config.columns.column_exclude = {R"(.*\.a)"};
  config.columns.mask_hash = {R"(.*\.b)"};
  config.columns.mask_truncate = {R"(.*\.c:5)"};
  config.columns.mask_constant = {R"(.*\.d:masked-constant)"};
  config.columns.mask_salt = kSalt;
  const TempFolder folder;
  const auto captured = capture(config, folder.path());
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_EQ(describe(*captured).size(), 2U);
  const std::string bytes = all_bytes(folder.path());
  EXPECT_THAT(bytes, HasSubstr("masked-constant"));
  EXPECT_THAT(bytes, HasSubstr("clear"));  // what mask_truncate left
  for (const char* hidden : {"clear-", "pepper"}) EXPECT_EQ(bytes.find(hidden), std::string::npos);
}

TEST_P(ColumnRulesTest, SkippedOperationsKeepOrdinalsAndMoveThePosition) {
  TW_NEED_SERVER(GetParam());
  MysqlServer& server = SharedServer::get(GetParam());
  ASSERT_TRUE(server
                  .run({"DROP DATABASE IF EXISTS skip", "CREATE DATABASE skip",
                        "CREATE TABLE skip.t (id int PRIMARY KEY, a int)"})
                  .has_value());
  const std::string start = binlog_end(server);
  ASSERT_TRUE(
      server
          .run({"BEGIN", "INSERT INTO skip.t VALUES (1, 1), (2, 2)", "UPDATE skip.t SET a = 7",
                "DELETE FROM skip.t WHERE id = 1", "COMMIT", "UPDATE skip.t SET a = 8",
                "ALTER TABLE skip.t ADD b int", "INSERT INTO skip.t VALUES (3, 3, 3)",
                "TRUNCATE TABLE skip.t", "UPDATE skip.t SET a = 9"})
          .has_value());
  auto config = capture_config(server, start);
  config.skip_operations = {"update", "ddl"};
  const TempFolder folder;
  const auto captured = capture(config, folder.path());
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  const Lines lines = describe(*captured);
  EXPECT_EQ(lines, (Lines{"insert skip.t 1|1", "insert skip.t 2|2", "delete skip.t 1|7",
                          "insert skip.t 3|3|3", "schema TRUNCATE TABLE skip.t"}));
  ASSERT_EQ(captured->size(), 3U);
  EXPECT_EQ(captured->front().rows.back().ordinal, 4U);  // behind two updates

  // All that comes now is skipped; the place behind it is kept, so what is older may go.
  ASSERT_TRUE(server.run({"ALTER TABLE skip.t ADD c int", "FLUSH BINARY LOGS"}).has_value());
  ASSERT_TRUE(capture(config, folder.path()).has_value());
  const std::string end = binlog_end(server);
  ASSERT_TRUE(
      server.run({"PURGE BINARY LOGS TO '" + end.substr(0, end.find(':')) + "'"}).has_value());
  ASSERT_TRUE(server.run({"INSERT INTO skip.t VALUES (4, 4, 4, 4)"}).has_value());
  const auto later = capture(config, folder.path());
  ASSERT_TRUE(later.has_value()) << later.error().describe();
  const auto all = read_changelog(folder.path());
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(describe(*all).back(), "insert skip.t 4|4|4|4");

  config.skip_operations = {"truncate", "insert", "delete"};
  config.from = end;
  const auto others = capture(config);
  ASSERT_TRUE(others.has_value()) << others.error().describe();
  EXPECT_TRUE(others->empty());
}

TEST_P(ColumnRulesTest, RulesThatDoNotFitStopAtTheTable) {
  TW_NEED_SERVER(GetParam());
  MysqlServer& server = SharedServer::get(GetParam());
  ASSERT_TRUE(server
                  .run({"DROP DATABASE IF EXISTS fit", "CREATE DATABASE fit",
                        "CREATE TABLE fit.t (id int PRIMARY KEY, a int)"})
                  .has_value());
  const std::string start = binlog_end(server);
  ASSERT_TRUE(server.run({"INSERT INTO fit.t VALUES (1, 1)"}).has_value());
  const auto refused = [&](const ColumnRules& rules) {
    auto config = capture_config(server, start);
    config.columns = rules;
    const auto captured = capture(config);
    return captured.has_value() ? std::string("taken") : captured.error().describe();
  };
  EXPECT_THAT(refused({.column_exclude = {R"(fit\.t\.id)"}}),
              HasSubstr("fit.t: column_exclude leaves out the key column 'fit.t.id'"));
  EXPECT_THAT(refused({.key_columns = {"fit.t:b"}}),
              HasSubstr("fit.t: key_columns names 'b', which the table does not have"));
  EXPECT_THAT(refused({.mask_truncate = {R"(fit\.t\.a:1)"}}),
              HasSubstr("mask_truncate is for text and bytes; 'a' is int32"));
  EXPECT_EQ(refused({.column_exclude = {R"(fit\.t\.id)"}, .key_columns = {"fit.t:a"}}), "taken");
}

TEST_P(ColumnRulesTest, AStatementWithHiddenValuesIsNotShown) {
  TW_NEED_SERVER(GetParam());
  MysqlServer& server = SharedServer::get(GetParam());
  ASSERT_TRUE(server
                  .run({"DROP DATABASE IF EXISTS stmt", "CREATE DATABASE stmt",
                        "CREATE TABLE stmt.t (id int PRIMARY KEY, a varchar(40))"})
                  .has_value());
  const std::string start = binlog_end(server);
  ASSERT_TRUE(server
                  .run({"SET SESSION binlog_format = 'STATEMENT'",
                        "INSERT INTO stmt.t VALUES (1, 'topsecret')"})
                  .has_value());
  auto config = capture_config(server, start);
  auto shown = capture(config);
  ASSERT_FALSE(shown.has_value());
  EXPECT_THAT(shown.error().describe(), HasSubstr("topsecret"));
  config.columns.column_exclude = {R"(stmt\.t\.a)"};
  auto hidden = capture(config);
  ASSERT_FALSE(hidden.has_value());
  EXPECT_THAT(hidden.error().describe(), HasSubstr("as a statement"));
  EXPECT_THAT(hidden.error().describe(), Not(HasSubstr("topsecret")));
}

INSTANTIATE_TEST_SUITE_P(All, ColumnRulesTest, ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

}  // namespace
}  // namespace tailwater::test
