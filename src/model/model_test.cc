#include <gtest/gtest.h>

#include "model/decimal.h"
#include "model/position.h"
#include "model/row.h"
#include "model/source.h"
#include "model/temporal.h"

namespace tailwater {
namespace {

TableSchema shop_schema() {
  TableSchema table{.database = "shop", .table = "orders", .columns = {}};
  table.columns = {
      {.name = "id",
       .type = {.kind = TypeKind::kInt64},
       .source_type = "bigint",
       .nullable = false},
      {.name = "note", .type = {.kind = TypeKind::kString}, .source_type = "text"},
      {.name = "price",
       .type = {.kind = TypeKind::kDecimal, .precision = 10, .scale = 2},
       .source_type = "decimal(10,2)"},
      {.name = "made", .type = {.kind = TypeKind::kDatetime}, .source_type = "datetime"},
      {.name = "size",
       .type = {.kind = TypeKind::kEnum, .labels = {"S", "M", "L"}},
       .source_type = "enum"},
      {.name = "photo", .type = {.kind = TypeKind::kBytes}, .source_type = "blob"},
  };
  table.key_kind = KeyKind::kPrimary;
  table.key_columns = {0};
  return table;
}

TEST(Row, IsReadBackInPlace) {
  const Schema schema(SchemaId{7}, shop_schema());
  ByteBuffer buffer;
  buffer.append(std::string_view("before"));
  RowWriter writer(schema.layout(), buffer);
  writer.set_fixed<int64_t>(0, -5);
  writer.set_text(1, "hello");
  writer.set_null(2);
  writer.set_datetime(3, {Date::of(2024, 2, 31), 1});
  writer.set_unavailable(4);
  writer.set_text(5, std::string_view("\0\xff", 2));
  EXPECT_EQ(writer.size(), buffer.size() - 6);

  const RowView row(schema.layout(), buffer.view(6));
  ASSERT_TRUE(row.validate(schema).has_value());
  EXPECT_EQ(row.fixed<int64_t>(0), -5);
  EXPECT_EQ(row.text(1), "hello");
  EXPECT_EQ(row.presence(2), Presence::kNull);
  EXPECT_EQ(row.fixed<int64_t>(2), 0);
  EXPECT_EQ(row.datetime(3), (Datetime{Date::of(2024, 2, 31), 1}));
  EXPECT_EQ(row.presence(4), Presence::kUnavailable);
  EXPECT_EQ(row.text(5), std::string_view("\0\xff", 2));
}

TEST(SmallDecimal, HasTheTextOfItsScale) {
  struct Case {
    int64_t unscaled;
    unsigned scale;
    std::string_view text;
  };
  const Case cases[] = {
      {0, 0, "0"},
      {0, 2, "0.00"},
      {-1, 0, "-1"},
      {-50, 2, "-0.50"},
      {-1250, 2, "-12.50"},
      {1000000007, 9, "1.000000007"},
      {5, 18, "0.000000000000000005"},
      {999999999999999999, 18, "0.999999999999999999"},
      {999999999999999999, 0, "999999999999999999"},
      {-999999999999999999, 9, "-999999999.999999999"},
      {kDecimalNan, 2, "NaN"},
      {kDecimalInfinity, 2, "Infinity"},
      {kDecimalMinusInfinity, 2, "-Infinity"},
  };
  for (const Case& a : cases) {
    SmallDecimalText text;
    EXPECT_EQ(small_decimal_text(a.unscaled, a.scale, text), a.text);
  }
}

TEST(Row, DamagedLengthsAreFoundAndNeverFollowed) {
  const Schema schema(SchemaId{7}, shop_schema());
  ByteBuffer buffer;
  RowWriter writer(schema.layout(), buffer);
  for (size_t i = 0; i < 6; ++i) writer.set_null(i);
  store<uint32_t>(buffer.data() + schema.layout().slots[1].at, 1000000);
  const RowView row(schema.layout(), buffer.view());
  EXPECT_TRUE(row.variable(1).empty());
  EXPECT_FALSE(row.validate(schema).has_value());
  EXPECT_FALSE(RowView(schema.layout(), buffer.view().first(3)).validate(schema).has_value());
}

TEST(SchemaCodec, RoundTripsAndRefusesDamage) {
  ByteBuffer buffer;
  encode_schema(shop_schema(), buffer);
  EXPECT_EQ(decode_schema(buffer.view()).value(), shop_schema());
  for (size_t size = 0; size < buffer.size(); ++size) {
    EXPECT_FALSE(decode_schema(buffer.view().first(size)).has_value()) << size;
  }
}

TEST(PositionCodec, RoundTripsAndRefusesDamage) {
  const Position position{SourceKind::kMariadb, "uid", {"bin.000007", 4711}, "0-1-5,2-1-9"};
  ByteBuffer buffer;
  encode_position(position, buffer);
  EXPECT_EQ(decode_position(buffer.view()).value(), position);
  EXPECT_EQ(position.describe(), "bin.000007:4711 (GTID 0-1-5,2-1-9)");
  for (size_t size = 0; size < buffer.size(); ++size) {
    EXPECT_FALSE(decode_position(buffer.view().first(size)).has_value()) << size;
  }
}

TEST(Temporal, DatesPrintAsTheyAre) {
  const auto text = [](Date date) {
    std::string out;
    append_date(out, date);
    return out;
  };
  EXPECT_EQ(text(Date::of(0, 0, 0)), "0000-00-00");
  EXPECT_EQ(text(Date::of(2023, 2, 31)), "2023-02-31");
  EXPECT_EQ(text(Date::of(-44, 3, 15)), "-0044-03-15");
  EXPECT_EQ(text(Date::of(294276, 12, 31)), "294276-12-31");
  EXPECT_FALSE(Date::of(2023, 2, 29).is_valid());
  EXPECT_TRUE(Date::of(2024, 2, 29).is_valid());
}

TEST(Temporal, EpochDaysGoBothWays) {
  EXPECT_EQ(Date::of(1970, 1, 1).days_since_epoch(), 0);
  EXPECT_EQ(Date::of(2000, 3, 1).days_since_epoch(), 11017);
  for (int64_t days = -1000000; days < 4000000; days += 997) {
    EXPECT_EQ(date_of_epoch_days(days).days_since_epoch(), days);
  }
}

TEST(Temporal, TimesAreSignedDurations) {
  std::string out;
  append_time(out, -(838LL * 3600 + 59 * 60 + 59) * 1000000, 0);
  EXPECT_EQ(out, "-838:59:59");
  out.clear();
  append_time(out, 1500000, 3);
  EXPECT_EQ(out, "00:00:01.500");
  out.clear();
  append_timestamp(out, -1, 6);
  EXPECT_EQ(out, "1969-12-31 23:59:59.999999");
}

// Seen in `status`: the rate went on falling after the snapshot was done.
TEST(SnapshotStatus, RateStaysWhenItIsDone) {
  SnapshotStatus status;
  status.started_us = 1'000'000;
  status.rows_at_start = 100;
  status.rows = 1100;
  EXPECT_EQ(status.rows_per_second(1'000'000), 0);
  EXPECT_EQ(status.rows_per_second(3'000'000), 500);
  EXPECT_EQ(status.rows_per_second(11'000'000), 100);
  status.ended_us = 3'000'000;
  EXPECT_EQ(status.rows_per_second(11'000'000), 500);
}

}  // namespace
}  // namespace tailwater
