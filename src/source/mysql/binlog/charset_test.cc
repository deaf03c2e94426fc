#include "source/mysql/binlog/charset.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "source/mysql/binlog/corpus.h"

namespace tailwater::mysql {
namespace {

// What the servers give for SELECT CONVERT(_charset x'…' USING utf8mb4).
TEST(Charset, ConvertsAsTheServers) {
  struct Case {
    const char* charset;
    const char* hex;
    const char* text;
  };
  constexpr Case kCases[] = {
      {"latin1", "6180e99d",
       "a\u20ac\u00e9\u009d"},  // cp1252, and C1 controls where it has nothing
      {"utf8mb4", "61f09f9880", "a\U0001f600"},
      {"utf8", "c3a9", "\u00e9"},
      {"cp1251", "cff0e8", "\u041f\u0440\u0438"},
      {"koi8r", "f0d2c9", "\u041f\u0440\u0438"},
      {"swe7", "5b5c5d", "\u00c4\u00d6\u00c5"},
      {"ucs2", "006120ac", "a\u20ac"},
      {"utf16", "0061d83dde00", "a\U0001f600"},
      {"utf16le", "61003dd800de", "a\U0001f600"},
      {"utf32", "000000610001f600", "a\U0001f600"},
      {"gbk", "61c4e3bac3", "a\u4f60\u597d"},
      {"gb2312", "c4e3bac3", "\u4f60\u597d"},
      {"gb18030", "61c4e38130813094 39fc36", "a\u4f60\u0080\U0001f600"},
      {"big5", "61a741a66e", "a\u4f60\u597d"},
      {"sjis", "6193fa967bb1", "a\u65e5\u672c\uff71"},
      {"cp932", "93fa967b8740", "\u65e5\u672c\u2460"},
      {"ujis", "c6fccbdc8eb18fb0a1", "\u65e5\u672c\uff71\u4e02"},
      {"eucjpms", "c6fccbdcada1", "\u65e5\u672c\u2460"},
      {"euckr", "c7d1b1b9", "\ud55c\uad6d"},
  };
  for (const Case& each : kCases) {
    std::string hex = each.hex;
    std::erase(hex, ' ');
    const Charset* const charset = charset_named(each.charset);
    ASSERT_NE(charset, nullptr) << each.charset;
    ByteBuffer out;
    EXPECT_TRUE(charset->append_utf8(as_bytes(bytes_of(hex)), out)) << each.charset;
    EXPECT_EQ(as_text(out.view()), each.text) << each.charset;
  }
}

TEST(Charset, RefusesWhatIsNoCharacter) {
  constexpr std::pair<const char*, const char*> kCases[] = {
      {"greek", "61ff"}, {"ucs2", "00"},        {"ucs2", "d83dde00"},    {"utf16", "d83d0061"},
      {"utf16", "dc00"}, {"utf32", "00110000"}, {"gbk", "c4"},           {"sjis", "8120"},
      {"ujis", "8fb0"},  {"euckr", "c7"},       {"gb18030", "8431a530"}, {"gb18030", "e3329a36"}};
  for (const auto& [name, hex] : kCases) {
    ByteBuffer out;
    out.append("before");
    EXPECT_FALSE(charset_named(name)->append_utf8(as_bytes(bytes_of(hex)), out)) << name << hex;
    EXPECT_EQ(as_text(out.view()), "before");
  }
}

TEST(Charset, KnowsTheCollationsOfBothServers) {
  constexpr std::pair<uint32_t, const char*> kCases[] = {
      {8, "latin1"},     {33, "utf8mb3"},  {45, "utf8mb4"},  {63, "binary"},    {28, "gbk"},
      {255, "utf8mb4"},  {309, "utf8mb4"}, {248, "gb18030"}, {1057, "utf8mb3"}, {2048, "utf8mb3"},
      {2304, "utf8mb4"}, {2560, "ucs2"},   {2816, "utf16"},  {3072, "utf32"}};
  for (const auto& [number, name] : kCases) {
    const Charset* const charset = charset_of_collation(number);
    ASSERT_NE(charset, nullptr) << number;
    EXPECT_EQ(charset->name, name) << number;
  }
  for (const uint32_t number : {0u, 17u, 100u, 3328u, 65535u, 4000000000u}) {
    EXPECT_EQ(charset_of_collation(number), nullptr) << number;
  }
  EXPECT_EQ(charset_named("klingon"), nullptr);
}

TEST(Charset, LongTextWithCharactersAtEveryPlace) {
  const Charset& latin1 = *charset_named("latin1");
  for (size_t at = 0; at < 33; ++at) {
    std::string text(33, 'x');
    text[at] = '\xe9';
    std::string expect(33, 'x');
    expect.replace(at, 1, "\u00e9");
    ByteBuffer out;
    ASSERT_TRUE(latin1.append_utf8(as_bytes(text), out));
    EXPECT_EQ(as_text(out.view()), expect);
  }
}

}  // namespace
}  // namespace tailwater::mysql
