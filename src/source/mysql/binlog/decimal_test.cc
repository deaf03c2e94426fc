#include "source/mysql/binlog/decimal.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/decimal.h"

namespace tailwater::mysql {
namespace {

// The digits as decimal2bin stores them: groups of nine counted from the point.
std::vector<uint8_t> encode(const std::string& whole, const std::string& fraction, bool negative) {
  std::vector<uint8_t> bytes;
  const auto put = [&](const std::string& digits) {
    const uint32_t value = static_cast<uint32_t>(std::stoul("0" + digits));
    for (unsigned i = decimal_part_bytes(static_cast<unsigned>(digits.size())); i-- > 0;) {
      bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
    }
  };
  if (whole.size() % 9 != 0) put(whole.substr(0, whole.size() % 9));
  for (size_t at = whole.size() % 9; at < whole.size(); at += 9) put(whole.substr(at, 9));
  for (size_t at = 0; at < fraction.size(); at += 9) put(fraction.substr(at, 9));
  bytes[0] ^= 0x80;
  if (negative) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(~byte);
  }
  return bytes;
}

std::string random_digits(std::mt19937& random, unsigned count) {
  std::string digits;
  const bool zeros = random() % 3 == 0;
  for (unsigned i = 0; i < count; ++i) {
    digits += zeros && random() % 4 != 0 ? '0' : static_cast<char>('0' + random() % 10);
  }
  return digits;
}

// Every precision and scale, at the end of the memory and before more of it.
TEST(SmallDecimal, ReadsWhatTheTextSays) {
  std::mt19937 random(7);
  for (unsigned precision = 1; precision <= kSmallDecimalDigits; ++precision) {
    for (unsigned scale = 0; scale <= precision; ++scale) {
      for (int round = 0; round < 20; ++round) {
        const std::string whole = random_digits(random, precision - scale);
        const std::string fraction = random_digits(random, scale);
        const bool zero = (whole + fraction).find_first_not_of('0') == std::string::npos;
        std::vector<uint8_t> bytes = encode(whole, fraction, round % 2 == 1 && !zero);
        ASSERT_EQ(bytes.size(), decimal_bytes(precision, scale));
        std::array<uint8_t, kDecimalTextMax> text{};
        uint8_t* const end = write_decimal(bytes.data(), precision, scale, text.data());
        ASSERT_NE(end, nullptr);
        const std::string expected(text.data(), end);
        const size_t size = bytes.size();
        for (const size_t more : {size_t{0}, size_t{3}, size_t{40}}) {
          bytes.resize(size + more, 0xab);
          int64_t value = 0;
          ASSERT_TRUE(read_small_decimal(bytes.data(), bytes.data() + bytes.size(),
                                         SmallDecimal::of(precision, scale), value));
          SmallDecimalText small;
          EXPECT_EQ(small_decimal_text(value, scale, small), expected) << precision << "," << scale;
        }
      }
    }
  }
}

TEST(SmallDecimal, RefusesGroupsThatAreTooLarge) {
  // decimal(10,2): a byte that says 10 where one digit is, a group of a billion, 100 hundredths.
  for (const std::vector<uint8_t>& bytes : {std::vector<uint8_t>{0x8a, 0, 0, 0, 0},
                                            {0x80, 0x3b, 0x9a, 0xca, 0x00, 0},
                                            {0x80, 0, 0, 0, 0, 100}}) {
    const unsigned precision = bytes.size() == 5 ? 10 : 12;
    const unsigned scale = bytes.size() == 5 ? 0 : 2;
    int64_t value = 0;
    EXPECT_FALSE(read_small_decimal(bytes.data(), bytes.data() + bytes.size(),
                                    SmallDecimal::of(precision, scale), value));
  }
}

}  // namespace
}  // namespace tailwater::mysql
