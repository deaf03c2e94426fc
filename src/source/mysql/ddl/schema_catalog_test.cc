// What a catalog says that statements have done. What tables look like then is compared with real
// servers: tests/ddl, tests/integration/ddl_servers_test.cc.
#include "source/mysql/ddl/schema_catalog.h"

#include <gtest/gtest.h>

namespace tailwater::mysql {
namespace {

DdlSession session_of(Flavor flavor, Version version) {
  DdlSession session;
  session.dialect.flavor = flavor;
  session.dialect.version = version;
  session.default_database = "d";
  session.server_charset = "utf8mb4";
  return session;
}

const DdlSession kMysql8 = session_of(Flavor::kMysql, {8, 0, 40});

class SchemaCatalogTest : public ::testing::Test {
 protected:
  SchemaCatalogTest() { catalog_.put_database("d", "utf8mb4"); }

  // "created d.t, renamed d.t to d.u".
  std::string apply(std::string_view sql, const DdlSession& session = kMysql8) {
    std::string text;
    for (const SchemaChange& change : catalog_.apply(sql, session)) {
      text += text.empty() ? "" : ", ";
      text += std::string(to_string(change.kind)) + " ";
      if (!change.old_name.table.empty()) text += change.old_name.describe() + " to ";
      text += change.name.describe();
      reason_ = change.reason;
    }
    return text;
  }

  std::string type(std::string_view table, size_t column) {
    const TrackedTable* const found = catalog_.find("d", table);
    return found == nullptr ? "" : found->facts.columns.at(column).column_type;
  }

