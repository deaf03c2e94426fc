#include "source/mysql/binlog/json_path.h"

#include <array>
#include <limits>
#include <optional>

#include "source/mysql/binlog/utf8_writer.h"

namespace tailwater::mysql {
namespace {

constexpr uint32_t kSurrogates = 0xd800;
constexpr uint32_t kLowSurrogates = 0xdc00;
constexpr uint32_t kSurrogatesEnd = 0xe000;

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

void append_utf8(std::string& out, uint32_t point) {
  std::array<uint8_t, 4> bytes;
  const uint8_t* const end = put_utf8(point, bytes.data());
  for (const uint8_t* at = bytes.data(); at != end; ++at) out += static_cast<char>(*at);
}

class PathReader {
 public:
  PathReader(std::string_view text, std::deque<std::string>& names) : rest_(text), names_(names) {}

  bool read(JsonPath& path) {
    path.legs.clear();
    skip_space();
    if (!take('$')) return false;
    for (skip_space(); !rest_.empty(); skip_space()) {
      if (path.legs.size() == JsonPath::kLegsMax) return false;
      JsonLeg& leg = path.legs.emplace_back();
      if (take('.') ? !member(leg) : !take('[') || !element(leg)) return false;
    }
    return true;
  }

 private:
  void skip_space() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool element(JsonLeg& leg) {
    constexpr std::string_view kLast = "last";
    skip_space();
    if (rest_.starts_with(kLast)) {
      rest_.remove_prefix(kLast.size());
      leg.from_end = true;
      skip_space();
      if (take(']')) return true;
      if (!take('-')) return false;
      skip_space();
    }
    if (!number(leg.index)) return false;
    skip_space();
    return take(']');
  }

  bool number(uint32_t& out) {
    uint64_t value = 0;
    size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      value = value * 10 + static_cast<uint64_t>(rest_[digits] - '0');
      if (value > std::numeric_limits<uint32_t>::max()) return false;
    }
    rest_.remove_prefix(digits);
    out = static_cast<uint32_t>(value);
    return digits != 0;
  }

  bool member(JsonLeg& leg) {
    leg.is_member = true;
    skip_space();
    const bool quoted = take('"');
    size_t end = 0;
    bool escaped = false;
    for (; end < rest_.size(); ++end) {
      const char c = rest_[end];
      if (quoted ? c == '"' : is_space(c) || c == '[' || c == '.' || c == '*') break;
      if (c != '\\') continue;
      escaped = true;
      ++end;
    }
    if (end > rest_.size() || (quoted && end == rest_.size()) || (!quoted && end == 0)) {
      return false;
    }
    leg.name = rest_.substr(0, end);
    rest_.remove_prefix(quoted ? end + 1 : end);
    return !escaped || unescape(leg.name);
  }

  // Puts the name without its escapes in the place of the one with them.
  bool unescape(std::string_view& name) {
    std::string& plain = names_.emplace_back();
    for (size_t at = 0; at < name.size(); ++at) {
      if (name[at] != '\\') {
        plain += name[at];
        continue;
      }
      if (++at == name.size()) return false;
      if (name[at] != 'u') {
        constexpr std::string_view kEscapes = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        const size_t which = kEscapes.find(name[at]);
        if (which == std::string_view::npos) return false;
        plain += kMeanings[which];
        continue;
      }
      ++at;
      const auto code = code_point(name, at);
      if (!code) return false;
      append_utf8(plain, *code);
      --at;
    }
    name = plain;
    return true;
  }

  // Four hex digits at `at`, and those of the second half of a pair; `at` is then behind them.
  static std::optional<uint32_t> code_point(std::string_view name, size_t& at) {
    const auto high = four_digits(name, at);
    if (!high || *high < kSurrogates || *high >= kSurrogatesEnd) return high;
    if (*high >= kLowSurrogates || name.substr(at, 2) != "\\u") return std::nullopt;
    at += 2;
    const auto low = four_digits(name, at);
    if (!low || *low < kLowSurrogates || *low >= kSurrogatesEnd) return std::nullopt;
    return 0x10000 + ((*high - kSurrogates) << 10) + (*low - kLowSurrogates);
  }
  static std::optional<uint32_t> four_digits(std::string_view name, size_t& at) {
    if (name.size() - at < 4) return std::nullopt;
    uint32_t value = 0;
    for (const size_t end = at + 4; at < end; ++at) {
      constexpr std::string_view kHex = "0123456789abcdef";
      const size_t digit = kHex.find(static_cast<char>(name[at] | 0x20));
      const bool is_digit = name[at] >= '0' && name[at] <= '9';
      if (digit == std::string_view::npos || (digit < 10 && !is_digit)) return std::nullopt;
      value = value << 4 | static_cast<uint32_t>(digit);
    }
    return value;
  }

  std::string_view rest_;
  std::deque<std::string>& names_;
};

}  // namespace

bool parse_json_path(std::string_view text, JsonPath& path, std::deque<std::string>& names) {
  return PathReader(text, names).read(path);
}

}  // namespace tailwater::mysql
