#include "format/json_text.h"

#include <array>
#include <charconv>
#include <cstring>

namespace tailwater::format {
namespace {

enum class Part : uint8_t { kOther, kSpace, kQuote, kNumber, kBackslash, kControl };

constexpr std::array<Part, 256> make_parts() {
  std::array<Part, 256> parts{};
  for (size_t i = 0; i < 0x20; ++i) parts[i] = Part::kControl;
  for (const char c : {' ', '\t', '\n', '\r'}) parts[static_cast<uint8_t>(c)] = Part::kSpace;
  for (char c = '0'; c <= '9'; ++c) parts[static_cast<uint8_t>(c)] = Part::kNumber;
  parts['-'] = Part::kNumber;
  parts['"'] = Part::kQuote;
  parts['\\'] = Part::kBackslash;
  return parts;
}
constexpr std::array<Part, 256> kParts = make_parts();

Part part_of(char c) {
  return kParts[static_cast<uint8_t>(c)];
}

constexpr bool in_number(char c) {
  return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '-' || c == '+';
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

// One pass over the text, written as it is or as the inside of a JSON string.
template <bool escaped>
class CompactWriter {
 public:
  CompactWriter(TextBuffer& out, std::string_view json)
      : out_(out), at_(json.data()), end_(at_ + json.size()) {}

  void write() {
    while (at_ != end_) {
      // Each character needs at most two, but for those that go through `out_` itself.
      to_ = out_.room(2 * static_cast<size_t>(end_ - at_) + 1);
      plain();
      out_.advance(to_);
      if (at_ != end_) special();
    }
  }

 private:
  // Up to a control character in a string, or a number with an exponent.
  void plain() {
    for (; at_ != end_; ++at_) {
      const Part part = part_of(*at_);
      if (part == Part::kOther) {
        *to_++ = *at_;
      } else if (part == Part::kQuote) {
        in_string_ = !in_string_;
        quoted(*at_);
      } else if (in_string_) {
        if (!in_string(part)) return;
      } else if (part == Part::kNumber) {
        if (!number()) return;
      } else if (part == Part::kBackslash || part == Part::kControl) {
        return;
      }
    }
  }
  void quoted(char c) {
    if constexpr (escaped) *to_++ = '\\';
    *to_++ = c;
  }
  bool in_string(Part part) {
    if (part == Part::kControl || (part == Part::kSpace && *at_ != ' ')) return false;
    if (part != Part::kBackslash) {
      *to_++ = *at_;
      return true;
    }
    quoted('\\');
    if (at_ + 1 == end_ || static_cast<uint8_t>(at_[1]) < ' ') return true;
    ++at_;  // what follows a backslash ends no string
    if (*at_ == '"' || *at_ == '\\') {
      quoted(*at_);
    } else {
      *to_++ = *at_;
    }
    return true;
  }
  // Copies a number; stops in front of one with an exponent.
  bool number() {
    const char* last = at_;
    while (last != end_ && in_number(*last)) {
      if (*last == 'e' || *last == 'E') return false;
      ++last;
    }
    const auto size = static_cast<size_t>(last - at_);
    std::memcpy(to_, at_, size);
    to_ += size;
    at_ = last - 1;
    return true;
  }
  void special() {
    const char* last = at_;
    if (!in_string_ && part_of(*at_) == Part::kNumber) {
      while (last != end_ && in_number(*last)) ++last;
      put_json_number(out_, {at_, static_cast<size_t>(last - at_)});
    } else {
      ++last;
      if (!escaped && *at_ == '\\') {
        out_.put(*at_);
      } else {
        out_.json_escaped({at_, 1});
      }
    }
    at_ = last;
  }

  TextBuffer& out_;
  const char* at_;
  const char* const end_;
  char* to_ = nullptr;
  bool in_string_ = false;
};

}  // namespace

void put_compact_json(TextBuffer& out, std::string_view json) {
  CompactWriter<false>(out, json).write();
}

void put_compact_json_escaped(TextBuffer& out, std::string_view json) {
  CompactWriter<true>(out, json).write();
}

}  // namespace tailwater::format
