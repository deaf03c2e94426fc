#include "transform/mask.h"

#include <array>
#include <limits>

#include <gtest/gtest.h>

#include "base/text.h"
#include "model/value_text.h"
#include "transform/row_masker.h"

namespace tailwater {
namespace {

std::string masked(const Mask& mask, std::string_view value, TypeKind kind = TypeKind::kString) {
  ByteBuffer out;
  mask.append(as_bytes(value), kind, out);
  return std::string(as_text(out.view()));
}

Column column_of(TypeKind kind, std::string source_type) {
  Column column;
  column.name = "c";
  column.type.kind = kind;
  column.source_type = std::move(source_type);
  return column;
}

// RFC 4231, test cases 1, 2 and 6.
TEST(KeyedHash, GivesTheDigestsOfTheStandard) {
  struct Case {
    std::string key;
    std::string_view data;
    std::string_view digest;
  };
  const std::array<Case, 3> cases = {
      Case{std::string(20, '\x0b'), "Hi There",
           "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      Case{"Jefe", "what do ya want for nothing?",
           "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      Case{std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
           "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"}};
  for (const Case& one : cases) {
    EXPECT_EQ(masked(Mask::hash(KeyedHash(one.key)), one.data), one.digest);
  }
}

TEST(Mask, TruncatesCharactersNotBytes) {
  const Mask two = Mask::truncate(2);
  EXPECT_EQ(masked(two, "äöü"), "äö");
  EXPECT_EQ(masked(two, "😀b c"), "😀b");
  EXPECT_EQ(masked(two, "a"), "a");
  EXPECT_EQ(masked(two, ""), "");
  EXPECT_EQ(masked(Mask::truncate(0), "abc"), "");
  // Bytes that are no UTF-8: one character each, and none is looked for beyond the end.
  EXPECT_EQ(masked(two, "\xff\xfe\xfd"), "\xff\xfe");
  EXPECT_EQ(masked(Mask::truncate(1), "\xe2\x82"), "\xe2");
  EXPECT_EQ(masked(two, "\xc3\xa4\xc3\xb6", TypeKind::kBytes), "\xc3\xa4");
  EXPECT_EQ(masked(Mask::truncate(std::numeric_limits<uint64_t>::max()), "abc", TypeKind::kBytes),
            "abc");
}

TEST(Mask, HashesAndConstantsAreText) {
  const Column hashed =
      Mask::hash(KeyedHash("k")).apply(column_of(TypeKind::kEnum, "enum('a','b')")).value();
  EXPECT_EQ(hashed.type, (Type{.kind = TypeKind::kString, .length = 64}));
  EXPECT_EQ(hashed.source_type, "varchar(64)");
  EXPECT_EQ(hashed.name, "c");
  const Column constant =
      Mask::constant("größe").apply(column_of(TypeKind::kDatetime, "datetime(6)")).value();
  EXPECT_EQ(constant.source_type, "varchar(5)");
  EXPECT_EQ(constant.charset, "utf8mb4");
}

TEST(Mask, TruncationKeepsTextAndBytesAndRefusesOthers) {
  const Mask mask = Mask::truncate(3);
  EXPECT_EQ(mask.apply(column_of(TypeKind::kString, "varchar(20)")).value().source_type,
            "varchar(20)");
  Column binary = column_of(TypeKind::kBytes, "binary(16)");
  binary.type.length = 16;
  EXPECT_EQ(mask.apply(binary).value().source_type, "varbinary(3)");
  for (const TypeKind kind : {TypeKind::kInt32, TypeKind::kJson, TypeKind::kEnum, TypeKind::kDate,
                              TypeKind::kDecimal, TypeKind::kGeometry}) {
    const auto refused = mask.apply(column_of(kind, "x"));
    ASSERT_FALSE(refused.has_value()) << to_string(kind);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUserFix);
  }
}

TableSchema wide_table() {
  TableSchema table;
  table.database = "d";
  table.table = "t";
  for (const TypeKind kind :
       {TypeKind::kInt8, TypeKind::kYear, TypeKind::kInt32, TypeKind::kFloat64, TypeKind::kDatetime,
        TypeKind::kUuid, TypeKind::kString, TypeKind::kString, TypeKind::kBytes}) {
    table.columns.push_back(column_of(kind, "x"));
    table.columns.back().name = "c" + std::to_string(table.columns.size() - 1);
  }
  return table;
}

void write_row(const Schema& schema, ByteBuffer& out) {
  RowWriter row(schema.layout(), out);
  row.set_fixed<int8_t>(0, -5);
  row.set_fixed<uint16_t>(1, 2024);
  row.set_fixed<int32_t>(2, 7);
  row.set_unavailable(3);
  row.set_datetime(4, {Date::of(2024, 2, 29), 1500});
  row.set_wide(5, as_bytes("0123456789abcdef"));
  row.set_text(6, "first");
  row.set_null(7);
  row.set_text(8, "bytes");
}

std::vector<std::string> texts(const Schema& schema, const RowView& row) {
  std::vector<std::string> all;
  for (size_t i = 0; i < row.columns(); ++i) {
    std::string text = row.presence(i) == Presence::kNull ? "NULL" : "?";
    if (row.presence(i) == Presence::kPresent) {
      text.clear();
      append_value_text(text, row, schema, i);
    }
    all.push_back(std::move(text));
  }
  return all;
}

TEST(RowMasker, MasksSomeColumnsAndKeepsTheOthers) {
  const ColumnSelection selection = ColumnSelection::compile({.mask_hash = {"d.t.c[2378]"},
                                                              .mask_truncate = {"d.t.c6:2"},
                                                              .mask_constant = {"d.t.c4:x"},
                                                              .mask_salt = "Jefe"})
                                        .value();
  const TableColumns taken = selection.select(wide_table()).value();
  const auto unmasked = std::make_shared<const Schema>(SchemaId::kNone, taken.unmasked);
  const auto kept = std::make_shared<const Schema>(SchemaId{1}, taken.schema);
  RowMasker masker(unmasked, kept, taken.masks);
  ByteBuffer in;
  write_row(*unmasked, in);
  ByteBuffer out;
  masker.append(RowView(unmasked->layout(), in.view()), out);
  const RowView row(kept->layout(), out.view());
  ASSERT_TRUE(row.validate(*kept).has_value());
  const Mask hash = Mask::hash(KeyedHash("Jefe"));
  EXPECT_EQ(texts(*kept, row), (std::vector<std::string>{"-5", "2024", masked(hash, "7"), "?", "x",
                                                         "30313233-3435-3637-3839-616263646566",
                                                         "fi", "NULL", masked(hash, "bytes")}));
}

}  // namespace
}  // namespace tailwater
