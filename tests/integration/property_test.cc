// Random tables over all types, random transactions: what a stream gives, applied row by row, is
// what the server itself selects. TAILWATER_SEED=N repeats a run.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "integration/captured.h"
#include "integration/random_tables.h"

namespace tailwater::test {
namespace {

using mysql::Connection;
using mysql::Flavor;

constexpr int kTransactions = 30;
constexpr int kKeys = 24;  // rows live under the keys below this

uint64_t seed() {
  const char* text = std::getenv("TAILWATER_SEED");
  static const uint64_t value =
      text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device{}();
  return value;
}

struct Round {
  Flavor flavor = Flavor::kMariadb;
  std::string metadata;
  std::string image;
  bool compressed = false;
  /// MariaDB 11.8 leaves generated columns out of all images of updates.
  bool generated_in_updates = true;

  friend void PrintTo(const Round& round, std::ostream* out) {
    *out << to_string(round.flavor) << " " << round.metadata << " " << round.image
         << (round.compressed ? " compressed" : "");
  }
};

Status set_up_session(Connection& connection, const Round& round) {
  TW_TRY(connection.execute("SET time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES'"));
  TW_TRY(connection.execute("SET SESSION binlog_row_image = " + round.image));
  if (round.compressed && round.flavor == Flavor::kMysql) {
    TW_TRY(connection.execute("SET SESSION binlog_transaction_compression = ON"));
  }
  return connection.execute("USE property");
}

// MariaDB's switch is the server's, not the session's.
Status compress_binlog(const MysqlServer& server, const Round& round, const char* on) {
  if (!round.compressed || round.flavor != Flavor::kMariadb) return {};
  return server.run({fmt::format("SET GLOBAL log_bin_compress = {}", on),
                     "SET GLOBAL log_bin_compress_min_len = 10"});
}

Status run_transactions(Connection& connection, const std::vector<RandomTable>& tables,
                        Flavor flavor, Random& random) {
  for (int i = 0; i < kTransactions; ++i) {
    TW_TRY(connection.execute("BEGIN"));
    for (size_t left = 1 + pick(random, 5); left > 0; --left) {
      const RandomTable& table = tables[pick(random, tables.size())];
      const std::string sql = random_statement(table, flavor, random, kKeys);
      auto done = connection.execute(sql);
      if (!done.has_value()) return fail(std::move(done).error().in(sql.substr(0, 3000)));
    }
    TW_TRY(connection.execute(pick(random, 8) == 0 ? "ROLLBACK" : "COMMIT"));
  }
  return {};
}

// Applies the changes of one table, as a replica would, and checks each image it is given.
class Replica {
 public:
  Replica(const RandomTable& table, const Round& round) : table_(table), round_(round) {}

  void apply(const CapturedChange& change) {
    check_names(*change.schema);
    if (change.op == Op::kInsert) {
      const CapturedValue unknown{.presence = Presence::kUnavailable, .text = {}};
      Images merged = merge(Images(change.after.size(), unknown), change.after);
      ASSERT_TRUE(rows_.emplace(key(merged), merged).second) << change.describe();
      return;
    }
    const auto found = rows_.find(key_of(change.before));
    ASSERT_NE(found, rows_.end()) << "no such row: " << change.describe().substr(0, 500);
    check_before(found->second, change.before);
    Images merged = change.op == Op::kUpdate ? merge(found->second, change.after) : Images{};
    rows_.erase(found);
    if (change.op == Op::kUpdate) rows_.insert_or_assign(key(merged), std::move(merged));
  }

  void expect_equal(const RandomState& server) const {
    ASSERT_EQ(rows_.size(), server.size()) << table_.name;
    for (const auto& [row_key, row] : server) {
      const auto found = rows_.find(row_key);
      ASSERT_NE(found, rows_.end()) << table_.name << " lacks " << row_key;
      for (size_t i = 0; i < row.size(); ++i) {
        expect_value(table_.columns[i], row_key, row[i], found->second[place(i)]);
      }
    }
  }
  [[nodiscard]] size_t unavailable() const { return unavailable_; }

 private:
  using Images = std::vector<CapturedValue>;

  [[nodiscard]] size_t place(size_t column) const { return table_.place(column); }
  [[nodiscard]] bool is_generated_at(size_t at) const {
    if (at == table_.key_at || at == table_.key_at + 1) return false;
    return is_generated(table_.columns[at < table_.key_at ? at : at - 2]);
  }
  [[nodiscard]] std::string key(const Images& row) const {
    return row[table_.key_at].text + "/" + row[table_.key_at + 1].text;
  }
  [[nodiscard]] std::string key_of(const Images& before) const {
    EXPECT_EQ(before[table_.key_at].presence, Presence::kPresent);
    EXPECT_EQ(before[table_.key_at + 1].presence, Presence::kPresent);
    return key(before);
  }

  void check_names(const TableSchema& schema) {
    ASSERT_EQ(schema.columns.size(), table_.columns.size() + 2);
    EXPECT_EQ(schema.columns[table_.key_at].name, "id1");
    for (size_t i = 0; i < table_.columns.size(); ++i) {
      ASSERT_EQ(schema.columns[place(i)].name, table_.columns[i].name);
    }
  }

  Images merge(Images row, const Images& image) {
    for (size_t i = 0; i < image.size(); ++i) {
      // What a generated value was says nothing of what it is now.
      const bool generated = !round_.generated_in_updates && is_generated_at(i);
      if (generated || image[i].presence != Presence::kUnavailable) {
        row[i] = image[i];
      } else {
        ++unavailable_;
      }
    }
    return row;
  }

