#include "base/crc32c.h"

#include <array>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace tailwater {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;  // reflected
constexpr size_t kBlockBytes = 1024;          // one of three lanes that run at once

using Table = std::array<std::array<uint32_t, 256>, 4>;

constexpr Table make_byte_table() {
  Table table{};
  for (uint32_t n = 0; n < 256; ++n) {
    uint32_t crc = n;
    for (int k = 0; k < 8; ++k) crc = (crc & 1) != 0 ? (crc >> 1) ^ kPolynomial : crc >> 1;
    table[0][n] = crc;
  }
  for (uint32_t n = 0; n < 256; ++n) {
    for (size_t k = 1; k < 4; ++k) {
      table[k][n] = (table[k - 1][n] >> 8) ^ table[0][table[k - 1][n] & 0xff];
    }
  }
  return table;
}
constexpr Table kByteTable = make_byte_table();

// Four 256-entry tables that advance a CRC over kBlockBytes zero bytes, to join parallel lanes.
Table make_skip_table() {
  Table table{};
  for (size_t lane = 0; lane < 4; ++lane) {
    for (uint32_t n = 0; n < 256; ++n) {
      uint32_t crc = n << (8 * lane);
      for (size_t i = 0; i < kBlockBytes; ++i) crc = (crc >> 8) ^ kByteTable[0][crc & 0xff];
      table[lane][n] = crc;
    }
  }
  return table;
}

uint32_t skip_block(const Table& table, uint32_t crc) {
  return table[0][crc & 0xff] ^ table[1][(crc >> 8) & 0xff] ^ table[2][(crc >> 16) & 0xff] ^
         table[3][crc >> 24];
}

[[maybe_unused]] uint32_t software(const uint8_t* at, size_t count, uint32_t crc) {
  for (; count >= 4; count -= 4, at += 4) {
    crc ^= load<uint32_t>(at);
    crc = kByteTable[3][crc & 0xff] ^ kByteTable[2][(crc >> 8) & 0xff] ^
          kByteTable[1][(crc >> 16) & 0xff] ^ kByteTable[0][crc >> 24];
  }
  for (; count > 0; --count, ++at) crc = (crc >> 8) ^ kByteTable[0][(crc ^ *at) & 0xff];
  return crc;
}

#if defined(__x86_64__)
#define TW_CRC_TARGET __attribute__((target("sse4.2")))
TW_CRC_TARGET inline uint32_t step8(uint32_t crc, const uint8_t* at) {
  return static_cast<uint32_t>(_mm_crc32_u64(crc, load<uint64_t>(at)));
}
TW_CRC_TARGET inline uint32_t step1(uint32_t crc, uint8_t byte) {
  return _mm_crc32_u8(crc, byte);
}
bool has_hardware() {
  return __builtin_cpu_supports("sse4.2") != 0;
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#define TW_CRC_TARGET
inline uint32_t step8(uint32_t crc, const uint8_t* at) {
  return __crc32cd(crc, load<uint64_t>(at));
}
inline uint32_t step1(uint32_t crc, uint8_t byte) {
  return __crc32cb(crc, byte);
}
bool has_hardware() {
  return true;
}
#endif

#if defined(TW_CRC_TARGET)
TW_CRC_TARGET uint32_t hardware(const uint8_t* at, size_t count, uint32_t crc) {
  static const Table skip = make_skip_table();
  while (count >= 3 * kBlockBytes) {
    uint32_t lane1 = 0;
    uint32_t lane2 = 0;
    for (const uint8_t* end = at + kBlockBytes; at != end; at += 8) {
      crc = step8(crc, at);
      lane1 = step8(lane1, at + kBlockBytes);
      lane2 = step8(lane2, at + 2 * kBlockBytes);
    }
    crc = skip_block(skip, crc) ^ lane1;
    crc = skip_block(skip, crc) ^ lane2;
    at += 2 * kBlockBytes;
    count -= 3 * kBlockBytes;
  }
  for (; count >= 8; count -= 8, at += 8) crc = step8(crc, at);
  for (; count > 0; --count, ++at) crc = step1(crc, *at);
  return crc;
}
#endif

}  // namespace

uint32_t crc32c(Bytes bytes, uint32_t seed) {
#if defined(TW_CRC_TARGET)
  static const bool use_hardware = has_hardware();
  if (use_hardware) return ~hardware(bytes.data(), bytes.size(), ~seed);
#endif
  return ~software(bytes.data(), bytes.size(), ~seed);
}

}  // namespace tailwater
