// Decimals of the binlog: groups of nine digits in four bytes, big-endian, the first bit inverted,
// all bits inverted when negative. Source: MySQL strings/decimal.cc, decimal2bin.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tailwater::mysql {

inline constexpr unsigned kDecimalDigitsMax = 65;
/// Room that any decimal's text needs: sign, digits, point, a zero before it, and slack.
inline constexpr size_t kDecimalTextMax = 80;

/// How many bytes so many digits of one side of the point take.
constexpr unsigned decimal_part_bytes(unsigned digits) {
  constexpr std::array<uint8_t, 10> kRest = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
  return digits / 9 * 4 + kRest[digits % 9];
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

/// Reads it as an integer, times 10^scale. False when the bytes are no decimal. `end` is how far
/// may be read, at least to the decimal's own end.
bool read_small_decimal(const uint8_t* from, const uint8_t* end, SmallDecimal shape,
                        int64_t& unscaled);

}  // namespace tailwater::mysql
