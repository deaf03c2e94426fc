#include "source/mysql/binlog/gtid_set.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "source/mysql/binlog/corpus.h"

namespace tailwater::mysql {
namespace {

constexpr const char* kA = "29ec1c1d-e50c-11f1-a69b-02fc00000001";
constexpr const char* kB = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

// In the tests' texts, A and B stand for the two uuids.
std::string full(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == 'A' || c == 'B') {
      out.append(c == 'A' ? kA : kB);
    } else {
      out += c;
    }
  }
  return out;
}

MysqlGtidSet set_of(std::string_view text) {
  auto set = MysqlGtidSet::parse(full(text));
  EXPECT_TRUE(set.has_value()) << text << ": " << set.error().describe();
  return set.value_or(MysqlGtidSet());
}
MysqlGtid gtid_of(const char* uuid, uint64_t number, std::string tag = "") {
  return {{parse_uuid(uuid).value(), std::move(tag)}, number};
}

TEST(MysqlGtidSet, PrintsAsTheServer) {
  constexpr std::pair<std::string_view, std::string_view> kCases[] = {
      {"", ""},
      {"A:1", "A:1"},
      {"A:1-1", "A:1"},
      {"A:5-3", ""},
      {"A:3:1:2", "A:1-3"},
      {"A:1-3:3-7:9", "A:1-7:9"},
      {" B:7 ,\nA: 1 - 4 ", "A:1-4,B:7"},
      {"29eC1c1de50c11f1a69b02fc00000001:1", "A:1"},
      {"A:1-15:Foo:1-2:a_long_tag:4", "A:1-15:a_long_tag:4:foo:1-2"},
      {"A:foo:1,A:2", "A:2:foo:1"},
      {"A:1-9223372036854775806", "A:1-9223372036854775806"},
  };
  for (const auto& [text, printed] : kCases)
    EXPECT_EQ(set_of(text).describe(), full(printed)) << text;
}

TEST(MysqlGtidSet, RefusesOtherText) {
  constexpr std::string_view kCases[] = {"A",
                                         "A:",
                                         "A:0",
                                         "A:x-",
                                         "A:1-",
                                         "A:-1",
                                         "A:1-2-3",
                                         "A:9223372036854775807",
                                         "A:1foo",
                                         "29ec1c:1",
                                         "A:abcdefghijklmnopqrstuvwxyz_123456:1",
                                         ":1"};
  for (const std::string_view text : kCases) {
    const auto set = MysqlGtidSet::parse(full(text));
    ASSERT_FALSE(set.has_value()) << text;
    EXPECT_EQ(set.error().kind, ErrorKind::kUserFix);
  }
}

TEST(MysqlGtidSet, AddsAndFinds) {
  MysqlGtidSet set;
  for (const uint64_t number : {5u, 6u, 1u, 3u, 2u, 4u, 9u}) set.add(gtid_of(kA, number));
  EXPECT_EQ(set.describe(), full("A:1-6:9"));
  EXPECT_EQ(set.count(), 7u);
  EXPECT_TRUE(set.contains(gtid_of(kA, 6)));
  EXPECT_TRUE(set.contains(gtid_of(kA, 9)));
  EXPECT_FALSE(set.contains(gtid_of(kA, 7)));
  EXPECT_FALSE(set.contains(gtid_of(kA, 10)));
  EXPECT_FALSE(set.contains(gtid_of(kB, 1)));
  EXPECT_FALSE(set.contains(gtid_of(kA, 1, "foo")));
}

TEST(MysqlGtidSet, Subsets) {
  const MysqlGtidSet whole = set_of("A:1-10:20-30:tag:5");
  for (const char* part : {"A:1", "A:3-10:20", "A:tag:5", ""}) {
    EXPECT_TRUE(set_of(part).is_subset_of(whole)) << part;
  }
  for (const char* part : {"A:11", "A:1-11", "A:10-20", "A:tag:6", "B:1"}) {
    EXPECT_FALSE(set_of(part).is_subset_of(whole)) << part;
  }
}

TEST(MysqlGtidSet, EncodesForTheDumpCommand) {
  ByteBuffer out;
  set_of("A:1-4").encode(out);
  EXPECT_EQ(to_hex(out.view()),
            "010000000000000029ec1c1de50c11f1a69b02fc0000000101000000000000000100000000000000"
            "0500000000000000");
  out.clear();
  MysqlGtidSet().encode(out);
  EXPECT_EQ(to_hex(out.view()), "0000000000000000");
}

TEST(MysqlGtidSet, TakesAwayAnotherSet) {
  constexpr struct {
    std::string_view from, taken, rest;
  } kCases[] = {
      {"A:1-10", "", "A:1-10"},
      {"A:1-10", "A:1-10", ""},
      {"A:1-10,B:1", "A:3-4:7", "A:1-2:5-6:8-10,B:1"},
      {"A:5-10", "A:1-5:10-20", "A:6-9"},
      {"A:1-3:5-7:9", "A:2-6", "A:1:7:9"},
      {"A:1-3:tag:1-3", "A:tag:2", "A:1-3:tag:1:3"},
      {"A:2-3", "B:1-9", "A:2-3"},
  };
  for (const auto& [from, taken, rest] : kCases) {
    EXPECT_EQ(set_of(from).without(set_of(taken)), set_of(rest)) << from << " without " << taken;
  }
}

// A previous_gtids event of MySQL 9.7, with tags.
TEST(MysqlGtidSet, DecodesAndEncodesTags) {
  const std::string body = bytes_of(
      "010300000000000129ec1c1de50c11f1a69b02fc0000000100010000000000000001000000000000001000000000"
      "00"
      "000029ec1c1de50c11f1a69b02fc0000000140615f6c6f6e675f7461675f6e616d655f6f665f33325f6368617261"
      "63"
      "74657273010000000000000001000000000000000300000000000000"
      "29ec1c1de50c11f1a69b02fc0000000106666f6f010000000000000001000000000000000300000000000000");
  const auto set = MysqlGtidSet::decode(as_bytes(body));
  ASSERT_TRUE(set.has_value()) << set.error().describe();
  EXPECT_EQ(set->describe(), full("A:1-15:a_long_tag_name_of_32_characters:1-2:foo:1-2"));
  ByteBuffer again;
  set->encode(again);
  EXPECT_EQ(to_hex(again.view()), to_hex(as_bytes(body)));
  for (size_t cut = 0; cut < body.size(); ++cut) {
    EXPECT_FALSE(MysqlGtidSet::decode(as_bytes(body.substr(0, cut))).has_value()) << cut;
  }
}

TEST(MariadbGtidList, ParsesAndPrints) {
  auto list = MariadbGtidList::parse(" 1-1-7 , 0-2-42");
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->describe(), "0-2-42,1-1-7");
  list->set({0, 3, 43});
  EXPECT_EQ(list->describe(), "0-3-43,1-1-7");
  EXPECT_TRUE(MariadbGtidList::parse("")->empty());
  for (const char* text : {"0-1", "0-1-x", "0-1-2-3", "4294967296-1-1", "0-1-2,0-1-3", "0-1-2,"}) {
    EXPECT_FALSE(MariadbGtidList::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace tailwater::mysql
