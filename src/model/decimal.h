// Small decimals: those of at most 18 digits, which a row holds as an integer, the value times
// 10^scale (docs/row_format.md). Larger ones, and those without declared digits, are text.
#pragma once

#include <array>
#include <limits>
#include <string_view>

#include "model/type.h"

namespace tailwater {

inline constexpr unsigned kSmallDecimalDigits = 18;

/// Whether a row holds values of this type as an integer.
inline bool is_small_decimal(const Type& type) {
  return type.kind == TypeKind::kDecimal && type.precision > 0 &&
         type.precision <= kSmallDecimalDigits && type.scale <= type.precision;
}

/// Values of a small decimal that are no numbers.
inline constexpr int64_t kDecimalNan = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kDecimalMinusInfinity = kDecimalNan + 1;
inline constexpr int64_t kDecimalInfinity = std::numeric_limits<int64_t>::max();

constexpr bool is_decimal_number(int64_t unscaled) {
  return unscaled > kDecimalMinusInfinity && unscaled < kDecimalInfinity;
}

/// Room that write_decimal_text needs.
inline constexpr size_t kSmallDecimalTextMax = 64;

/// Writes the canonical text: "-12.50" with exactly `scale` digits after the point, "NaN",
/// "Infinity" or "-Infinity". Returns the end.
char* write_decimal_text(int64_t unscaled, unsigned scale, char* to);

using SmallDecimalText = std::array<char, kSmallDecimalTextMax>;

/// The same as a view of `text`.
inline std::string_view small_decimal_text(int64_t unscaled, unsigned scale,
                                           SmallDecimalText& text) {
  const char* const end = write_decimal_text(unscaled, scale, text.data());
  return {text.data(), static_cast<size_t>(end - text.data())};
}

}  // namespace tailwater
