#include "source/mysql/schema/schema_history.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/sim_files.h"

namespace tailwater::mysql {
namespace {

using testing::SimFiles;

constexpr const char* kFolder = "log/schemas";

Position at(uint64_t number) {
  return {SourceKind::kMariadb, "", {"bin.000001", number * 100}, fmt::format("0-1-{}", number)};
}

DdlSession session() {
  DdlSession session;
  session.dialect = {Flavor::kMariadb, {10, 11, 6}, 0};
  session.default_database = "d";
  return session;
}

ReadTables nothing() {
  return {SchemaCatalog(), {}};
}

class SchemaHistoryUnitTest : public ::testing::Test {
 protected:
  SchemaHistoryUnitTest() : files_(1) {
    (void)files_.make_folder("log");
    start_over();
  }

  // As another process would find the files.
  void start_over() { history_ = std::make_unique<SchemaHistory>(files_, kFolder); }

  Status apply(const std::string& text, uint64_t number) {
    const DdlSession in = session();
    const StatementInBinlog statement{
        text, in, {fmt::format("0-1-{}", number), "", {"bin.000001", number * 100}}};
    return history_->apply(statement, parse_schema_statement(text, in), at(number - 1))
        .map([](auto&&) {});
  }
  void begin() {
    ASSERT_TRUE(history_->begin(at(10), nothing(), true).has_value());
    ASSERT_TRUE(apply("CREATE TABLE t (a INT)", 20).has_value());
    ASSERT_TRUE(apply("ALTER TABLE t ADD b INT", 30).has_value());
    ASSERT_TRUE(apply("ALTER TABLE t RENAME COLUMN a TO c", 40).has_value());
  }
  [[nodiscard]] std::string columns() const {
    const TrackedTable* table = history_->catalog().find("d", "t");
    if (table == nullptr) return "none";
    std::string text;
    for (const ColumnFacts& column : table->facts.columns) text += column.name;
    return text;
  }
  bool go_to(uint64_t number, bool followed = true) {
    start_over();
    const auto there = history_->go_to(at(number), followed);
    EXPECT_TRUE(there.has_value()) << there.error().describe();
    return there.value_or(false);
  }

