// Temporal values as the binlog and binary JSON have them. Each function reads exactly the bytes
// its comment says; those that can meet nonsense return false. Source: MySQL sql-common/my_time.cc
// (my_*_from_binary, TIME_from_longlong_*_packed).
#pragma once

#include "base/bytes.h"
#include "model/temporal.h"

namespace tailwater::mysql {

inline constexpr int64_t kSecondUs = 1000000;

/// How many bytes `digits` fractional digits take.
constexpr unsigned fraction_bytes(unsigned digits) {
  return (digits + 1) / 2;
}

inline uint64_t big_endian(const uint8_t* from, unsigned bytes) {
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value = value << 8 | from[i];
  return value;
}

/// Microseconds of a fraction of `bytes` bytes: hundredths, ten-thousandths or millionths.
constexpr int64_t fraction_us(uint64_t value, unsigned bytes) {
  const int64_t unit = bytes == 1 ? 10000 : bytes == 2 ? 100 : 1;
  return static_cast<int64_t>(value) * unit;
}

constexpr int64_t clock_us(int64_t hour, int64_t minute, int64_t second) {
  return (hour * 3600 + minute * 60 + second) * kSecondUs;
}

/// DATE, 3 bytes: day in 5 bits, month in 4, year.
inline Date read_date(const uint8_t* from) {
  const uint32_t value = from[0] | from[1] * 0x100u | from[2] * 0x10000u;
  return Date::of(static_cast<int32_t>(value >> 9), value >> 5 & 15, value & 31);
}

/// The eight bytes at `from`, big-endian.
inline uint64_t word_at(const uint8_t* from) {
  return __builtin_bswap64(load<uint64_t>(from));
}
/// The same where only `bytes` bytes (1 to 8) may be read; zeros stand for the others.
inline uint64_t short_word_at(const uint8_t* from, unsigned bytes) {
  return big_endian(from, bytes) << (64 - 8 * bytes);
}

/// The fraction of `bytes` bytes that begins at the word's bit `at`, counted from its top.
inline int64_t fraction_in_word(uint64_t word, unsigned at, unsigned bytes) {
  return fraction_us((word << at) >> (63 - 8 * bytes) >> 1, bytes);
}

/// TIMESTAMP(n), 4 bytes big-endian and the fraction, at the top of `word`; seconds 0 is the zero
/// timestamp.
inline int64_t timestamp2_of(uint64_t word, unsigned fraction) {
  const auto seconds = static_cast<int64_t>(word >> 32);
  const int64_t us = fraction_in_word(word, 32, fraction);
  if (seconds == 0 && us == 0) return kTimestampZero;
  return seconds * kSecondUs + us;
}

/// The packed date and time of 40 bits without its sign: year·13 + month in 17 bits, day 5, hour 5,
/// minute 6, second 6.
inline bool unpack_datetime(uint64_t packed, Datetime& out) {
  const auto months = static_cast<uint32_t>(packed >> 22 & 0x1ffff);
  const auto hour = static_cast<int64_t>(packed >> 12 & 31);
  const auto minute = static_cast<int64_t>(packed >> 6 & 63);
  const auto second = static_cast<int64_t>(packed & 63);
  out.date = Date::of(static_cast<int32_t>(months / 13), months % 13,
                      static_cast<uint32_t>(packed >> 17 & 31));
  out.time_us = clock_us(hour, minute, second);
  return hour < 24 && minute < 60 && second < 60;
}

/// DATETIME(n), 5 bytes big-endian and the fraction, at the top of `word`.
inline bool datetime2_of(uint64_t word, unsigned fraction, Datetime& out) {
  const bool valid = unpack_datetime(word >> 24, out);
  const int64_t us = fraction_in_word(word, 40, fraction);
  out.time_us += us;
  return valid && word >> 63 != 0 && us < kSecondUs;
}

/// A packed time of day or duration: hours from bit 12, minutes 6 bits, seconds 6 bits.
constexpr bool unpack_time(uint64_t packed, int64_t us, bool negative, int64_t& out) {
  const auto hour = static_cast<int64_t>(packed >> 12 & 0x3ff);
  const auto minute = static_cast<int64_t>(packed >> 6 & 63);
  const auto second = static_cast<int64_t>(packed & 63);
  const int64_t total = clock_us(hour, minute, second) + us;
  out = negative ? -total : total;
  return minute < 60 && second < 60 && us < kSecondUs;
}

/// TIME(n), 3 bytes big-endian around 0x800000, and the fraction; negative ones as one number with
/// it.
inline bool read_time2(const uint8_t* from, unsigned fraction, int64_t& out) {
  const unsigned bits = fraction * 8;
  const auto value = static_cast<int64_t>(big_endian(from, 3 + fraction));
  const int64_t shifted = value - (int64_t{0x800000} << bits);
  const bool negative = shifted < 0;
  const auto magnitude = static_cast<uint64_t>(negative ? -shifted : shifted);
  const int64_t us = fraction_us(magnitude & ((uint64_t{1} << bits) - 1), fraction);
  return unpack_time(magnitude >> bits, us, negative, out);
}

/// TIME before 5.6, 3 bytes: a signed decimal hhmmss.
inline bool read_old_time(const uint8_t* from, int64_t& out) {
  auto value = static_cast<int32_t>(from[0] | from[1] * 0x100u | from[2] * 0x10000u);
  if ((value & 0x800000) != 0) value -= 0x1000000;
  const int64_t magnitude = value < 0 ? -value : value;
  const int64_t total = clock_us(magnitude / 10000, magnitude / 100 % 100, magnitude % 100);
  out = value < 0 ? -total : total;
  return magnitude / 100 % 100 < 60 && magnitude % 100 < 60;
}

/// DATETIME before 5.6, 8 bytes: a decimal yyyymmddhhmmss.
inline bool read_old_datetime(const uint8_t* from, Datetime& out) {
  const auto value = load<uint64_t>(from);
  const uint64_t day = value / 1000000;
  const auto time = static_cast<int64_t>(value % 1000000);
  if (day > 99991231) return false;
  const auto month = static_cast<uint32_t>(day / 100 % 100);
  const auto of_month = static_cast<uint32_t>(day % 100);
  out.date = Date::of(static_cast<int32_t>(day / 10000), month, of_month);
  out.time_us = clock_us(time / 10000, time / 100 % 100, time % 100);
  return month <= 12 && of_month <= 31 && time / 10000 < 24 && time / 100 % 100 < 60 &&
         time % 100 < 60;
}

}  // namespace tailwater::mysql
