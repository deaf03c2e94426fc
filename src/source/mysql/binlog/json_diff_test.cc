// Diffs on documents: what the server means by each operation, and what must be refused.
#include "source/mysql/binlog/json_diff.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "source/mysql/binlog/json_path.h"

namespace tailwater::mysql {
namespace {

using namespace std::string_literals;

// Binary JSON of small values, made by hand.
std::string int16(int value) {
  return {5, static_cast<char>(value), static_cast<char>(value >> 8)};
}
std::string text(const std::string& value) {
  return "\x0c"s + static_cast<char>(value.size()) + value;
}

std::string u16(size_t value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8)};
}

struct Pair {
  std::string key;
  std::string value;
};

// A small object (or an array, without keys); integers stand in their entries.
std::string container(bool is_object, const std::vector<Pair>& members) {
  const size_t head = 4 + members.size() * (is_object ? 7 : 3);
  size_t keys_bytes = 0;
  for (const Pair& member : members) keys_bytes += is_object ? member.key.size() : 0;
  std::string key_entries;
  std::string entries;
  std::string keys;
  std::string values;
  for (const Pair& member : members) {
    if (is_object) key_entries += u16(head + keys.size()) + u16(member.key.size());
    if (is_object) keys += member.key;
    const bool in_place = member.value[0] == 5;
    entries += member.value[0];
    entries += in_place ? member.value.substr(1) : u16(head + keys_bytes + values.size());
    if (!in_place) values += member.value.substr(1);
  }
  const size_t size = head + keys_bytes + values.size();
  return std::string(1, is_object ? '\0' : '\x02') + u16(members.size()) + u16(size) + key_entries +
         entries + keys + values;
}
std::string object(const std::vector<Pair>& members) {
  return container(true, members);
}
std::string array(const std::vector<std::string>& values) {
  std::vector<Pair> members;
  for (const std::string& value : values) members.push_back({"", value});
  return container(false, members);
}

std::string sized(const std::string& bytes) {
  return static_cast<char>(bytes.size()) + bytes;
}
std::string replaced(const std::string& path, const std::string& value) {
  return "\0"s + sized(path) + sized(value);
}
std::string inserted(const std::string& path, const std::string& value) {
  return "\1"s + sized(path) + sized(value);
}
std::string removed(const std::string& path) {
  return "\2"s + sized(path);
}

std::string applied(const std::string& document, const std::string& diffs) {
  ByteBuffer buffer;
  {
    RowOutput out(buffer);
    if (!write_json_with_diffs(as_bytes(document), as_bytes(diffs), out)) return "refused";
    out.commit();
  }
  return std::string(as_text(buffer.view()));
}

std::string sample() {
  return object({{"a", int16(1)},
                 {"b", array({int16(10), text("zwölf"), object({{"x", int16(2)}})})},
                 {"key", object({{"in", text("side")}})}});
}

TEST(JsonDiff, NoDiffIsTheDocument) {
  EXPECT_EQ(applied(sample(), ""),
            R"({"a": 1, "b": [10, "zwölf", {"x": 2}], "key": {"in": "side"}})");
  EXPECT_EQ(applied("", ""), "null");
}

TEST(JsonDiff, EachOperationAtEachKindOfPlace) {
  EXPECT_EQ(applied(sample(), replaced("$.a", text("one"))),
            R"({"a": "one", "b": [10, "zwölf", {"x": 2}], "key": {"in": "side"}})");
  EXPECT_EQ(applied(sample(), replaced("$.b[2].x", array({int16(3)})) + removed("$.b[0]")),
            R"({"a": 1, "b": ["zwölf", {"x": [3]}], "key": {"in": "side"}})");
  EXPECT_EQ(applied(sample(), inserted("$.b[1]", int16(11)) + inserted("$.b[99]", int16(99))),
            R"({"a": 1, "b": [10, 11, "zwölf", {"x": 2}, 99], "key": {"in": "side"}})");
  EXPECT_EQ(applied(sample(), removed("$.b") + removed("$.key.in")), R"({"a": 1, "key": {}})");
  EXPECT_EQ(applied(sample(), replaced("$.b[last]", int16(7)) + removed("$.b[last-1]")),
            R"({"a": 1, "b": [10, 7], "key": {"in": "side"}})");
}

