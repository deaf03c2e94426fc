#include "source/mysql/binlog/json_text.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "source/mysql/binlog/json_binary.h"

namespace tailwater::mysql {
namespace {

std::string double_text(double value) {
  std::array<uint8_t, kNumberTextMax> text;
  const uint8_t* const end = write_json_double(value, text.data());
  return {reinterpret_cast<const char*>(text.data()), static_cast<size_t>(end - text.data())};
}

// What MySQL 9.7 prints for SELECT CAST(<literal> AS JSON).
TEST(JsonDouble, AsMysqlPrintsIt) {
  const std::pair<double, const char*> cases[] = {
      {1.0, "1.0"},
      {-0.0, "-0.0"},
      {0.0, "0.0"},
      {1e20, "1e20"},
      {1e15, "1e15"},
      {1e14, "100000000000000.0"},
      {1.5e15, "1.5e15"},
      {123456789012345678.0, "1.2345678901234568e17"},
      {1086729811400721.8, "1086729811400721.8"},
      {1234567890123456.0, "1.234567890123456e15"},
      {123456789012345.6, "123456789012345.6"},
      {9007199254740993.0, "9.007199254740992e15"},
      {0.0001, "0.0001"},
      {1e-5, "0.00001"},
      {1e-15, "0.000000000000001"},
      {1.5e-14, "0.000000000000015"},
      {1.2345678901234567e-15, "0.0000000000000012345678901234568"},
      {1e-16, "1e-16"},
      {3.4e38, "3.4e38"},
      {2e300, "2e300"},
      {5e-324, "5e-324"},
      {-1.7976931348623157e308, "-1.7976931348623157e308"},
      {0.1 + 0.2, "0.30000000000000004"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(double_text(value), text);
}

std::string string_text(std::string_view text) {
  ByteBuffer buffer;
  RowOutput out(buffer);
  write_json_string(as_bytes(text), text.size(), out);
  // The same where more may be read behind the text.
  const std::string longer = std::string(text) + "\"\\\x01 and more";
  ByteBuffer other_buffer;
  RowOutput other(other_buffer);
  write_json_string(as_bytes(longer).first(text.size()), longer.size(), other);
  const auto size = static_cast<size_t>(out.at - out.row());
  EXPECT_EQ(as_text(Bytes(out.row(), size)), as_text(Bytes(other.row(), size)));
  EXPECT_EQ(other.at - other.row(), out.at - out.row());
  return {reinterpret_cast<const char*>(out.row()), static_cast<size_t>(out.at - out.row())};
}

TEST(JsonString, EscapesAtEveryLengthAndPlace) {
  EXPECT_EQ(string_text(std::string("\"\\/\0\x01\b\t\n\f\r\x1f\x7f\xc3\xa9", 14)),
            "\"\\\"\\\\/\\u0000\\u0001\\b\\t\\n\\f\\r\\u001f\x7f\xc3\xa9\"");
  for (size_t length = 0; length < 40; ++length) {
    const std::string plain(length, 'x');
    EXPECT_EQ(string_text(plain), "\"" + plain + "\"");
    for (size_t at = 0; at < length; ++at) {
      for (const char c : {'"', '\x1f', '\\'}) {
        std::string text = plain;
        text[at] = c;
        std::string expect = plain;
        expect.replace(at, 1, c == '"' ? "\\\"" : c == '\\' ? "\\\\" : "\\u001f");
        EXPECT_EQ(string_text(text), "\"" + expect + "\"");
      }
    }
  }
}

}  // namespace
}  // namespace tailwater::mysql
