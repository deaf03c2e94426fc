#include "source/mysql/binlog/json_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "source/mysql/binlog/json_binary.h"

namespace tailwater::mysql {
namespace {

// A character that gets at most this long: \u00xx.
constexpr size_t kEscapedBytesMax = 6;

void put_escaped(char c, RowOutput& out) {
  switch (c) {
    case '"':
      return out.put(std::string_view("\\\""));
    case '\\':
      return out.put(std::string_view("\\\\"));
    case '\b':
      return out.put(std::string_view("\\b"));
    case '\t':
      return out.put(std::string_view("\\t"));
    case '\n':
      return out.put(std::string_view("\\n"));
    case '\f':
      return out.put(std::string_view("\\f"));
    case '\r':
      return out.put(std::string_view("\\r"));
    default:
      break;
  }
  if (static_cast<uint8_t>(c) >= 0x20) return out.put(c);
  constexpr std::string_view kHex = "0123456789abcdef";
  out.put(std::string_view("\\u00"));
  out.put(kHex[static_cast<uint8_t>(c) >> 4]);
  out.put(kHex[c & 15]);
}

}  // namespace

void escape_json_string(std::string_view text, RowOutput& out) {
  out.ensure(text.size() * kEscapedBytesMax + 1);
  for (const char c : text) put_escaped(c, out);
  out.put('"');
}

// MySQL's my_gcvt with room for every digit (strings/dtoa.cc).
uint8_t* write_double(double value, uint8_t* to) {
  constexpr int kPlacesMax = 15;  // MAX_DECPT_FOR_F_FORMAT
  if (std::signbit(value)) {
    *to++ = '-';
    value = -value;
  }
  if (value == 0) {
    *to++ = '0';
    return to;
  }
  std::array<char, 32> scientific;
  const char* end = std::to_chars(scientific.data(), scientific.data() + scientific.size(), value,
                                  std::chars_format::scientific)
                        .ptr;
  // "d.ddde±xx": the digits without the point, and where the point stands.
  std::array<char, 24> digits;
  size_t count = 0;
  const char* at = scientific.data();
  for (; *at != 'e'; ++at) {
    if (*at != '.') digits[count++] = *at;
  }
  ++at;
  if (*at == '+') ++at;
  int exponent = 0;
  std::from_chars(at, end, exponent);
  const int point = exponent + 1;
  const auto put = [&to, &digits](size_t from, size_t until) {
    for (size_t i = from; i < until; ++i) *to++ = static_cast<uint8_t>(digits[i]);
  };
  const bool large = point > kPlacesMax && static_cast<int>(count) <= point;
  if (large || point < 1 - kPlacesMax) {
    put(0, 1);
    if (count > 1) *to++ = '.';
    put(1, count);
    *to++ = 'e';
    auto* const text = reinterpret_cast<char*>(to);
    return to + (std::to_chars(text, text + 8, exponent).ptr - text);
  }
  if (point <= 0) {
    *to++ = '0';
    *to++ = '.';
    for (int i = point; i < 0; ++i) *to++ = '0';
    put(0, count);
    return to;
  }
  const auto whole = static_cast<size_t>(point);
  put(0, std::min(whole, count));
  for (size_t i = count; i < whole; ++i) *to++ = '0';
  if (count > whole) {
    *to++ = '.';
    put(whole, count);
  }
  return to;
}

uint8_t* write_json_double(double value, uint8_t* to) {
  uint8_t* const end = write_double(value, to);
  for (const uint8_t* at = to; at != end; ++at) {
    if (*at == '.' || *at == 'e') return end;
  }
  end[0] = '.';
  end[1] = '0';
  return end + 2;
}

}  // namespace tailwater::mysql
