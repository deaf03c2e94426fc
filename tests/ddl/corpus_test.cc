// Every statement of the corpus is understood, or passed over where it is not about tables.
#include <gtest/gtest.h>

#include "ddl/corpus_statements.h"
#include "source/mysql/ddl/schema_statement.h"

namespace tailwater::test {
namespace {

using namespace mysql;  // NOLINT(google-build-using-namespace): a test of one namespace

struct Counts {
  size_t tables = 0;
  size_t other = 0;
  size_t unknown = 0;
  bool operator==(const Counts&) const = default;
  friend void PrintTo(const Counts& counts, std::ostream* out) {
    *out << counts.tables << " about tables, " << counts.other << " about others, "
         << counts.unknown << " unknown";
  }
};

DdlSession session_of(Flavor flavor, uint64_t sql_mode) {
  DdlSession session;
  session.dialect.flavor = flavor;
  session.dialect.version = flavor == Flavor::kMariadb ? Version{10, 11, 0} : Version{8, 0, 40};
  session.dialect.sql_mode = sql_mode;
  session.default_database = "test";
  return session;
}

Counts count(const std::vector<std::string>& statements, const DdlSession& session) {
  Counts counts;
  for (const std::string& sql : statements) {
    const SchemaStatement statement = parse_schema_statement(sql, session);
    if (const auto* unknown = std::get_if<UnknownStatement>(&statement)) {
      ++counts.unknown;
      std::printf("%s: %s\n", unknown->describe().c_str(), sql.substr(0, 100).c_str());
    } else if (std::holds_alternative<OtherStatement>(statement)) {
      ++counts.other;
    } else {
      ++counts.tables;
    }
  }
  return counts;
}

struct Expected {
  const char* file;
  Counts counts;
  Counts ansi;  // under ANSI_QUOTES, where "x" is a name: no default, comment or label
};

// Two statements have names in double quotes, which are strings unless ANSI_QUOTES is set, and one
// was cut off. In the last file are statements that servers refuse for their meaning.
constexpr Expected kFiles[] = {
    {"mysql-test-fixed.sql", {369, 9, 0}, {360, 9, 9}},
    {"mysql-test-gis.sql", {30, 0, 0}, {30, 0, 0}},
    {"mysql-test-partition.sql", {657, 0, 0}, {656, 0, 1}},
    {"mysql-test.sql", {382, 9, 3}, {375, 9, 10}},
    {"mysql-test-errors.sql", {15, 0, 3}, {17, 0, 1}},
};

TEST(DdlCorpus, StatementsAreUnderstoodOrPassedOver) {
  for (const Expected& each : kFiles) {
    const auto statements =
        read_corpus_statements(std::string(TAILWATER_CORPORA) + "/maxwell/ddl/" + each.file);
    if (!statements.has_value()) GTEST_SKIP() << "no corpus: " << statements.error().describe();
    for (const Flavor flavor : {Flavor::kMysql, Flavor::kMariadb}) {
      EXPECT_EQ(count(*statements, session_of(flavor, 0)), each.counts) << each.file;
    }
    const uint64_t ansi = static_cast<uint64_t>(SqlMode::kAnsiQuotes);
    EXPECT_EQ(count(*statements, session_of(Flavor::kMysql, ansi)), each.ansi) << each.file;
  }
}

}  // namespace
}  // namespace tailwater::test
