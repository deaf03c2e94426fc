// Decimal digits, eight at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace tailwater {

/// The most characters that write_number writes to: more than the digits of any number, because it
/// stores whole words.
inline constexpr uint64_t kNumberRoom = 32;

/// The eight digits of a number below 10^8 as the bytes of a word, the first digit lowest, each
/// 0–9. All four pairs, then all eight digits, are divided out at once within the word.
constexpr uint64_t eight_digits(uint32_t value) {
  const uint64_t halves = value / 10000 | uint64_t{value % 10000} << 32;
  const uint64_t hundreds = (halves * 10486 >> 20) & 0x0000007F0000007F;  // ÷ 100
  const uint64_t pairs = hundreds + ((halves - hundreds * 100) << 16);
  const uint64_t tens = (pairs * 103 >> 10) & 0x000F000F000F000F;  // ÷ 10
  return tens + ((pairs - tens * 10) << 8);
}

inline constexpr uint64_t kAsciiZeros = 0x3030303030303030;

inline char* write_eight(char* to, uint32_t value) {
  const uint64_t digits = eight_digits(value) + kAsciiZeros;
  std::memcpy(to, &digits, sizeof(digits));
  return to + sizeof(digits);
}

/// Numbers below are small.
inline constexpr uint64_t kSmallNumberEnd = 100000000;

/// A small number without leading zeros.
inline char* write_small(char* to, uint32_t value) {
  const uint64_t digits = eight_digits(value);
  const int zeros =
      std::countr_zero(digits | uint64_t{1} << 56) & ~7;  // bits of leading zeros, at most 7
  const uint64_t text = (digits + kAsciiZeros) >> zeros;
  std::memcpy(to, &text, sizeof(text));
  return to + (8 - zeros / 8);
}

inline char* write_number(char* to, uint64_t value) {
  constexpr uint64_t kEight = kSmallNumberEnd;
  if (value < kEight) return write_small(to, static_cast<uint32_t>(value));
  const uint64_t high = value / kEight;
  const auto low = static_cast<uint32_t>(value % kEight);
  if (high < kEight) return write_eight(write_small(to, static_cast<uint32_t>(high)), low);
  to = write_small(to, static_cast<uint32_t>(high / kEight));
  return write_eight(write_eight(to, static_cast<uint32_t>(high % kEight)), low);
}

inline char* write_number(char* to, int64_t value) {
  if (value >= 0) return write_number(to, static_cast<uint64_t>(value));
  *to = '-';
  return write_number(to + 1, 0 - static_cast<uint64_t>(value));
}

}  // namespace tailwater
