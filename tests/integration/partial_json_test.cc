// Partial JSON updates of MySQL (binlog_row_value_options = PARTIAL_JSON): the documents that a
// stream gives are those that the server selects, or unavailable where the before image lacks what
// the diffs are for. TAILWATER_SEED=N repeats a run.
#include <cstdlib>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "integration/captured.h"
#include "integration/random_columns.h"

namespace tailwater::test {
namespace {

using mysql::Connection;
using mysql::Flavor;

constexpr int kRows = 6;
constexpr int kStatements = 120;

struct Round {
  std::string image;
  bool compressed = false;
};

uint64_t seed() {
  const char* text = std::getenv("TAILWATER_SEED");
  static const uint64_t value =
      text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device{}();
  return value;
}

std::string any_value(Random& random) {
  static const std::vector<std::string> kScalars = {
      "1",
      "-70000",
      "'short'",
      "'ключ \"quoted\" \\\\ 😀'",
      "0.1e0",
      "CAST(5 AS UNSIGNED)",
      "CAST(70000 AS UNSIGNED)",
      "CAST('1.50' AS DECIMAL(10,2))",
      "CAST('2024-02-29 12:34:56.789' AS DATETIME(3))",
      "CAST('null' AS JSON)",
      "CAST('true' AS JSON)",
      "REPEAT('long', 300)",
  };
  if (pick(random, 3) == 0) {
    return random_value({.type = "json", .value = RandomColumn::Value::kJson}, Flavor::kMysql,
                        random);
  }
  return kScalars[pick(random, kScalars.size())];
}

// A path that may or may not be there.
std::string any_path(Random& random) {
  static const std::vector<std::string> kLegs = {
      ".a",         ".bb",     ".\"k e y\"", ".\"ключ\"",     ".\"q\\\\\"uote\"",
      ".new1",      ".k0",     ".k1x",       "[0]",           "[1]",
      "[last]",     "[7]",     ".big",       ".arr",          ".obj",
      ".\"na.me\"", ".arr[1]", ".obj.a",     ".obj.\"ключ\"",
  };
  std::string path = "$";
  for (size_t legs = 1 + pick(random, 3); legs > 0; --legs)
    path += kLegs[pick(random, kLegs.size())];
  return "'" + path + "'";
}

std::string any_update(const std::string& column, Random& random) {
  const size_t pairs = 1 + pick(random, 3);
  const size_t which = pick(random, 4);
  std::string sql = which == 0 ? "JSON_REMOVE(" : which == 1 ? "JSON_REPLACE(" : "JSON_SET(";
  sql += pick(random, 6) == 0 ? "JSON_REMOVE(" + column + ", '$.gone')" : column;
  for (size_t i = 0; i < pairs; ++i) {
    sql += ", " + any_path(random);
    if (which != 0) sql += ", " + any_value(random);
  }
  return fmt::format("{} = {})", column, sql);
}

std::string document(const char* pad) {
  return fmt::format(
      "JSON_OBJECT('a', 1, 'bb', 'two', 'k e y', 3.5, 'ключ', 'значение', 'q\"uote', NULL, "
      "'na.me', 1, 'arr', JSON_ARRAY(1, 'x', JSON_OBJECT('a', 1), JSON_ARRAY()), "
      "'obj', JSON_OBJECT('a', 'b', 'ключ', JSON_ARRAY(1, 2)), 'big', {})",
      pad);
}

using Texts = std::map<std::string, std::vector<std::string>>;  // by key: the JSON columns

Result<Texts> select_texts(Connection& connection) {
  TW_ASSIGN(auto rows, connection.query("SELECT id, CAST(j AS CHAR), CAST(k AS CHAR) FROM pj.t"));
  Texts texts;
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) return texts;
    texts[rows.text(0)] = {rows.text(1), rows.text(2)};
  }
}