  SimFiles files_;
  std::unique_ptr<SchemaHistory> history_;
};

TEST_F(SchemaHistoryUnitTest, IsWhatItWasAtEveryPosition) {
  begin();
  const std::map<uint64_t, std::string> expected = {{10, "none"}, {19, "none"}, {20, "a"},
                                                    {29, "a"},    {30, "ab"},   {39, "ab"},
                                                    {40, "cb"},   {99, "cb"}};
  for (const auto& [number, shape] : expected) {
    const auto known = SchemaHistory::read_at(files_, kFolder, at(number));
    ASSERT_TRUE(known.has_value());
    if (number >= 40) {
      EXPECT_FALSE(known->has_value()) << "nothing says that it was kept up to there";
    } else {
      ASSERT_TRUE(known->has_value()) << number;
      const TrackedTable* table = (*known)->find("d", "t");
      EXPECT_EQ(table == nullptr ? 0 : table->facts.columns.size(),
                shape == "none" ? 0 : shape.size());
    }
  }
  // From the last to the first: what comes after the place is forgotten.
  for (auto each = expected.rbegin(); each != expected.rend(); ++each) {
    ASSERT_TRUE(go_to(each->first));
    EXPECT_EQ(columns(), each->second) << each->first;
  }
  ASSERT_TRUE(go_to(99));
  EXPECT_EQ(columns(), "none");
  EXPECT_FALSE(go_to(9));
}

TEST_F(SchemaHistoryUnitTest, GoesOnAfterwards) {
  begin();
  ASSERT_TRUE(go_to(25));
  ASSERT_TRUE(apply("ALTER TABLE t ADD x INT", 30).has_value());
  ASSERT_TRUE(go_to(30));
  EXPECT_EQ(columns(), "ax");
  ASSERT_TRUE(history_->note_followed(at(35)).has_value());
  EXPECT_TRUE(go_to(33, false));
  EXPECT_EQ(columns(), "ax");
}

TEST_F(SchemaHistoryUnitTest, KnowsUpToWhereItWasKept) {
  begin();
  ASSERT_TRUE(history_->note_followed(at(50)).has_value());
  for (const uint64_t number : {10U, 35U, 49U, 50U}) {
    const auto known = SchemaHistory::read_at(files_, kFolder, at(number));
    EXPECT_TRUE(known.has_value() && known->has_value()) << number;
  }
  for (const uint64_t number : {5U, 51U}) {
    const auto known = SchemaHistory::read_at(files_, kFolder, at(number));
    EXPECT_TRUE(known.has_value() && !known->has_value()) << number;
  }
}

// Tables that were read are in doubt until the stream has passed the place where they were read,
// also after a restart; what a statement makes in between is not.
TEST_F(SchemaHistoryUnitTest, RemembersWhatIsInDoubt) {
  ReadTables read = nothing();
  for (const char* name : {"t", "u", "v", "w"}) {
    TrackedTable table;
    table.facts.columns.push_back({"a", "int", "int(11)"});
    read.catalog.put_table({"d", name}, table);
  }
  read.end = at(100);
  ASSERT_TRUE(history_->begin(at(10), read, false).has_value());
  ASSERT_TRUE(apply("RENAME TABLE u TO u2", 20).has_value());
  ASSERT_TRUE(apply("CREATE OR REPLACE TABLE v (a INT)", 21).has_value());
  ASSERT_TRUE(apply("DROP TABLE w", 22).has_value());
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(history_->was_read("d", "t"));
    EXPECT_TRUE(history_->was_read("d", "u2"));
    EXPECT_FALSE(history_->was_read("d", "u"));
    EXPECT_FALSE(history_->was_read("d", "v"));
    EXPECT_FALSE(history_->was_read("d", "w"));
    EXPECT_EQ(history_->read_position(), at(100));
    ASSERT_TRUE(go_to(30));
  }
  history_->confirm_read("d", "t");
  EXPECT_FALSE(history_->was_read("d", "t"));
  EXPECT_TRUE(history_->was_read("d", "u2"));
  history_->confirm_read();
  EXPECT_FALSE(history_->was_read("d", "u2"));
}

TEST_F(SchemaHistoryUnitTest, KeepsTablesThatWereReadOrGiven) {
  begin();
  TrackedTable table;
  table.facts.columns.push_back({"read", "int", "int(11)"});
  ASSERT_TRUE(history_->put_read_table(at(45), {"d", "t"}, table, at(60)).has_value());
  SchemaCatalog given;
  table.facts.columns[0].name = "given";
  given.put_table({"d", "g"}, table);
  ASSERT_TRUE(history_->put_given_tables(at(46), given, 77).has_value());
  ASSERT_TRUE(go_to(47));
  EXPECT_EQ(columns(), "read");
  EXPECT_TRUE(history_->was_read("d", "t"));
  EXPECT_FALSE(history_->was_read("d", "g"));
  EXPECT_EQ(history_->read_position(), at(60));
  EXPECT_EQ(history_->schema_file_crc(), 77U);
  ASSERT_TRUE(go_to(45));
  EXPECT_EQ(history_->schema_file_crc(), 0U);
  EXPECT_EQ(history_->catalog().find("d", "g"), nullptr);
}

// A file is followed by another before reading it takes long, and the old ones go at last.
TEST_F(SchemaHistoryUnitTest, FilesAreBounded) {
  begin();
  const std::string comment(100'000, 'x');
  for (uint64_t number = 50; number < 400; ++number) {
    const std::string text =
        fmt::format("ALTER TABLE t ADD c{} INT, COMMENT '{}'", number, comment);
    ASSERT_TRUE(apply(text, number).has_value());
  }
  const auto names = files_.list(kFolder);
  ASSERT_TRUE(names.has_value());
  EXPECT_GT(names->size(), 2U);
  EXPECT_LE(names->size(), 16U);
  ASSERT_TRUE(go_to(398));
  EXPECT_EQ(history_->catalog().find("d", "t")->facts.columns.size(), 2U + 349);
  EXPECT_FALSE(go_to(20)) << "that was removed";
}

TEST_F(SchemaHistoryUnitTest, TornEndIsCutAndDamageIsRefused) {
  begin();
  const std::string path = std::string(kFolder) + "/00000001.history";
  const auto whole = read_file(files_, path);
  ASSERT_TRUE(whole.has_value());
  for (size_t cut = whole->size() - 1; cut > whole->size() - 40; --cut) {
    ASSERT_TRUE(replace_file(files_, path, whole->substr(0, cut)).has_value());
    ASSERT_TRUE(go_to(45));
    EXPECT_EQ(columns(), "ab") << "without the last statement";
  }
  size_t refused = 0;
  for (size_t byte = 0; byte < whole->size(); ++byte) {
    std::string damaged = *whole;
    damaged[byte] = static_cast<char>(damaged[byte] ^ 4);
    ASSERT_TRUE(replace_file(files_, path, damaged).has_value());
    start_over();
    const auto there = history_->go_to(at(45), true);
    if (there.has_value()) continue;
    ++refused;
    EXPECT_TRUE(there.error().kind == ErrorKind::kCorrupt ||
                there.error().kind == ErrorKind::kUnsupported);
    EXPECT_NE(there.error().describe().find("00000001.history"), std::string::npos);
  }
  EXPECT_GT(refused, whole->size() / 2);
}

// Whatever was told to be stored is there after a power cut; nothing is made up.
TEST_F(SchemaHistoryUnitTest, SurvivesPowerCuts) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SimFiles files(seed);
    ASSERT_TRUE(files.make_folder("log").has_value());
    SchemaHistory history(files, kFolder);
    files.cut_power_after(seed % 40);
    uint64_t done = 0;
    const DdlSession in = session();
    if (history.begin(at(10), nothing(), true).has_value()) done = 10;
    for (uint64_t number = 11; done != 0 && number < 60; ++number) {
      const std::string text = number == 11 ? "CREATE TABLE t (a INT)"
                                            : fmt::format("ALTER TABLE t ADD c{} INT", number);
      const StatementInBinlog statement{
          text, in, {fmt::format("0-1-{}", number), "", {"bin.000001", number * 100}}};
      if (!history.apply(statement, parse_schema_statement(text, in), at(number - 1))) break;
      done = number;
    }
    files.restart();
    SchemaHistory after(files, kFolder);
    const auto there = after.go_to(at(60), true);
    ASSERT_TRUE(there.has_value()) << seed << ": " << there.error().describe();
    ASSERT_TRUE(*there || done == 0) << seed;
    const TrackedTable* table = after.catalog().find("d", "t");
    const size_t columns = table == nullptr ? 0 : table->facts.columns.size();
    const size_t expected = done > 10 ? done - 10 : 0;
    // The last one may or may not have got there.
    EXPECT_TRUE(columns == expected || columns == expected + 1) << seed;
  }
}

}  // namespace
}  // namespace tailwater::mysql
