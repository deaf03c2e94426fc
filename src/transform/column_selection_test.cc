#include "transform/column_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transform/skipped_operations.h"

namespace tailwater {
namespace {

using ::testing::HasSubstr;
using Names = std::vector<std::string>;

TableSchema customers() {
  TableSchema table;
  table.database = "shop";
  table.table = "customers";
  for (const char* name : {"id", "email", "name", "zip", "born"}) {
    Column column;
    column.name = name;
    column.type.kind = column.name == "id"     ? TypeKind::kInt32
                       : column.name == "born" ? TypeKind::kDate
                                               : TypeKind::kString;
    table.columns.push_back(std::move(column));
  }
  table.key_kind = KeyKind::kPrimary;
  table.key_columns = {0};
  return table;
}

Names names(const TableSchema& table) {
  Names all;
  for (const Column& column : table.columns) all.push_back(column.name);
  return all;
}

Result<TableColumns> select(const ColumnRules& rules) {
  TW_ASSIGN(const ColumnSelection selection, ColumnSelection::compile(rules));
  return selection.select(customers());
}

Error refused(const ColumnRules& rules) {
  auto taken = select(rules);
  EXPECT_FALSE(taken.has_value());
  return taken.has_value() ? Error{} : std::move(taken).error();
}

TEST(ColumnSelection, KeepsAllByDefault) {
  EXPECT_TRUE(ColumnSelection().empty());
  const TableColumns taken = select({}).value();
  EXPECT_EQ(taken.schema, customers());
  EXPECT_TRUE(taken.masks.empty());
  EXPECT_FALSE(taken.leaves_out(customers()));
}

TEST(ColumnSelection, IncludesAndExcludesWholeNames) {
  EXPECT_EQ(names(select({.column_exclude = {R"(shop\.customers\.(email|nam))"}})->schema),
            (Names{"id", "name", "zip", "born"}));
  const TableColumns taken =
      select({.column_include = {R"(shop\..*\.(id|email|zip))"}, .column_exclude = {R"(.*\.zip)"}})
          .value();
  EXPECT_EQ(names(taken.schema), (Names{"id", "email"}));
  EXPECT_EQ(taken.kept, (std::vector<uint32_t>{0, 1}));
  EXPECT_TRUE(taken.leaves_out(customers()));
}

TEST(ColumnSelection, AKeyColumnCannotBeLeftOut) {
  const Error excluded = refused({.column_exclude = {R"(.*\.id)"}});
  EXPECT_EQ(excluded.kind, ErrorKind::kUserFix);
  EXPECT_EQ(excluded.message, "column_exclude leaves out the key column 'shop.customers.id'");
  EXPECT_THAT(excluded.hint, HasSubstr("key_columns"));
  EXPECT_THAT(refused({.column_include = {R"(.*\.name)"}}).message,
              HasSubstr("column_include leaves out the key column"));
  // Another key takes its place.
  const TableColumns taken =
      select({.column_exclude = {R"(.*\.id)"}, .key_columns = {"shop.customers:zip,email"}})
          .value();
  EXPECT_EQ(taken.schema.key_kind, KeyKind::kUser);
  EXPECT_EQ(taken.schema.key_columns, (std::vector<uint32_t>{2, 0}));
}

TEST(ColumnSelection, SomeColumnMustBeLeft) {
  ColumnSelection selection = ColumnSelection::compile({.column_exclude = {".*"}}).value();
  TableSchema keyless = customers();
  keyless.key_kind = KeyKind::kNone;
  keyless.key_columns.clear();
  const auto taken = selection.select(keyless);
  ASSERT_FALSE(taken.has_value());
  EXPECT_THAT(taken.error().hint, HasSubstr("table_exclude"));
}

TEST(ColumnSelection, NamesAnotherKey) {
  // In one text, commas may have cut the item.
  for (const Names& items : {Names{"shop.customers:zip,name"}, Names{"shop.customers:(zip, name)"},
                             Names{"shop.customers:zip", "name"}}) {
    const TableColumns taken = select({.key_columns = items}).value();
    EXPECT_EQ(taken.schema.key_kind, KeyKind::kUser);
    EXPECT_EQ(taken.schema.key_columns, (std::vector<uint32_t>{3, 2}));
  }
  EXPECT_EQ(select({.key_columns = {"shop.other:x"}})->schema, customers());
  const Error unknown = refused({.key_columns = {"shop.customers:zipp"}});
  EXPECT_THAT(unknown.message, HasSubstr("'zipp', which the table does not have"));
  EXPECT_EQ(unknown.hint, "its columns are id, email, name, zip, born");
  EXPECT_THAT(refused({.key_columns = {"shop.customers:zip,zip"}}).message, HasSubstr("twice"));
  for (const char* bad : {"shop.customers", "shop.customers:", "customers:zip", ":zip", ""}) {
    EXPECT_THAT(refused({.key_columns = {bad}}).message,
                HasSubstr("is not database.table:column,column"));
  }
}

TEST(ColumnSelection, MasksColumns) {
  const TableColumns taken = select({.mask_hash = {R"(.*\.(id|email))"},
                                     .mask_truncate = {R"(shop\.(?:customers)\.zip:2)"},
                                     .mask_constant = {R"(.*\.born:at: some time)"},
                                     .mask_salt = "s"})
                                 .value();
  ASSERT_EQ(taken.masks.size(), 5U);
  EXPECT_EQ(taken.masks[0].kind(), Mask::Kind::kHash);
  EXPECT_EQ(taken.masks[2].kind(), Mask::Kind::kNone);
  EXPECT_EQ(taken.masks[3].kind(), Mask::Kind::kTruncate);
  EXPECT_EQ(taken.masks[4].kind(), Mask::Kind::kConstant);
  EXPECT_EQ(taken.unmasked, customers());
  EXPECT_EQ(taken.schema.columns[0].type.kind, TypeKind::kString);
  EXPECT_EQ(taken.schema.columns[4].source_type, "varchar(13)");
  EXPECT_EQ(taken.schema.key_columns, std::vector<uint32_t>{0});
}

TEST(ColumnSelection, AMaskMustSuitItsColumn) {
  EXPECT_THAT(refused({.mask_truncate = {R"(.*\.born:2)"}}).message,
              HasSubstr("mask_truncate is for text and bytes; 'born' is date"));
  const Error key = refused({.mask_constant = {R"(.*\.id:x)"}});
  EXPECT_THAT(key.message, HasSubstr("'id' is a key column"));
  EXPECT_THAT(key.hint, HasSubstr("mask_hash"));
  EXPECT_THAT(
      refused({.mask_hash = {R"(.*\.zip)"}, .mask_truncate = {R"(.*\.zip:1)"}, .mask_salt = "s"})
          .message,
      HasSubstr("'shop.customers.zip' is masked twice, by mask_hash and mask_truncate"));
}

TEST(ColumnSelection, WrongRulesAreNamed) {
  EXPECT_THAT(refused({.mask_hash = {".*"}}).message, HasSubstr("mask_hash has no salt"));
  EXPECT_THAT(refused({.mask_truncate = {"a.b.c"}}).message,
              HasSubstr("'a.b.c' is not EXPRESSION:CHARACTERS"));
  EXPECT_THAT(refused({.mask_truncate = {"a.b.c:many"}}).message, HasSubstr("no number"));
  EXPECT_THAT(refused({.mask_constant = {"(a:b).c"}}).message, HasSubstr("EXPRESSION:TEXT"));
  EXPECT_THAT(refused({.column_exclude = {"(a"}}).message,
              HasSubstr("column_exclude: '(a' is not a regular expression"));
  EXPECT_THAT(refused({.mask_hash = {"[a"}, .mask_salt = "very secret"}).describe(),
              ::testing::Not(HasSubstr("very secret")));
}

TEST(SkippedOperations, AreNamed) {
  const SkippedOperations skipped = SkippedOperations::parse({"delete", "ddl"}).value();
  EXPECT_TRUE(skipped.skips(Op::kDelete));
  EXPECT_TRUE(skipped.skips(Op::kSchemaChange));
  EXPECT_FALSE(skipped.skips(Op::kTruncate));
  EXPECT_FALSE(skipped.skips(Op::kInsert));
  EXPECT_FALSE(skipped.skips(Op::kRead));
  const auto wrong = SkippedOperations::parse({"deletes"});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().hint, "did you mean 'delete'?");
}

}  // namespace
}  // namespace tailwater