class PartialJsonTest : public ::testing::TestWithParam<Round> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(Flavor::kMysql);
    server_ = &SharedServer::get(Flavor::kMysql);
    std::printf("TAILWATER_SEED=%llu\n", static_cast<unsigned long long>(seed()));
    random_.seed(seed());
    auto connection = server_->connect();
    ASSERT_TRUE(connection.has_value());
    connection_ = std::make_unique<Connection>(std::move(*connection));
    run("DROP DATABASE IF EXISTS pj");
    run("CREATE DATABASE pj");
    run("CREATE TABLE pj.t (id INT PRIMARY KEY, v INT, j JSON, g INT, k JSON)");
    run("SET SESSION binlog_row_value_options = PARTIAL_JSON");
    run("SET SESSION binlog_row_image = " + GetParam().image);
    if (GetParam().compressed) run("SET SESSION binlog_transaction_compression = ON");
    start_ = binlog_end(*server_);
    fill();
  }

  void run(const std::string& sql) {
    const Status ran = connection_->execute(sql);
    ASSERT_TRUE(ran.has_value()) << ran.error().describe() << sql.substr(0, 500);
  }

  // Small documents, some beyond 64 KB by one text, and some by their thousands of members.
  void fill() {
    run("SET SESSION group_concat_max_len = 1000000");
    const std::string many =
        "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT "
        "CAST(CONCAT('{', GROUP_CONCAT(CONCAT('\"m', i, '\": \"', REPEAT('v', 80), '\"')), '}') AS "
        "JSON) FROM n)";
    const std::array<std::string, 3> pads = {"REPEAT('p', 3000)", "REPEAT('p', 70000)", many};
    for (int id = 0; id < kRows; ++id) {
      const std::string& pad = pads[static_cast<size_t>(id) % pads.size()];
      run(fmt::format("INSERT INTO pj.t VALUES ({}, 0, {}, 1, {})", id, document(pad.c_str()),
                      document("REPEAT('q', 2000)")));
    }
  }

  // After every statement that changed something: all documents as they are then.
  std::vector<Texts> change() {
    std::vector<Texts> states;
    for (int i = 0; i < kStatements; ++i) {
      std::string sets = any_update(pick(random_, 4) == 0 ? "k" : "j", random_);
      if (pick(random_, 3) == 0) sets += ", v = v + 1";
      if (sets.starts_with("j") && pick(random_, 3) == 0) sets += ", " + any_update("k", random_);
      if (pick(random_, 10) == 0) sets = "j = JSON_OBJECT('whole', 1)";
      const std::string where =
          pick(random_, 4) == 0 ? "id % 2 = 0" : fmt::format("id = {}", i % kRows);
      run(fmt::format("UPDATE pj.t SET {} WHERE {}", sets, where));
      const auto changed = connection_->scalar("SELECT ROW_COUNT()");
      EXPECT_TRUE(changed.has_value());
      if (changed->value_or("0") == "0") continue;
      auto texts = select_texts(*connection_);
      EXPECT_TRUE(texts.has_value());
      states.push_back(std::move(*texts));
      if (i % 20 == 19) {
        run(fmt::format("REPLACE INTO pj.t VALUES ({}, 0, {}, 1, {})", i % kRows,
                        document("REPEAT('p', 5000)"), document("1")));
        states.push_back(*select_texts(*connection_));
      }
    }
    return states;
  }

  // How many row events of the server's binlog are partial updates.
  size_t partial_events() {
    size_t count = 0;
    const std::string file = start_.substr(0, start_.find(':'));
    const std::string pos = start_.substr(start_.find(':') + 1);
    auto rows = connection_->query(fmt::format("SHOW BINLOG EVENTS IN '{}' FROM {}", file, pos));
    while (rows.has_value() && rows->next().value_or(false)) {
      if (rows->text(2) == "Update_rows_partial") ++count;
    }
    return count;
  }

  void compare(const CapturedChange& change, const Texts& texts) {
    const auto row =
        texts.find(change.after[0].presence == Presence::kPresent ? change.after[0].text
                                                                  : change.before[0].text);
    ASSERT_NE(row, texts.end());
    for (const size_t column : {size_t{2}, size_t{4}}) {
      const CapturedValue& value = change.after[column];
      if (value.presence == Presence::kUnavailable) {
        ++unavailable_;
        continue;
      }
      ASSERT_EQ(value.presence, Presence::kPresent);
      ++compared_;
      ASSERT_EQ(value.text, row->second[column == 2 ? 0 : 1]);
    }
  }

  MysqlServer* server_ = nullptr;
  std::unique_ptr<Connection> connection_;
  Random random_;
  std::string start_;
  size_t compared_ = 0;
  size_t unavailable_ = 0;
};

TEST_P(PartialJsonTest, DocumentsAreThoseOfTheServer) {
  if (HasFatalFailure()) return;
  const std::vector<Texts> states = change();
  const auto captured = capture(capture_config(*server_, start_));
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  EXPECT_EQ(broken_promise(*captured), "");
  ASSERT_EQ(captured->size(), static_cast<size_t>(kRows) + states.size());
  for (size_t i = 0; i < states.size(); ++i) {
    for (const CapturedChange& change : (*captured)[i + kRows].rows) {
      if (change.op == Op::kUpdate) compare(change, states[i]);
      if (HasFatalFailure()) return;
    }
  }
  if (!GetParam().compressed) {
    EXPECT_GT(partial_events(), size_t{kStatements / 10});
  }
  EXPECT_GT(compared_, 0U);
  // For NOBLOB a JSON column is no blob: both images have it.
  if (GetParam().image == "MINIMAL") {
    EXPECT_GT(unavailable_, 0U);
  } else {
    EXPECT_EQ(unavailable_, 0U);
  }
}

// A table that is not selected is stepped over: its rows still count.
TEST_P(PartialJsonTest, TablesThatAreNotSelectedAreSteppedOver) {
  if (HasFatalFailure()) return;
  run("CREATE TABLE pj.other (id INT PRIMARY KEY)");
  start_ = binlog_end(*server_);
  run("BEGIN");
  run("UPDATE pj.t SET j = JSON_SET(j, '$.a', 17, '$.new', 'x')");
  run("INSERT INTO pj.other VALUES (1)");
  run("COMMIT");
  auto config = capture_config(*server_, start_);
  config.table_include = {"pj\\.other"};
  const auto captured = capture(config);
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();
  ASSERT_EQ(captured->size(), 1U);
  ASSERT_EQ(captured->front().rows.size(), 1U);
  EXPECT_EQ(captured->front().rows[0].ordinal, static_cast<uint64_t>(kRows));
}

INSTANTIATE_TEST_SUITE_P(All, PartialJsonTest,
                         ::testing::Values(Round{"FULL"}, Round{"FULL", true}, Round{"MINIMAL"},
                                           Round{"NOBLOB"}),
                         [](const auto& round) {
                           return round.param.image + (round.param.compressed ? "_compressed" : "");
                         });

}  // namespace
}  // namespace tailwater::test
