#include "model/decimal.h"

#include <algorithm>
#include <array>

#include "base/digits.h"

namespace tailwater {
namespace {

using Powers = std::array<uint64_t, kSmallDecimalDigits + 1>;

constexpr Powers make_powers() {
  Powers powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr Powers kPowers = make_powers();

char* write_word(std::string_view word, char* to) {
  return std::copy(word.begin(), word.end(), to);
}

}  // namespace

char* write_decimal_text(int64_t unscaled, unsigned scale, char* to) {
  if (unscaled == kDecimalNan) return write_word("NaN", to);
  if (unscaled == kDecimalInfinity) return write_word("Infinity", to);
  if (unscaled == kDecimalMinusInfinity) return write_word("-Infinity", to);
  if (unscaled < 0) *to++ = '-';
  const auto value =
      unscaled < 0 ? 0 - static_cast<uint64_t>(unscaled) : static_cast<uint64_t>(unscaled);
  if (scale == 0) return write_number(to, value);
  const uint64_t power = kPowers[std::min<size_t>(scale, kSmallDecimalDigits)];
  to = write_number(to, value / power);
  // The digits after the point with a one before them, which keeps their zeros and gives its place
  // to the point.
  char* const end = write_number(to, power + value % power);
  *to = '.';
  return end;
}

}  // namespace tailwater
