#include "format/java_number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

namespace tailwater::format {
namespace {

constexpr int kPlainFrom = -3;  // 10^-3 is the smallest number that is written without an exponent
constexpr int kPlainTo = 7;     // 10^7 the smallest that has one again

char* put(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* put_zeros(char* to, int count) {
  for (int i = 0; i < count; ++i) *to++ = '0';
  return to;
}

// Digits d1 d2 … dn and an exponent: the value is d1.d2…dn · 10^exponent.
struct Digits {
  std::array<char, kJavaNumberMax> text = {};
  int count = 0;
  int exponent = 0;
};

Digits parse_scientific(const char* from, const char* end) {
  Digits digits;
  for (; from != end && *from != 'e'; ++from) {
    if (*from != '.') digits.text[static_cast<size_t>(digits.count++)] = *from;
  }
  if (from != end) {
    const char* exponent = from + 1;
    if (exponent != end && *exponent == '+') ++exponent;
    std::from_chars(exponent, end, digits.exponent);
  }
  while (digits.count > 1 && digits.text[static_cast<size_t>(digits.count) - 1] == '0')
    --digits.count;
  return digits;
}

template <typename T>
Digits shortest_digits(T value) {
  std::array<char, kJavaNumberMax> text;
  char* const end = text.data() + text.size();
  auto written = std::to_chars(text.data(), end, value, std::chars_format::scientific);
  // One digit is enough for few numbers; among those of two digits Java takes the nearest, which
  // matters for subnormal ones: 4.9E-324, not 5.0E-324.
  if (text[1] != '.')
    written = std::to_chars(text.data(), end, value, std::chars_format::scientific, 1);
  return parse_scientific(text.data(), written.ptr);
}

char* write_plain(char* to, const Digits& digits) {
  const std::string_view all(digits.text.data(), static_cast<size_t>(digits.count));
  if (digits.exponent < 0) {
    to = put_zeros(put(to, "0."), -digits.exponent - 1);
    return put(to, all);
  }
  const auto whole = static_cast<size_t>(digits.exponent) + 1;
  if (whole >= all.size()) {
    to = put_zeros(put(to, all), static_cast<int>(whole - all.size()));
    return put(to, ".0");
  }
  to = put(to, all.substr(0, whole));
  *to++ = '.';
  return put(to, all.substr(whole));
}

char* write_with_exponent(char* to, const Digits& digits) {
  *to++ = digits.text[0];
  *to++ = '.';
  to = digits.count == 1
           ? put(to, "0")
           : put(to, std::string_view(&digits.text[1], static_cast<size_t>(digits.count) - 1));
  *to++ = 'E';
  return std::to_chars(to, to + 8, digits.exponent).ptr;
}

template <typename T>
char* write_java(char* to, T value) {
  if (std::isnan(value)) return put(to, "\"NaN\"");
  if (std::isinf(value)) return put(to, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  if (std::signbit(value)) *to++ = '-';
  if (value == 0) return put(to, "0.0");
  const Digits digits = shortest_digits(std::fabs(value));
  const bool plain = digits.exponent >= kPlainFrom && digits.exponent < kPlainTo;
  return plain ? write_plain(to, digits) : write_with_exponent(to, digits);
}

}  // namespace

char* write_java_double(char* to, double value) {
  return write_java(to, value);
}
char* write_java_float(char* to, float value) {
  return write_java(to, value);
}

}  // namespace tailwater::format
