// The text of JSON scalars as MySQL writes it.
#pragma once

#include <string_view>

#include "source/mysql/binlog/row_output.h"

namespace tailwater::mysql {

inline constexpr uint64_t kOnes = 0x0101010101010101;
inline constexpr uint64_t kHighs = 0x8080808080808080;

// Whether one of eight bytes is below 0x20, a quote or a backslash.
constexpr bool needs_escape(uint64_t bytes) {
  const auto zero = [](uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  const uint64_t control = (bytes - kOnes * 0x20) & ~bytes & kHighs;
  return (control | zero(bytes ^ kOnes * '"') | zero(bytes ^ kOnes * '\\')) != 0;
}

// Copies `count` bytes; false (and rubbish at `to`) when one of them needs an escape. Lengths that
// are no multiple of a word are done with two words that overlap.
inline bool copy_plain(const uint8_t* from, size_t count, uint8_t* to) {
  constexpr size_t kWord = sizeof(uint64_t);
  if (count >= kWord) {
    for (size_t at = 0; at + kWord <= count; at += kWord) {
      const auto word = load<uint64_t>(from + at);
      if (needs_escape(word)) return false;
      store(to + at, word);
    }
    const auto last = load<uint64_t>(from + count - kWord);
    store(to + count - kWord, last);
    return !needs_escape(last);
  }
  if (count >= 4) {
    const auto first = load<uint32_t>(from);
    const auto last = load<uint32_t>(from + count - 4);
    store(to, first);
    store(to + count - 4, last);
    return !needs_escape(uint64_t{last} << 32 | first);
  }
  if (count == 0) return true;
  // One to three bytes: the first, the middle one and the last, which may be the same.
  const uint8_t first = from[0];
  const uint8_t middle = from[count / 2];
  const uint8_t last = from[count - 1];
  to[0] = first;
  to[count / 2] = middle;
  to[count - 1] = last;
  constexpr uint64_t kSpaces = kOnes * ' ' << 24;
  return !needs_escape(kSpaces | uint64_t{last} << 16 | uint64_t{middle} << 8 | first);
}

/// The same for less than a word, where a whole word can be read at `from` and written at `to`.
inline bool copy_plain_short(const uint8_t* from, size_t count, uint8_t* to) {
  const auto word = load<uint64_t>(from);
  store(to, word);
  const uint64_t mask = (uint64_t{1} << (count * 8)) - 1;
  return !needs_escape((word & mask) | (kOnes * ' ' & ~mask));
}

/// Appends a string without its first quote; used by write_json_string.
void escape_json_string(std::string_view text, RowOutput& out);

/// Writes a string with its quotes at `to` (its size, quotes and a word) and returns the end; null,
/// with rubbish at `to`, when a character of it needs an escape. `readable` says how many bytes may
/// be read from the text's start on, at least its size.
[[gnu::always_inline]] inline uint8_t* write_plain_string(Bytes text, size_t readable,
                                                          uint8_t* to) {
  constexpr size_t kWord = sizeof(uint64_t);
  *to++ = '"';
  const bool plain = text.size() < kWord && readable >= kWord
                         ? copy_plain_short(text.data(), text.size(), to)
                         : copy_plain(text.data(), text.size(), to);
  if (!plain) [[unlikely]]
    return nullptr;
  to += text.size();
  *to = '"';
  return to + 1;
}

/// Appends a string with its quotes. Escaped are the quote, the backslash and what is below 0x20,
/// with \b \t \n \f \r where they exist and \u00xx elsewhere. Source: MySQL json_dom.cc,
/// double_quote. `readable` as above.
inline void write_json_string(Bytes text, size_t readable, RowOutput& out) {
  out.ensure(text.size() + 2 + sizeof(uint64_t));
  uint8_t* const end = write_plain_string(text, readable, out.at);
  if (end == nullptr) [[unlikely]] {
    out.put('"');
    return escape_json_string(as_text(text), out);
  }
  out.at = end;
}

/// Writes a double at `to` (kNumberTextMax bytes): as write_double, with ".0" where it would read
/// as an integer. Returns the end.
uint8_t* write_json_double(double value, uint8_t* to);

}  // namespace tailwater::mysql
