#include "base/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <numeric>

#include <fmt/format.h>
#include <simdjson.h>

namespace tailwater {
namespace {

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHexDigits = "0123456789abcdef";

struct Unit {
  std::string_view name;
  double factor;
};
constexpr std::array kDurationUnits = {Unit{"us", 1},   Unit{"ms", 1e3},   Unit{"s", 1e6},
                                       Unit{"m", 60e6}, Unit{"h", 3600e6}, Unit{"d", 86400e6}};
constexpr double kKi = 1024;
constexpr std::array kSizeUnits = {Unit{"", 1},
                                   Unit{"b", 1},
                                   Unit{"k", kKi},
                                   Unit{"kb", kKi},
                                   Unit{"kib", kKi},
                                   Unit{"m", kKi* kKi},
                                   Unit{"mb", kKi* kKi},
                                   Unit{"mib", kKi* kKi},
                                   Unit{"g", kKi* kKi* kKi},
                                   Unit{"gb", kKi* kKi* kKi},
                                   Unit{"gib", kKi* kKi* kKi},
                                   Unit{"tb", kKi* kKi* kKi* kKi},
                                   Unit{"tib", kKi* kKi* kKi* kKi}};

// A number followed by one of the units; -1 when it is neither.
template <size_t N>
double parse_quantity(std::string_view text, const std::array<Unit, N>& units) {
  text = trim(text);
  double number = 0;
  const auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (code != std::errc() || number < 0) return -1;
  const std::string unit = to_lower(trim(text.substr(static_cast<size_t>(end - text.data()))));
  for (const Unit& candidate : units) {
    if (candidate.name == unit) return number * candidate.factor;
  }
  return unit.empty() && number == 0 ? 0 : -1;
}

// Characters that a JSON string cannot hold as they are.
constexpr std::array<bool, 256> make_json_escapes() {
  std::array<bool, 256> escapes{};
  for (size_t i = 0; i < 0x20; ++i) escapes[i] = true;
  escapes['"'] = escapes['\\'] = true;
  return escapes;
}
constexpr std::array<bool, 256> kJsonEscapes = make_json_escapes();

void append_json_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHexDigits[c >> 4];
      out += kHexDigits[c & 15];
  }
}

template <typename T>
void append_integer(std::string& out, T value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<size_t>(end - digits.data()));
}

}  // namespace

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

void append_base64(std::string& out, Bytes bytes) {
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t group = uint32_t{bytes[i]} << 16 | uint32_t{bytes[i + 1]} << 8 | bytes[i + 2];
    const std::array<char, 4> digits = {kBase64Digits[group >> 18], kBase64Digits[group >> 12 & 63],
                                        kBase64Digits[group >> 6 & 63], kBase64Digits[group & 63]};
    out.append(digits.data(), digits.size());
  }
  const size_t left = bytes.size() - i;
  if (left == 0) return;
  const uint32_t group = uint32_t{bytes[i]} << 16 | (left == 2 ? uint32_t{bytes[i + 1]} << 8 : 0);
  out += kBase64Digits[group >> 18];
  out += kBase64Digits[group >> 12 & 63];
  out += left == 2 ? kBase64Digits[group >> 6 & 63] : '=';
  out += '=';
}

void append_hex(std::string& out, Bytes bytes) {
  for (const uint8_t byte : bytes) {
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
}

std::string to_hex(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  append_hex(text, bytes);
  return text;
}

Result<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0)
    return fail(ErrorKind::kUserFix, "hex text has an odd number of digits");
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    uint8_t byte = 0;
    const auto [end, code] = std::from_chars(&text[i], &text[i] + 2, byte, 16);
    if (code != std::errc() || end != &text[i] + 2) {
      return fail(ErrorKind::kUserFix, fmt::format("not a hex digit at character {}", i));
    }
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!kJsonEscapes[c]) [[likely]]
      continue;
    out.append(text, plain, i - plain);
    append_json_escape(out, c);
    plain = i + 1;
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

void append_number(std::string& out, int64_t value) {
  append_integer(out, value);
}
void append_number(std::string& out, uint64_t value) {
  append_integer(out, value);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

Result<int64_t> parse_duration_us(std::string_view text) {
  const double value = parse_quantity(text, kDurationUnits);
  if (value < 0 || value > 9e18) {
    return fail(ErrorKind::kUserFix, fmt::format("'{}' is not a duration", text),
                "write a number and a unit: 250ms, 5s, 10m, 2h, 7d");
  }
  return static_cast<int64_t>(value);
}

Result<uint64_t> parse_size_bytes(std::string_view text) {
  const double value = parse_quantity(text, kSizeUnits);
  if (value < 0 || value > 9e18) {
    return fail(ErrorKind::kUserFix, fmt::format("'{}' is not a size", text),
                "write a number and a unit: 64KB, 128MB, 2GB");
  }
  return static_cast<uint64_t>(value);
}

Result<uint64_t> parse_number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) {
    return fail(ErrorKind::kUserFix, fmt::format("'{}' is not a number", text));
  }
  return value;
}

std::string describe_bytes(uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= kKi && unit + 1 < kUnits.size()) {
    value /= kKi;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} B", bytes);
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string describe_duration_us(int64_t duration_us) {
  const auto us = static_cast<double>(duration_us);
  if (duration_us < 1000) return fmt::format("{} us", duration_us);
  if (duration_us < 1000000) return fmt::format("{:.1f} ms", us / 1e3);
  if (duration_us < 60000000) return fmt::format("{:.1f} s", us / 1e6);
  const int64_t seconds = duration_us / 1000000;
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86400, seconds / 3600 % 24);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = word.size() / 3 + 2;
  for (const std::string& candidate : candidates) {
    std::vector<size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < word.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i + 1;
      for (size_t j = 0; j < candidate.size(); ++j) {
        const size_t replaced = diagonal + (word[i] == candidate[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace tailwater
