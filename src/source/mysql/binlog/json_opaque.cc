#include "source/mysql/binlog/json_opaque.h"

#include <string>

#include "base/text.h"
#include "source/mysql/binlog/decimal.h"
#include "source/mysql/binlog/json_text.h"
#include "source/mysql/binlog/temporal_wire.h"

namespace tailwater::mysql {
namespace {

constexpr unsigned kFractionBits = 24;
constexpr uint64_t kFractionMask = (uint64_t{1} << kFractionBits) - 1;
constexpr unsigned kDigits = 6;
constexpr size_t kBase64LineBytes = 57;  // 76 characters, as the server's base64_encode

bool write_decimal_value(Bytes value, RowOutput& out) {
  if (value.size() < 2) return false;
  const unsigned precision = value[0];
  const unsigned scale = value[1];
  if (precision == 0 || precision > kDecimalDigitsMax || scale > precision) return false;
  if (value.size() - 2 < decimal_bytes(precision, scale)) return false;
  out.ensure(kDecimalTextMax);
  uint8_t* const end = write_decimal(value.data() + 2, precision, scale, out.at);
  if (end == nullptr) return false;
  out.at = end;
  return true;
}

void put_quoted(std::string_view text, RowOutput& out) {
  out.ensure(text.size() + 2);
  out.put('"');
  out.put(text);
  out.put('"');
}

// A signed number of 64 bits: the packed value and 24 bits of microseconds.
bool write_temporal(ColumnType type, Bytes value, RowOutput& out) {
  if (value.size() != sizeof(int64_t)) return false;
  const auto packed = load<int64_t>(value.data());
  const bool negative = packed < 0;
  const uint64_t magnitude =
      negative ? 0 - static_cast<uint64_t>(packed) : static_cast<uint64_t>(packed);
  const auto us = static_cast<int64_t>(magnitude & kFractionMask);
  if (us >= kSecondUs) return false;
  std::string text;
  if (type == ColumnType::kTime) {
    int64_t duration_us = 0;
    if (!unpack_time(magnitude >> kFractionBits, us, negative, duration_us)) return false;
    append_time(text, duration_us, kDigits);
  } else {
    Datetime datetime;
    if (negative || !unpack_datetime(magnitude >> kFractionBits, datetime)) return false;
    datetime.time_us += us;
    if (type == ColumnType::kDate) {
      append_date(text, datetime.date);
    } else {
      append_datetime(text, datetime, kDigits);
    }
  }
  put_quoted(text, out);
  return true;
}

void write_base64(ColumnType type, Bytes value, RowOutput& out) {
  std::string text = "base64:type" + std::to_string(static_cast<unsigned>(type)) + ":";
  while (value.size() > kBase64LineBytes) {
    append_base64(text, value.first(kBase64LineBytes));
    text += "\\n";  // the server breaks the line, and JSON escapes the break
    value = value.subspan(kBase64LineBytes);
  }
  append_base64(text, value);
  put_quoted(text, out);
}

}  // namespace

bool write_json_opaque(ColumnType type, Bytes value, RowOutput& out) {
  switch (type) {
    case ColumnType::kNewdecimal:
      return write_decimal_value(value, out);
    case ColumnType::kDate:
    case ColumnType::kTime:
    case ColumnType::kDatetime:
    case ColumnType::kTimestamp:
      return write_temporal(type, value, out);
    default:
      write_base64(type, value, out);
      return true;
  }
}

}  // namespace tailwater::mysql
