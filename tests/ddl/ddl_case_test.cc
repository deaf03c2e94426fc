// What servers made of the statements in *.test, without a server: the recorded tables, and the
// stored form of each catalog.
#include "ddl/ddl_case.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace tailwater::test {
namespace {

using mysql::Flavor;
using mysql::SchemaCatalog;

constexpr size_t kStatementsAtLeast = 400;

struct Ran {
  SchemaCatalog catalog;
  std::vector<std::string> lines;  // as the file expects them
};

// Statements that the server refused are left out, as they are in its binlog.
Ran run_case(const DdlCase& ddl_case, Flavor flavor) {
  Ran ran;
  put_ddl_databases(ran.catalog);
  const auto session = ddl_session(ddl_case, flavor);
  const auto& expected = ddl_case.expected(flavor);
  for (size_t i = 0; i < ddl_case.statements.size(); ++i) {
    const std::string refused = "refuses " + std::to_string(i + 1);
    if (std::ranges::find(expected, refused) != expected.end()) {
      ran.lines.push_back(refused);
    } else {
      ran.catalog.apply(ddl_case.statements[i], session);
    }
  }
  for (std::string& line : describe_catalog(ran.catalog)) ran.lines.push_back(std::move(line));
  return ran;
}

// Where tables had to be read again the recorded lines say more than the text of the statements.
bool is_whole(const SchemaCatalog& catalog) {
  return std::ranges::none_of(catalog.tables(),
                              [](const auto& entry) { return entry.second.must_be_read(); });
}

TEST(DdlCases, TablesAreAsRecorded) {
  const auto files = read_ddl_files(TAILWATER_DDL_CASES);
  ASSERT_TRUE(files.has_value()) << files.error().describe();
  size_t statements = 0;
  for (const DdlFile& file : *files) {
    for (const DdlCase& each : file.cases) {
      SCOPED_TRACE(file.path + ": " + each.title);
      statements += each.statements.size();
      for (const Flavor flavor : {Flavor::kMariadb, Flavor::kMysql}) {
        if (!each.is_for(flavor)) continue;
        SCOPED_TRACE(mysql::to_string(flavor));
        const Ran ran = run_case(each, flavor);
        EXPECT_EQ(is_whole(ran.catalog), each.title.find("(stale)") == std::string::npos);
        if (is_whole(ran.catalog)) {
          EXPECT_EQ(ran.lines, each.expected(flavor));
        }
      }
    }
  }
  EXPECT_GT(statements, kStatementsAtLeast);
}

TEST(DdlCases, StoredFormGivesTheSameCatalog) {
  const auto files = read_ddl_files(TAILWATER_DDL_CASES);
  ASSERT_TRUE(files.has_value()) << files.error().describe();
  for (const DdlFile& file : *files) {
    for (const DdlCase& each : file.cases) {
      const Ran ran = run_case(each, Flavor::kMariadb);
      ByteBuffer stored;
      ran.catalog.encode(stored);
      const auto again = SchemaCatalog::decode(stored.view());
      ASSERT_TRUE(again.has_value()) << again.error().describe();
      EXPECT_EQ(describe_catalog(*again), describe_catalog(ran.catalog));
      EXPECT_EQ(again->databases(), ran.catalog.databases());
      for (const auto& [name, table] : ran.catalog.tables()) {
        const auto* other = again->find(name.database, name.table);
        EXPECT_EQ(other->keys, table.keys);
        EXPECT_EQ(other->stale, table.stale);
        EXPECT_EQ(other->facts.primary_key, table.facts.primary_key);
        EXPECT_EQ(other->facts.unique_keys, table.facts.unique_keys);
      }
    }
  }
}

// Cut short or with a bit changed, stored catalogs are refused.
TEST(DdlCases, DamagedStoredFormIsRefused) {
  SchemaCatalog catalog;
  put_ddl_databases(catalog);
  DdlCase empty;
  catalog.apply("CREATE TABLE t (a INT PRIMARY KEY, b TEXT, UNIQUE (b(3)))",
                ddl_session(empty, Flavor::kMysql));
  ByteBuffer stored;
  catalog.encode(stored);
  for (size_t size = 0; size < stored.size(); ++size) {
    EXPECT_FALSE(SchemaCatalog::decode(stored.view().first(size)).has_value()) << size;
  }
  for (size_t bit = 0; bit < stored.size() * 8; ++bit) {
    stored.data()[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    EXPECT_FALSE(SchemaCatalog::decode(stored.view()).has_value()) << bit;
    stored.data()[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
  }
  EXPECT_TRUE(SchemaCatalog::decode(stored.view()).has_value());
}

}  // namespace
}  // namespace tailwater::test
