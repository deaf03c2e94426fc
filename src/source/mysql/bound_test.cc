#include "source/mysql/bound.h"

#include <gtest/gtest.h>

namespace tailwater::mysql {
namespace {

TEST(Bound, ReadsEveryForm) {
  EXPECT_EQ(parse_bound("now")->kind, Bound::Kind::kNow);
  EXPECT_EQ(parse_bound("earliest")->kind, Bound::Kind::kEarliest);
  EXPECT_EQ(parse_bound("my-bin.000003:4711")->binlog, (BinlogPosition{"my-bin.000003", 4711}));
  EXPECT_EQ(parse_bound("0-1-77,1-2-3")->gtids, "0-1-77,1-2-3");
  EXPECT_EQ(parse_bound("2024-05-06")->kind, Bound::Kind::kTimestamp);
  EXPECT_EQ(parse_bound("2024-5-6")->kind, Bound::Kind::kGtids);
  EXPECT_EQ(parse_bound("gtid:")->kind, Bound::Kind::kGtids);
  EXPECT_EQ(parse_bound("24bc7850-2c16-11e6-a073-0242ac110002:1-11")->kind, Bound::Kind::kGtids);
  EXPECT_EQ(parse_bound("@1714979289")->timestamp_us, 1714979289000000);
  EXPECT_EQ(parse_bound("2024-05-06T07:08:09Z")->timestamp_us, 1714979289000000);
}

TEST(Bound, TimesMayHaveZonesAndFractions) {
  EXPECT_EQ(*parse_timestamp_us("2024-05-06 07:08:09.5"), 1714979289500000);
  EXPECT_EQ(*parse_timestamp_us("2024-05-06T09:08:09+02:00"), 1714979289000000);
  EXPECT_EQ(*parse_timestamp_us("2024-05-06"), 1714953600000000);
  EXPECT_FALSE(parse_timestamp_us("2024-02-30").has_value());
  EXPECT_FALSE(parse_timestamp_us("2024-05-06T25:00").has_value());
}

TEST(Bound, RefusesTheRestWithTheForms) {
  for (const char* text : {"", "yesterday", "file", "file:", ":4", "file:12x", "@", "@-1"}) {
    const auto bound = parse_bound(text);
    ASSERT_FALSE(bound.has_value()) << text;
    EXPECT_NE(bound.error().hint.find("FILE:POS"), std::string::npos);
  }
}

}  // namespace
}  // namespace tailwater::mysql
