#include <gtest/gtest.h>

#include "model/position.h"

namespace tailwater {
namespace {

TEST(PositionText, ComesBackAsItWas) {
  const Position positions[] = {
      {SourceKind::kMysql, "24bc7850-2c16-11e6-a073-0242ac110002", {"binlog.000003", 4711}, ""},
      {SourceKind::kMysql, "u", {"b.1", 4}, "24bc7850-2c16-11e6-a073-0242ac110002:1-5:tag:7"},
      {SourceKind::kMariadb, "", {"odd;na%me\n:x", 1}, "0-1-77,1-1-5"},
      {SourceKind::kMariadb, "", {}, "0-1-77"},
  };
  for (const Position& position : positions) {
    const std::string text = position_text(position);
    EXPECT_TRUE(is_position_text(text)) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos);
    const auto back = parse_position_text(text);
    ASSERT_TRUE(back.has_value()) << back.error().describe();
    EXPECT_EQ(*back, position) << text;
  }
}

TEST(PositionText, RefusesWhatItIsNot) {
  for (const char* text : {"", "mysql", "mysql;", "postgres;gtids=1", "mysql;binlog=x",
                           "mysql;binlog=x:y", "mysql;gtids=%", "mysql;gtids=%4", "mysql;gtids=%zz",
                           "mysql;server=a", "mysql;colour=red;gtids=0-1-1", "binlog.000001:4"}) {
    const auto parsed = parse_position_text(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kUserFix);
  }
}

}  // namespace
}  // namespace tailwater
