#include "source/mysql/binlog/decimal.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"

namespace tailwater::mysql {
namespace {

constexpr unsigned kGroupDigits = 9;
constexpr std::array<char, 200> digit_pairs() {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[i * 2] = static_cast<char>('0' + i / 10);
    pairs[i * 2 + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kPairs = digit_pairs();

// Exactly `digits` digits, zeros before.
inline void write_digits(uint32_t value, unsigned digits, uint8_t* to) {
  uint8_t* at = to + digits;
  while (digits >= 2) {
    at -= 2;
    std::memcpy(at, &kPairs[size_t{value % 100} * 2], 2);
    value /= 100;
    digits -= 2;
  }
  if (digits == 1) at[-1] = static_cast<uint8_t>('0' + value % 10);
}

inline unsigned count_digits(uint32_t value) {
  // 1233 / 4096 is a little more than log10(2).
  const auto guess = static_cast<unsigned>(32 - std::countl_zero(value | 1)) * 1233 >> 12;
  return guess + (value >= kGroupEnd[guess] ? 1 : 0);
}

// Reads groups, with the inversions taken back.
class Groups {
 public:
  Groups(const uint8_t* from, uint8_t mask) : at_(from), mask_(mask) {}

  uint32_t next(unsigned digits) {
    uint32_t value = 0;
    for (unsigned i = kGroupBytes[digits]; i > 0; --i) {
      value = value << 8 | static_cast<uint8_t>(*at_++ ^ mask_ ^ first_);
      first_ = 0;
    }
    valid_ &= value < kGroupEnd[digits];
    return value;
  }
  uint32_t next_group() {
    const uint32_t word = load<uint32_t>(at_);
    uint32_t value = __builtin_bswap32(word);
    if (mask_ != 0) value = ~value;
    if (first_ != 0) value ^= 0x80000000u;
    first_ = 0;
    at_ += 4;
    valid_ &= value < kGroupEnd[kGroupDigits];
    return value;
  }
  [[nodiscard]] bool valid() const { return valid_; }

 private:
  const uint8_t* at_;
  uint8_t mask_;
  uint8_t first_ = 0x80;
  bool valid_ = true;
};

}  // namespace

uint8_t* write_decimal(const uint8_t* from, unsigned precision, unsigned scale, uint8_t* to) {
  const bool negative = (from[0] & 0x80) == 0;
  Groups groups(from, negative ? 0xff : 0);
  if (negative) *to++ = '-';
  const unsigned whole = precision - scale;
  bool started = false;
  const auto put = [&](uint32_t value, unsigned digits) {
    if (!started) {
      if (value == 0) return;
      digits = count_digits(value);
      started = true;
    }
    write_digits(value, digits, to);
    to += digits;
  };
  if (const unsigned odd = whole % kGroupDigits; odd != 0) put(groups.next(odd), odd);
  for (unsigned i = whole / kGroupDigits; i > 0; --i) put(groups.next_group(), kGroupDigits);
  if (!started) *to++ = '0';
  if (scale != 0) {
    *to++ = '.';
    for (unsigned i = scale / kGroupDigits; i > 0; --i) {
      write_digits(groups.next_group(), kGroupDigits, to);
      to += kGroupDigits;
    }
    if (const unsigned odd = scale % kGroupDigits; odd != 0) {
      write_digits(groups.next(odd), odd, to);
      to += odd;
    }
  }
  return groups.valid() ? to : nullptr;
}

bool read_small_decimal(const uint8_t* from, const uint8_t* end, SmallDecimal shape,
                        int64_t& unscaled) {
  std::array<uint8_t, kSmallDecimalReads> copy{};
  if (static_cast<size_t>(end - from) < copy.size()) {
    std::copy_n(from, end - from, copy.data());
    from = copy.data();
  }
  return small_decimal_at(from, shape, unscaled);
}

}  // namespace tailwater::mysql
