#include "source/mysql/bound.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/text.h"
#include "model/temporal.h"

namespace tailwater::mysql {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool take_number(std::string_view& text, size_t count, int64_t& value) {
  if (text.size() < count || !is_digits(text.substr(0, count))) return false;
  value = 0;
  for (const char c : text.substr(0, count)) value = value * 10 + (c - '0');
  text.remove_prefix(count);
  return true;
}

bool take_char(std::string_view& text, std::string_view choices) {
  if (text.empty() || choices.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, int64_t& micros) {
  if (!take_char(text, ".")) return true;
  int64_t scale = 100'000;
  micros = 0;
  while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0) {
    micros += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  return true;
}

bool take_zone(std::string_view& text, int64_t& offset_s) {
  if (text.empty() || take_char(text, "Zz")) return true;
  const int64_t sign = text.front() == '-' ? -1 : 1;
  int64_t hours = 0;
  int64_t minutes = 0;
  if (!take_char(text, "+-") || !take_number(text, 2, hours)) return false;
  take_char(text, ":");
  if (!text.empty() && !take_number(text, 2, minutes)) return false;
  offset_s = sign * (hours * 3600 + minutes * 60);
  return true;
}

bool take_date(std::string_view& text, Date& date) {
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  if (!take_number(text, 4, year) || !take_char(text, "-") || !take_number(text, 2, month) ||
      !take_char(text, "-") || !take_number(text, 2, day)) {
    return false;
  }
  date = Date::of(static_cast<int32_t>(year), static_cast<uint32_t>(month),
                  static_cast<uint32_t>(day));
  return month <= 12 && day <= 31 && date.is_valid();
}

bool take_clock(std::string_view& text, int64_t& micros) {
  int64_t hours = 0;
  int64_t minutes = 0;
  int64_t seconds = 0;
  int64_t fraction = 0;
  if (!take_number(text, 2, hours) || !take_char(text, ":") || !take_number(text, 2, minutes)) {
    return false;
  }
  if (take_char(text, ":") && !take_number(text, 2, seconds)) return false;
  if (!take_fraction(text, fraction)) return false;
  micros = ((hours * 60 + minutes) * 60 + seconds) * kSecondUs + fraction;
  return hours < 24 && minutes < 60 && seconds < 60;
}

// "0-1-77" or "uuid:1-5", possibly several with commas.
bool looks_like_gtids(std::string_view text) {
  const std::string_view first = trim(split(text, ',').front());
  const auto parts = split(first, '-');
  if (parts.size() == 3 && std::all_of(parts.begin(), parts.end(), is_digits)) return true;
  constexpr size_t kUuidChars = 36;
  return first.size() > kUuidChars + 1 && first[kUuidChars] == ':' && parts.size() >= 5;
}

}  // namespace

Result<int64_t> parse_timestamp_us(std::string_view text) {
  const std::string_view whole = text;
  Date date;
  int64_t micros = 0;
  int64_t offset_s = 0;
  bool good = take_date(text, date);
  if (good && !text.empty()) {
    good = take_char(text, "Tt ") && take_clock(text, micros) && take_zone(text, offset_s);
  }
  if (!good || !text.empty()) {
    return fail(ErrorKind::kUserFix, fmt::format("'{}' is not a time", whole),
                "write it as 2024-05-06T07:08:09Z");
  }
  return date.days_since_epoch() * 86'400 * kSecondUs + micros - offset_s * kSecondUs;
}

Result<Bound> parse_bound(std::string_view text) {
  text = trim(text);
  Bound bound;
  if (text == "now" || text == "latest") return bound;
  if (text == "earliest") {
    bound.kind = Bound::Kind::kEarliest;
    return bound;
  }
  if (is_position_text(text)) {
    bound.kind = Bound::Kind::kPosition;
    TW_ASSIGN(bound.position, parse_position_text(text));
    return bound;
  }
  // 2024-05-06 could be a GTID of MariaDB too; who means that writes gtid:2024-5-6.
  const bool is_date = parse_timestamp_us(text).has_value();
  if (text.starts_with("gtid:") || (!text.empty() && !is_date && looks_like_gtids(text))) {
    bound.kind = Bound::Kind::kGtids;
    bound.gtids = trim(text.starts_with("gtid:") ? text.substr(5) : text);
    return bound;
  }
  if (text.starts_with("@") && is_digits(text.substr(1)) && text.size() < 13) {
    TW_ASSIGN(const uint64_t seconds, parse_number(text.substr(1)));
    bound.kind = Bound::Kind::kTimestamp;
    bound.timestamp_us = static_cast<int64_t>(seconds) * kSecondUs;
    return bound;
  }
  if (const auto time = parse_timestamp_us(text); time.has_value()) {
    bound.kind = Bound::Kind::kTimestamp;
    bound.timestamp_us = *time;
    return bound;
  }
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && colon > 0 && is_digits(text.substr(colon + 1))) {
    const auto pos = parse_number(text.substr(colon + 1));
    if (pos.has_value()) {
      bound.kind = Bound::Kind::kBinlog;
      bound.binlog = {std::string(text.substr(0, colon)), *pos};
      return bound;
    }
  }
  return fail(ErrorKind::kUserFix, fmt::format("'{}' is not a place in a binlog", text),
              "write now, earliest, FILE:POS (mysql-bin.000003:4711), gtid:SET, or a time "
              "(2024-05-06T07:08:09Z)");
}

}  // namespace tailwater::mysql
