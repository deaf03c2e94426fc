#include <gtest/gtest.h>

#include "base/backoff.h"
#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/text.h"

namespace tailwater {
namespace {

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\0'))), 0x8A9136AAU);
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\xff'))), 0x62A8AB43U);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
}

TEST(Crc32c, IsTheSameInPieces) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += static_cast<char>(i * 7 + i / 13);
  const uint32_t whole = crc32c(as_bytes(text));
  for (const size_t cut :
       {size_t{0}, size_t{1}, size_t{7}, size_t{3071}, size_t{3072}, size_t{9999}}) {
    const std::string_view view = text;
    EXPECT_EQ(crc32c(as_bytes(view.substr(cut)), crc32c(as_bytes(view.substr(0, cut)))), whole);
  }
}

TEST(Cursor, NeverLeavesItsBytes) {
  const std::string text = "\x01\x02\x03";
  Cursor cursor(as_bytes(text));
  EXPECT_EQ(cursor.le<uint16_t>(), 0x0201);
  EXPECT_EQ(cursor.le<uint32_t>(), 0U);
  EXPECT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.u8(), 0);
  EXPECT_TRUE(cursor.take(1).empty());
}

TEST(Cursor, ReadsBothByteOrders) {
  Cursor cursor(as_bytes("\x01\x02\x03\x01\x02\x03"));
  EXPECT_EQ(cursor.be_uint(3), 0x010203U);
  EXPECT_EQ(cursor.le_uint(3), 0x030201U);
  EXPECT_TRUE(cursor.ok() && cursor.at_end());
}

TEST(Backoff, DoublesWithJitterUpToItsCap) {
  Backoff backoff(100, 1000, 7);
  for (const int64_t top : {100, 200, 400, 800, 1000, 1000}) {
    const int64_t pause = backoff.next_us();
    EXPECT_LE(pause, top);
    EXPECT_GE(pause, top / 2);
  }
  backoff.reset();
  EXPECT_LE(backoff.next_us(), 100);
}

TEST(Text, Base64) {
  const auto encode = [](std::string_view text) {
    std::string out;
    append_base64(out, as_bytes(text));
    return out;
  };
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foo"), "Zm9v");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
}

TEST(Text, JsonStringsEscapeWhatTheyMust) {
  std::string out;
  append_json_string(out, std::string_view("a\"b\\c\n\x01\0é", 10));
  EXPECT_EQ(out, R"("a\"b\\c\n\u0001\u0000é")");
}

TEST(Text, DurationsAndSizesNeedUnits) {
  EXPECT_EQ(parse_duration_us("250ms").value(), 250000);
  EXPECT_EQ(parse_duration_us("1.5s").value(), 1500000);
  EXPECT_EQ(parse_duration_us("0").value(), 0);
  EXPECT_FALSE(parse_duration_us("5").has_value());
  EXPECT_FALSE(parse_duration_us("5 parsecs").has_value());
  EXPECT_EQ(parse_size_bytes("64KB").value(), 65536U);
  EXPECT_EQ(parse_size_bytes("1GiB").value(), 1073741824U);
  EXPECT_FALSE(parse_size_bytes("-1MB").has_value());
}

TEST(Text, NearestFindsSlipsOfTheHand) {
  const std::vector<std::string> known = {"table_include", "table_exclude", "url"};
  EXPECT_EQ(nearest("tabel_include", known), "table_include");
  EXPECT_EQ(nearest("banana", known), "");
}

TEST(Text, HexRoundTrips) {
  EXPECT_EQ(to_hex(as_bytes(from_hex("00ff10").value())), "00ff10");
  EXPECT_FALSE(from_hex("0g").has_value());
  EXPECT_FALSE(from_hex("000").has_value());
}

}  // namespace
}  // namespace tailwater
