// Decimals of the binlog: groups of nine digits in four bytes, big-endian, the first bit inverted,
// all bits inverted when negative. Source: MySQL strings/decimal.cc, decimal2bin.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace tailwater::mysql {

inline constexpr unsigned kDecimalDigitsMax = 65;
/// Room that any decimal's text needs: sign, digits, point, a zero before it, and slack.
inline constexpr size_t kDecimalTextMax = 80;

/// By how many digits (0 to 9) there are in a group: the bytes that it takes, and where its numbers
/// end.
inline constexpr std::array<uint8_t, 10> kGroupBytes = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
inline constexpr std::array<uint32_t, 10> kGroupEnd = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

/// How many bytes so many digits of one side of the point take.
constexpr unsigned decimal_part_bytes(unsigned digits) {
  return digits / 9 * 4 + kGroupBytes[digits % 9];
}
constexpr unsigned decimal_bytes(unsigned precision, unsigned scale) {
  return decimal_part_bytes(precision - scale) + decimal_part_bytes(scale);
}

/// Writes the decimal at `from` (decimal_bytes long) as the server prints it, exactly `scale`
/// digits after the point, to `to` (kDecimalTextMax). Returns the end; null when the bytes are no
/// decimal.
uint8_t* write_decimal(const uint8_t* from, unsigned precision, unsigned scale, uint8_t* to);

/// The shape of a decimal of at most 18 digits: the digits before its first whole group, how many
/// groups of nine there are, and the digits after the last.
struct SmallDecimal {
  uint8_t lead = 0;
  uint8_t groups = 0;
  uint8_t tail = 0;

  static constexpr SmallDecimal of(unsigned precision, unsigned scale) {
    const unsigned whole = precision - scale;
    return {static_cast<uint8_t>(whole % 9), static_cast<uint8_t>(whole / 9 + scale / 9),
            static_cast<uint8_t>(scale % 9)};
  }
};

/// How many bytes small_decimal_at may look at: a decimal's twelve, and eight more than needed.
inline constexpr size_t kSmallDecimalReads = 20;

/// Reads it as an integer, times 10^scale. False when the bytes are no decimal. There must be
/// kSmallDecimalReads bytes at `from`, whatever those after the decimal are.
inline bool small_decimal_at(const uint8_t* from, SmallDecimal shape, int64_t& unscaled) {
  const bool negative = (from[0] & 0x80) == 0;
  const uint64_t mask = negative ? ~uint64_t{0} : 0;
  uint64_t sign = uint64_t{1} << 63;
  uint64_t value = 0;
  bool valid = true;
  const auto take = [&](unsigned digits) {
    const unsigned bytes = kGroupBytes[digits];
    const uint64_t part =
        (__builtin_bswap64(load<uint64_t>(from)) ^ mask ^ sign) >> (64 - 8 * bytes);
    valid &= part < kGroupEnd[digits];
    value = value * kGroupEnd[digits] + part;
    from += bytes;
    sign = 0;
  };
  if (shape.lead != 0) take(shape.lead);
  for (unsigned i = shape.groups; i > 0; --i) take(9);
  if (shape.tail != 0) take(shape.tail);
  unscaled = static_cast<int64_t>(negative ? 0 - value : value);
  return valid;
}

/// The same where only the bytes before `end` may be read, at least those of the decimal.
bool read_small_decimal(const uint8_t* from, const uint8_t* end, SmallDecimal shape,
                        int64_t& unscaled);

}  // namespace tailwater::mysql