  SchemaCatalog catalog_;
  std::string reason_;
};

TEST_F(SchemaCatalogTest, TellsWhatChanged) {
  EXPECT_EQ(apply("CREATE TABLE t (a INT)"), "created d.t");
  EXPECT_EQ(apply("CREATE TABLE IF NOT EXISTS t (b INT)"), "");
  EXPECT_EQ(apply("CREATE TEMPORARY TABLE t (b INT)"), "");
  EXPECT_EQ(apply("ALTER TABLE t ADD b INT, RENAME u"), "altered d.t, renamed d.t to d.u");
  EXPECT_EQ(apply("ALTER TABLE u RENAME t"), "renamed d.u to d.t");
  EXPECT_EQ(apply("RENAME TABLE t TO x, x TO y"), "renamed d.t to d.x, renamed d.x to d.y");
  EXPECT_EQ(apply("TRUNCATE y"), "truncated d.y");
  EXPECT_EQ(apply("CREATE TABLE z LIKE y"), "created d.z");
  EXPECT_EQ(apply("DROP TABLE y, nope"), "dropped d.y");
  EXPECT_EQ(apply("CREATE DATABASE f"), "database created f.");
  EXPECT_EQ(apply("DROP DATABASE d"), "dropped d.z, database dropped d.");
  EXPECT_EQ(apply("GRANT SELECT ON d.* TO x"), "");
}

TEST_F(SchemaCatalogTest, WhatIsNotKnownIsStale) {
  EXPECT_EQ(apply("CREATE TABLE t AS SELECT 1"), "unknown d.t");
  EXPECT_TRUE(catalog_.find("d", "t")->must_be_read());
  EXPECT_EQ(apply("ALTER TABLE t ADD b INT"), "unknown d.t");
  EXPECT_EQ(apply("RENAME TABLE t TO u"), "renamed d.t to d.u, unknown d.u");
  EXPECT_EQ(apply("CREATE TABLE v LIKE u"), "unknown d.v");
  EXPECT_EQ(apply("RENAME TABLE nope TO w"), "unknown d.w");
  EXPECT_EQ(apply("CREATE TABLE nowhere.t (a TEXT)"), "unknown nowhere.t");
  EXPECT_EQ(apply("CREATE TABLE nowhere.u (a INT, b TEXT CHARSET latin1)"), "created nowhere.u");
  EXPECT_EQ(apply("CREATE TABLE t (a INT)"), "created d.t");
  EXPECT_FALSE(catalog_.find("d", "t")->must_be_read());
  EXPECT_EQ(apply("ALTER TABLE t DROP nope"), "unknown d.t");
}

TEST_F(SchemaCatalogTest, SaysWhereAStatementIsNotUnderstood) {
  EXPECT_EQ(apply("CREATE TABLE t (a INT, b FROBNICATE)"), "unknown d.t");
  EXPECT_NE(reason_.find("near 'FROBNICATE' (byte 25): expected a data type"), std::string::npos);
  EXPECT_EQ(apply("FROBNICATE TABLE t"), "unknown .");
  EXPECT_NE(reason_.find("near 'FROBNICATE' (byte 0)"), std::string::npos);
  EXPECT_EQ(apply("ALTER TABLE e.t ADD COLUMN a INT SPURIOUS"), "unknown e.t");
  EXPECT_EQ(apply("CREATE TABLE t (a INT COMMENT 'x)"), "unknown d.t");
  EXPECT_EQ(apply("CREATE TABLE t (a INT) /* x"), "unknown d.t");
  EXPECT_EQ(apply("CREATE INDEX i ON t (a) WAIT WAIT"), "unknown d.t");
  EXPECT_EQ(apply(""), "");
}

TEST_F(SchemaCatalogTest, DeepStatementsNeedNoStack) {
  const std::string deep(1'000'000, '(');
  EXPECT_EQ(apply("CREATE TABLE t (a INT DEFAULT " + deep), "unknown d.t");
  const std::string closed(1'000'000, ')');
  EXPECT_EQ(apply("CREATE TABLE t (a INT DEFAULT " + deep + "1" + closed + ")"), "created d.t");
  std::string nested;
  for (int i = 0; i < 100'000; ++i) nested += "/*!50100 ";
  EXPECT_EQ(apply("CREATE TABLE u (a INT " + nested), "unknown d.u");
}

TEST_F(SchemaCatalogTest, SpellsTypesAsTheVersionDoes) {
  const char* const sql =
      "CREATE TABLE t (a INT, b TINYINT(1), c YEAR, d GEOMETRYCOLLECTION, e CHAR(1) CHARSET utf8)";
  EXPECT_EQ(apply(sql, session_of(Flavor::kMysql, {5, 7, 44})), "created d.t");
  EXPECT_EQ(type("t", 0), "int(11)");
  EXPECT_EQ(type("t", 2), "year(4)");
  EXPECT_EQ(type("t", 3), "geometrycollection");
  EXPECT_EQ(catalog_.find("d", "t")->facts.columns[4].character_set, "utf8");
  EXPECT_EQ(apply("DROP TABLE t"), "dropped d.t");
  EXPECT_EQ(apply(sql), "created d.t");
  EXPECT_EQ(type("t", 0), "int");
  EXPECT_EQ(type("t", 1), "tinyint(1)");
  EXPECT_EQ(type("t", 2), "year");
  EXPECT_EQ(type("t", 3), "geomcollection");
  EXPECT_EQ(catalog_.find("d", "t")->facts.columns[4].character_set, "utf8mb3");
}

TEST_F(SchemaCatalogTest, ReadsWhatOnlyBinlogsHave) {
  EXPECT_EQ(apply("CREATE TABLE t (a VECTOR(3)) START TRANSACTION",
                  session_of(Flavor::kMysql, {9, 0, 0})),
            "created d.t");
  EXPECT_EQ(type("t", 0), "vector(3)");
  EXPECT_EQ(apply("DROP TABLE IF EXISTS `d`.`t` /* generated by server */"), "dropped d.t");
}

TEST_F(SchemaCatalogTest, NamesInLowerCase) {
  SchemaCatalog lower(NameCase::kLower);
  lower.put_database("D", "latin1");
  lower.apply("CREATE TABLE T (A TEXT)", kMysql8);
  ASSERT_NE(lower.find("D", "t"), nullptr);
  EXPECT_EQ(lower.find("d", "T")->facts.columns[0].character_set, "latin1");
  EXPECT_EQ(lower.tables().begin()->first.describe(), "d.t");
  EXPECT_EQ(apply("CREATE TABLE T (a INT)"), "created d.T");
  EXPECT_EQ(catalog_.find("d", "t"), nullptr);
}

}  // namespace
}  // namespace tailwater::mysql