// Shorter keys first, then by bytes.
TEST(JsonDiff, NewMembersStandWhereTheServerPutsThem) {
  EXPECT_EQ(applied(sample(), inserted("$.\"long er\"", int16(3)) + inserted("$.ab", int16(2)) +
                                  inserted("$.c", int16(1)) + inserted("$.\"\"", int16(0))),
            R"({"": 0, "a": 1, "b": [10, "zwölf", {"x": 2}], "c": 1, "ab": 2, )"
            R"("key": {"in": "side"}, "long er": 3})");
}

// A later diff sees what an earlier one made.
TEST(JsonDiff, DiffsFollowEachOther) {
  EXPECT_EQ(applied(sample(), replaced("$.key", object({{"n", array({})}})) +
                                  inserted("$.key.n[0]", object({})) +
                                  inserted("$.key.n[0].deep", text("\"")) + removed("$.b")),
            R"({"a": 1, "key": {"n": [{"deep": "\""}]}})");
}

TEST(JsonDiff, NamesWithEscapes) {
  const std::string document = object({{"a\"b", int16(1)}, {"é\n", int16(2)}, {"😀", int16(3)}});
  EXPECT_EQ(applied(document, replaced(R"($."a\"b")", int16(4)) + removed(R"($."\u00e9\n")") +
                                  removed(R"($."\ud83D\uDE00")")),
            R"({"a\"b": 4})");
}

TEST(JsonDiff, WhatDoesNotFitIsRefused) {
  for (const std::string& diffs : {replaced("$", int16(1)),
                                   replaced("$.none", int16(1)),
                                   replaced("$.b[3]", int16(1)),
                                   replaced("$.a.b", int16(1)),
                                   replaced("$[0]", int16(1)),
                                   inserted("$.a", int16(1)),
                                   inserted("$.b.x", int16(1)),
                                   inserted("$.none.x", int16(1)),
                                   removed("$.none"),
                                   removed("$.b[last-3]"),
                                   removed("$"),
                                   replaced("$.*", int16(1)),
                                   replaced("$**.a", "\5\1"),
                                   "\3"s + sized("$.a"),
                                   "\0"s + sized("$.a"),
                                   replaced("$.a", "\5\1"),
                                   "\0\xfb"s,
                                   replaced("$.\"a", int16(1)),
                                   replaced("$.\"\\x\"", int16(1)),
                                   replaced("$.\"\\ud800\"", int16(1)),
                                   replaced("$.b[4294967296]", int16(1)),
                                   replaced("$.b[ ]", int16(1)),
                                   replaced(".a", int16(1)),
                                   replaced("$.b[0 to 1]", int16(1))}) {
    EXPECT_EQ(applied(sample(), diffs), "refused") << diffs;
  }
}

TEST(JsonDiff, DepthIsLimited) {
  std::string path = "$";
  for (size_t i = 0; i < JsonPath::kLegsMax; ++i) path += "[0]";
  JsonPath parsed;
  std::deque<std::string> names;
  EXPECT_TRUE(parse_json_path(path, parsed, names));
  EXPECT_FALSE(parse_json_path(path + "[0]", parsed, names));
  // Values put into values may not make a document deeper than a server has them.
  std::string diffs;
  std::string place = "$[0]";
  for (int i = 0; i < 98; ++i) {
    diffs += "\1"s + '\xfc' + u16(place.size()) + place + sized(array({}));
    place += "[0]";
  }
  EXPECT_NE(applied(array({}), diffs), "refused");
  diffs += "\1"s + '\xfc' + u16(place.size()) + place + sized(array({array({})}));
  EXPECT_EQ(applied(array({}), diffs), "refused");
}

}  // namespace
}  // namespace tailwater::mysql
