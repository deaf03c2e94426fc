#include "model/temporal.h"

#include <array>
#include <cstdlib>

#include "base/text.h"

namespace tailwater {
namespace {

constexpr int64_t kDayUs = 86400000000;

void append_two(std::string& out, uint64_t value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

void append_fraction(std::string& out, uint64_t micros, unsigned digits) {
  if (digits == 0) return;
  std::array<char, 6> text;
  for (size_t i = text.size(); i-- > 0; micros /= 10)
    text[i] = static_cast<char>('0' + micros % 10);
  out += '.';
  out.append(text.data(), digits < text.size() ? digits : text.size());
}

void append_clock(std::string& out, uint64_t micros, unsigned digits) {
  const uint64_t seconds = micros / 1000000;
  const uint64_t hours = seconds / 3600;
  if (hours < 100) {
    append_two(out, hours);
  } else {
    append_number(out, hours);
  }
  out += ':';
  append_two(out, seconds / 60 % 60);
  out += ':';
  append_two(out, seconds % 60);
  append_fraction(out, micros % 1000000, digits);
}

constexpr uint32_t days_in_month(int32_t year, uint32_t month) {
  constexpr std::array<uint32_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

}  // namespace

bool Date::is_valid() const {
  if (is_infinite()) return false;
  return month() >= 1 && month() <= 12 && day() >= 1 && day() <= days_in_month(year(), month());
}

// Both directions follow the era arithmetic of the proleptic Gregorian calendar (400-year cycles),
// which, unlike std::chrono::year, has no limit of 32,767 years.
int64_t Date::days_since_epoch() const {
  const int64_t y = int64_t{year()} - (month() <= 2 ? 1 : 0);
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t shifted_month = (int64_t{month()} + 9) % 12;
  const int64_t day_of_year = (153 * shifted_month + 2) / 5 + day() - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

Date date_of_epoch_days(int64_t days) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<uint32_t>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const auto month =
      static_cast<uint32_t>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return Date::of(static_cast<int32_t>(year_of_era + era * 400 + (month <= 2 ? 1 : 0)), month, day);
}

Datetime datetime_of_timestamp(int64_t timestamp_us) {
  int64_t days = timestamp_us / kDayUs;
  int64_t rest = timestamp_us % kDayUs;
  if (rest < 0) {
    rest += kDayUs;
    --days;
  }
  return {date_of_epoch_days(days), rest};
}

void append_date(std::string& out, Date date) {
  if (date.is_infinite()) {
    out += date.packed > 0 ? "infinity" : "-infinity";
    return;
  }
  if (date.year() < 0) out += '-';
  const auto year = static_cast<uint64_t>(std::abs(int64_t{date.year()}));
  if (year >= 10000) {
    append_number(out, year);
  } else {
    append_two(out, year / 100);
    append_two(out, year % 100);
  }
  out += '-';
  append_two(out, date.month());
  out += '-';
  append_two(out, date.day());
}

void append_time(std::string& out, int64_t duration_us, unsigned digits) {
  if (duration_us < 0) out += '-';
  append_clock(out, static_cast<uint64_t>(std::abs(duration_us)), digits);
}

void append_datetime(std::string& out, const Datetime& value, unsigned digits, char separator) {
  append_date(out, value.date);
  if (value.date.is_infinite()) return;
  out += separator;
  append_clock(out, static_cast<uint64_t>(value.time_us), digits);
}

void append_timestamp(std::string& out, int64_t timestamp_us, unsigned digits, char separator) {
  if (timestamp_us == kTimestampInfinity || timestamp_us == kTimestampMinusInfinity) {
    out += timestamp_us > 0 ? "infinity" : "-infinity";
    return;
  }
  const Datetime fields =
      timestamp_us == kTimestampZero ? Datetime{} : datetime_of_timestamp(timestamp_us);
  append_datetime(out, fields, digits, separator);
}

}  // namespace tailwater
