// Temporal values are fields, not instants: zero and invalid dates, years BC and infinities exist
// in real tables and come through as they are.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

namespace tailwater {

/// A calendar date, packed into an int32: year·512 + month·32 + day. Order is calendar order.
struct Date {
  int32_t packed = 0;

  static constexpr int32_t kInfinity = std::numeric_limits<int32_t>::max();
  static constexpr int32_t kMinusInfinity = std::numeric_limits<int32_t>::min();

  static constexpr Date of(int32_t year, uint32_t month, uint32_t day) {
    return {year * 512 + static_cast<int32_t>(month * 32 + day)};
  }
  [[nodiscard]] constexpr int32_t year() const { return packed >> 9; }
  [[nodiscard]] constexpr uint32_t month() const { return static_cast<uint32_t>(packed >> 5) & 15; }
  [[nodiscard]] constexpr uint32_t day() const { return static_cast<uint32_t>(packed) & 31; }
  [[nodiscard]] constexpr bool is_infinite() const {
    return packed == kInfinity || packed == kMinusInfinity;
  }
  /// MySQL's 0000-00-00.
  [[nodiscard]] constexpr bool is_zero() const { return packed == 0; }
  /// Whether the calendar has this day: month 1–12 and a day of that month (proleptic Gregorian).
  [[nodiscard]] bool is_valid() const;
  /// Days since 1970-01-01. Only for a valid date.
  [[nodiscard]] int64_t days_since_epoch() const;

  auto operator<=>(const Date&) const = default;
};

/// The date `days` after 1970-01-01 (proleptic Gregorian).
Date date_of_epoch_days(int64_t days);

/// A date and a time of day, without a zone.
struct Datetime {
  Date date;
  int64_t time_us = 0;  ///< microseconds since midnight, 0 … 86,399,999,999

  auto operator<=>(const Datetime&) const = default;
};

/// Special values of a timestamp (microseconds since 1970 UTC).
inline constexpr int64_t kTimestampInfinity = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kTimestampMinusInfinity = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kTimestampZero =
    kTimestampMinusInfinity + 1;  ///< MySQL's 0000-00-00 00:00:00

/// "2024-05-06"; years of four digits or more, `-` before years BC; zero and invalid dates as they
/// are.
void append_date(std::string& out, Date date);
/// "10:11:12.345" with `digits` fractional digits; a leading `-`, and more than 24 hours, where so.
void append_time(std::string& out, int64_t duration_us, unsigned digits);
/// "2024-05-06 10:11:12.345"; `separator` stands between date and time.
void append_datetime(std::string& out, const Datetime& value, unsigned digits,
                     char separator = ' ');
/// A timestamp in UTC, as append_datetime; the zero timestamp as MySQL prints it.
void append_timestamp(std::string& out, int64_t timestamp_us, unsigned digits,
                      char separator = ' ');
/// The UTC fields of a timestamp that is not special.
Datetime datetime_of_timestamp(int64_t timestamp_us);

}  // namespace tailwater
