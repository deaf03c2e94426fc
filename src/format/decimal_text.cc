#include "format/decimal_text.h"

#include <algorithm>
#include <array>

namespace tailwater::format {
namespace {

constexpr unsigned kChunkDigits = 9;
constexpr uint32_t kChunk = 1000000000;
constexpr size_t kSmallDigits = 18;  // fit an int64
constexpr size_t kDigitsMax = 2048;  // far above every source's own limit
constexpr size_t kLimbs = kDigitsMax / kChunkDigits + 1;

// The parts of "-12.50": sign, "12", "50".
struct Parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
};

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool parse(std::string_view text, Parts& parts) {
  if (text.starts_with('-')) {
    parts.negative = true;
    text.remove_prefix(1);
  }
  const size_t point = text.find('.');
  parts.whole = text.substr(0, point);
  if (point != std::string_view::npos) parts.fraction = text.substr(point + 1);
  return parts.whole.size() + parts.fraction.size() > 0 && all_digits(parts.whole) &&
         all_digits(parts.fraction);
}

// A non-negative integer of any size, least significant limb first.
struct Magnitude {
  std::array<uint32_t, kLimbs> limbs = {};
  size_t count = 0;

  void multiply_add(uint32_t factor, uint32_t addend) {
    uint64_t carry = addend;
    for (size_t i = 0; i < count; ++i) {
      carry += uint64_t{limbs[i]} * factor;
      limbs[i] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) limbs[count++] = static_cast<uint32_t>(carry);
  }
};

// Two's complement, most significant byte first, in the fewest bytes.
void put_twos_complement(TextBuffer& out, const Magnitude& magnitude, bool negative) {
  std::array<uint8_t, kLimbs* 4 + 1> bytes = {};
  const size_t size = magnitude.count * 4 + 1;
  uint32_t carry = negative ? 1 : 0;
  for (size_t i = 0; i < size; ++i) {  // from the least significant byte
    uint32_t byte = i / 4 < magnitude.count ? magnitude.limbs[i / 4] >> (i % 4 * 8) & 255 : 0;
    if (negative) {
      byte = (byte ^ 255) + carry;
      carry = byte >> 8;
    }
    bytes[size - 1 - i] = static_cast<uint8_t>(byte);
  }
  size_t first = 0;
  while (first + 1 < size && ((bytes[first] == 0 && bytes[first + 1] < 128) ||
                              (bytes[first] == 255 && bytes[first + 1] >= 128))) {
    ++first;
  }
  out.base64(Bytes(bytes.data() + first, size - first));
}

}  // namespace

void put_unscaled_base64(TextBuffer& out, int64_t value) {
  std::array<uint8_t, 8> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (56 - i * 8));
  }
  const uint64_t distinct = static_cast<uint64_t>(value < 0 ? ~value : value);
  const size_t bits = 65 - static_cast<size_t>(std::countl_zero(distinct));
  const size_t size = (bits + 7) / 8;
  out.base64(Bytes(bytes.data() + bytes.size() - size, size));
}

namespace {

// Calls `take` for each digit of whole and fraction, then for the zeros that fill the scale.
template <typename Take>
void each_digit(const Parts& parts, unsigned scale, Take take) {
  for (const char c : parts.whole) take(static_cast<uint32_t>(c - '0'));
  for (const char c : parts.fraction) take(static_cast<uint32_t>(c - '0'));
  for (size_t i = parts.fraction.size(); i < scale; ++i) take(0);
}

}  // namespace

bool put_unscaled_base64(TextBuffer& out, std::string_view decimal, unsigned scale) {
  Parts parts;
  const bool fits = parse(decimal, parts) && parts.fraction.size() <= scale;
  if (!fits || parts.whole.size() + scale > kDigitsMax) return false;
  if (parts.whole.size() + scale <= kSmallDigits) {
    int64_t value = 0;
    each_digit(parts, scale, [&](uint32_t digit) { value = value * 10 + digit; });
    put_unscaled_base64(out, parts.negative ? -value : value);
    return true;
  }
  Magnitude magnitude;
  uint32_t chunk = 0;
  uint32_t factor = 1;
  each_digit(parts, scale, [&](uint32_t digit) {
    chunk = chunk * 10 + digit;
    factor *= 10;
    if (factor == kChunk) {
      magnitude.multiply_add(factor, chunk);
      chunk = 0;
      factor = 1;
    }
  });
  magnitude.multiply_add(factor, chunk);
  put_twos_complement(out, magnitude, parts.negative);
  return true;
}

void put_unsigned_base64(TextBuffer& out, uint64_t value) {
  Magnitude magnitude;
  magnitude.limbs[0] = static_cast<uint32_t>(value);
  magnitude.limbs[1] = static_cast<uint32_t>(value >> 32);
  magnitude.count = 2;
  put_twos_complement(out, magnitude, false);
}

void put_big_decimal(TextBuffer& out, std::string_view decimal) {
  constexpr int64_t kPlainFrom = -6;  // java.math.BigDecimal.toString
  Parts parts;
  if (!parse(decimal, parts)) return out.json_string(decimal);
  std::string_view digits = parts.whole;
  const size_t zeros = std::min(parts.whole.find_first_not_of('0'), parts.whole.size());
  digits.remove_prefix(zeros);
  const auto scale = static_cast<int64_t>(parts.fraction.size());
  if (!digits.empty() || scale <= -kPlainFrom) {  // most values: at least 1, or few digits
    if (parts.negative) out.put('-');
    out.put(digits.empty() ? "0" : digits);
    if (scale != 0) out.put('.');
    return out.put(parts.fraction);
  }
  const size_t lead = std::min(parts.fraction.find_first_not_of('0'), parts.fraction.size() - 1);
  const std::string_view unscaled = parts.fraction.substr(lead);
  const int64_t adjusted = static_cast<int64_t>(unscaled.size()) - 1 - scale;
  if (parts.negative) out.put('-');
  if (adjusted >= kPlainFrom) {
    out.put("0.");
    return out.put(parts.fraction);
  }
  out.put(unscaled[0]);
  if (unscaled.size() > 1) {
    out.put('.');
    out.put(unscaled.substr(1));
  }
  out.put('E');
  out.number(adjusted);
}

}  // namespace tailwater::format
