#include "source/mysql/binlog/inet_text.h"

#include <array>
#include <charconv>

namespace tailwater::mysql {
namespace {

constexpr unsigned kGroups = 8;

uint8_t* put_number(unsigned value, int base, uint8_t* to) {
  auto* const text = reinterpret_cast<char*>(to);
  return to + (std::to_chars(text, text + 8, value, base).ptr - text);
}

struct Run {
  unsigned start = 0;
  unsigned length = 0;
};

Run longest_zeros(const std::array<unsigned, kGroups>& groups) {
  Run longest;
  Run run;
  for (unsigned i = 0; i < kGroups; ++i) {
    if (groups[i] != 0) {
      run.length = 0;
      continue;
    }
    if (run.length == 0) run.start = i;
    ++run.length;
    if (run.length > longest.length) longest = run;
  }
  return longest;
}

}  // namespace

uint8_t* write_inet4(const uint8_t* from, uint8_t* to) {
  for (unsigned i = 0; i < 4; ++i) {
    if (i != 0) *to++ = '.';
    to = put_number(from[i], 10, to);
  }
  return to;
}

uint8_t* write_inet6(const uint8_t* from, uint8_t* to) {
  std::array<unsigned, kGroups> groups;
  for (unsigned i = 0; i < kGroups; ++i) groups[i] = from[i * 2] * 0x100u | from[i * 2 + 1];
  const Run zeros = longest_zeros(groups);
  const bool holds_inet4 =
      zeros.start == 0 && (zeros.length == 6 || (zeros.length == 5 && groups[5] == 0xffff));
  for (unsigned i = 0; i < kGroups; ++i) {
    if (zeros.length != 0 && i >= zeros.start && i < zeros.start + zeros.length) {
      if (i == zeros.start) *to++ = ':';
      continue;
    }
    if (i != 0) *to++ = ':';
    if (i == 6 && holds_inet4) return write_inet4(from + 12, to);
    to = put_number(groups[i], 16, to);
  }
  if (zeros.length != 0 && zeros.start + zeros.length == kGroups) *to++ = ':';
  return to;
}

}  // namespace tailwater::mysql