  void check_before(const Images& row, const Images& before) {
    for (size_t i = 0; i < before.size(); ++i) {
      if (before[i].presence == Presence::kUnavailable) {
        if (round_.generated_in_updates || !is_generated_at(i)) ++unavailable_;
      } else if (row[i].presence != Presence::kUnavailable) {
        EXPECT_EQ(before[i], row[i]) << table_.name << " before, column " << i;
      }
    }
  }

  // MariaDB leaves virtual columns out of MINIMAL images.
  [[nodiscard]] bool may_stay_unavailable(const RandomColumn& column) const {
    if (!round_.generated_in_updates && is_generated(column)) return true;
    return round_.flavor == Flavor::kMariadb && round_.image == "MINIMAL" &&
           column.name == "g_virtual";
  }

  void expect_value(const RandomColumn& column, const std::string& row_key,
                    const std::optional<std::string>& server, const CapturedValue& stream) const {
    if (stream.presence == Presence::kUnavailable && may_stay_unavailable(column)) return;
    const bool equal = stream.presence == (server ? Presence::kPresent : Presence::kNull) &&
                       (!server || (is_generated(column) ? *server == stream.text
                                                         : column.equal(*server, stream.text)));
    EXPECT_TRUE(equal) << table_.name << " " << row_key << " " << column.name << " " << column.type
                       << "\n server " << server.value_or("NULL").substr(0, 600) << "\n stream "
                       << (stream.presence == Presence::kPresent       ? stream.text.substr(0, 600)
                           : stream.presence == Presence::kUnavailable ? "(unavailable)"
                                                                       : "NULL");
  }

  const RandomTable& table_;
  const Round& round_;
  std::map<std::string, Images> rows_;
  size_t unavailable_ = 0;
};

size_t apply_and_compare(Connection& connection, const Captured& captured,
                         const std::vector<RandomTable>& tables, const Round& round) {
  size_t unavailable = 0;
  for (const RandomTable& table : tables) {
    Replica replica(table, round);
    for (const CapturedTransaction& transaction : captured) {
      for (const CapturedChange& change : transaction.rows) {
        if (change.schema == nullptr || change.schema->table != table.name) continue;
        replica.apply(change);
        if (::testing::Test::HasFatalFailure()) return unavailable;
      }
    }
    const auto server = select_state(connection, table);
    EXPECT_TRUE(server.has_value()) << server.error().describe();
    if (server.has_value()) replica.expect_equal(*server);
    unavailable += replica.unavailable();
  }
  return unavailable;
}

class PropertyTest : public ::testing::TestWithParam<Round> {};

TEST_P(PropertyTest, StreamEqualsSelect) {
  Round round = GetParam();
  TW_NEED_SERVER(round.flavor);
  MysqlServer& server = SharedServer::get(round.flavor);
  std::printf("TAILWATER_SEED=%llu\n", static_cast<unsigned long long>(seed()));
  Random random(seed());
  const std::vector<RandomTable> tables = make_tables(round.flavor, random);
  auto connection = server.connect();
  ASSERT_TRUE(connection.has_value());
  round.generated_in_updates =
      round.flavor == Flavor::kMysql || connection->version() < mysql::Version{11, 0, 0};
  const std::string before = server.value("SELECT @@global.binlog_row_metadata");
  ASSERT_TRUE(server.run({"SET GLOBAL binlog_row_metadata = " + round.metadata}).has_value());

  const Status made = create_tables(*connection, tables);
  ASSERT_TRUE(made.has_value()) << made.error().describe();
  const std::string start = binlog_end(server);
  Status ran = compress_binlog(server, round, "ON");
  if (ran.has_value()) ran = set_up_session(*connection, round);
  if (ran.has_value()) ran = run_transactions(*connection, tables, round.flavor, random);
  ASSERT_TRUE(ran.has_value()) << ran.error().describe();
  const auto captured = capture(capture_config(server, start));
  ASSERT_TRUE(compress_binlog(server, round, "OFF").has_value());
  ASSERT_TRUE(server.run({"SET GLOBAL binlog_row_metadata = " + before}).has_value());
  ASSERT_TRUE(captured.has_value()) << captured.error().describe();

  EXPECT_EQ(broken_promise(*captured), "");
  EXPECT_GT(captured->size(), size_t{kTransactions / 2});
  const size_t unavailable = apply_and_compare(*connection, *captured, tables, round);
  if (round.image == "FULL") {
    EXPECT_EQ(unavailable, 0U);
  } else {
    EXPECT_GT(unavailable, 0U);
  }
}

std::vector<Round> all_rounds() {
  std::vector<Round> rounds;
  for (const Flavor flavor : {Flavor::kMariadb, Flavor::kMysql}) {
    for (const char* metadata : {"FULL", flavor == Flavor::kMysql ? "MINIMAL" : "NO_LOG"}) {
      for (const char* image : {"FULL", "MINIMAL", "NOBLOB"}) {
        rounds.push_back({.flavor = flavor, .metadata = metadata, .image = image});
      }
    }
  }
  for (const Flavor flavor : {Flavor::kMariadb, Flavor::kMysql}) {
    rounds.push_back({.flavor = flavor, .metadata = "FULL", .image = "FULL", .compressed = true});
  }
  return rounds;
}

INSTANTIATE_TEST_SUITE_P(All, PropertyTest, ::testing::ValuesIn(all_rounds()),
                         [](const auto& round) {
                           return fmt::format("{}_{}_{}{}", to_string(round.param.flavor),
                                              round.param.metadata, round.param.image,
                                              round.param.compressed ? "_compressed" : "");
                         });

}  // namespace
}  // namespace tailwater::test
