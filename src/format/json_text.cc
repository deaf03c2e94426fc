#include "format/json_text.h"

#include <charconv>

namespace tailwater::format {
namespace {

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
constexpr bool starts_number(char c) {
  return c == '-' || (c >= '0' && c <= '9');
}
constexpr bool in_number(char c) {
  return starts_number(c) || c == '+' || c == '.' || c == 'e' || c == 'E';
}

// The end of the string that starts at `from` (a quote): behind its closing quote.
size_t string_end(std::string_view json, size_t from) {
  for (size_t i = from + 1; i < json.size(); ++i) {
    if (json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      return i + 1;
    }
  }
  return json.size();
}

// A number with an exponent is a double. JsonStringFormatter of the originals' binlog library
// writes Double.toString, but the exact decimal expansion (BigDecimal.toPlainString) where that has
// an exponent.
void put_json_number(TextBuffer& out, std::string_view number) {
  constexpr int kFractionMax = 1100;  // 2^-1074 has 1,074 fractional digits
  constexpr size_t kPlainMax = 320 + kFractionMax;
  double value = 0;
  const bool exponent = number.find_first_of("eE") != std::string_view::npos;
  const char* const end = number.data() + number.size();
  if (!exponent || std::from_chars(number.data(), end, value).ptr != end) return out.put(number);
  const size_t before = out.size();
  out.java_double(value);
  if (out.view().find('E', before) == std::string_view::npos) return;
  out.truncate(before);
  char* const at = out.room(kPlainMax);
  const char* last =
      std::to_chars(at, at + kPlainMax, value, std::chars_format::fixed, kFractionMax).ptr;
  while (last[-1] == '0') --last;
  if (last[-1] == '.') --last;
  out.advance(last);
}

}  // namespace

void put_compact_json(TextBuffer& out, std::string_view json) {
  size_t i = 0;
  while (i < json.size()) {
    const char c = json[i];
    const size_t from = i;
    if (c == '"') {
      i = string_end(json, i);
      out.put(json.substr(from, i - from));
    } else if (starts_number(c)) {
      while (i < json.size() && in_number(json[i])) ++i;
      put_json_number(out, json.substr(from, i - from));
    } else {
      if (!is_space(c)) out.put(c);
      ++i;
    }
  }
}

}  // namespace tailwater::format
