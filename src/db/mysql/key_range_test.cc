#include "db/mysql/key_range.h"

#include <gtest/gtest.h>

namespace tailwater::mysql {
namespace {

TEST(KeyRange, OneColumnIsPlain) {
  EXPECT_EQ(key_condition({"`id`"}, {}), "");
  EXPECT_EQ(key_condition({"`id`"}, {{"5"}, {}}), "(`id` > 5)");
  EXPECT_EQ(key_condition({"`id`"}, {{"5"}, {"9"}}), "(`id` > 5) AND (`id` <= 9)");
}

TEST(KeyRange, SeveralColumnsAreWrittenOut) {
  EXPECT_EQ(key_condition({"a", "b"}, {{"1", "2"}, {}}),
            "(a >= 1 AND (a > 1 OR (a = 1 AND (b > 2))))");
  EXPECT_EQ(key_condition({"a", "b"}, {{}, {"1", "2"}}),
            "(a <= 1 AND (a < 1 OR (a = 1 AND (b <= 2))))");
  EXPECT_EQ(key_condition({"a", "b", "c"}, {{"1", "2", "3"}, {}}),
            "(a >= 1 AND (a > 1 OR (a = 1 AND (b > 2 OR (b = 2 AND (c > 3))))))");
}

TEST(KeyRange, DescribesItself) {
  EXPECT_EQ((KeyRange{{"1", "2"}, {}}).describe(), "(1:2, …]");
}

}  // namespace
}  // namespace tailwater::mysql
