#include "source/mysql/snapshot/result_row.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/cursor.h"
#include "db/mysql/quote.h"
#include "model/decimal.h"
#include "source/mysql/binlog/length_encoded.h"

namespace tailwater::mysql {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kMinuteUs = 60 * kSecondUs;
constexpr int64_t kHourUs = 60 * kMinuteUs;
constexpr int64_t kDayUs = 24 * kHourUs;

// enum_field_types, as far as results have them.
enum WireType : uint8_t {
  kWireTiny = 1,
  kWireShort = 2,
  kWireLong = 3,
  kWireFloat = 4,
  kWireDouble = 5,
  kWireTimestamp = 7,
  kWireLonglong = 8,
  kWireInt24 = 9,
  kWireDate = 10,
  kWireTime = 11,
  kWireDatetime = 12,
  kWireYear = 13,
};

// Bytes of a value of fixed size; 0 for those that say their own.
unsigned fixed_bytes(uint8_t type) {
  switch (type) {
    case kWireTiny:
      return 1;
    case kWireShort:
    case kWireYear:
      return 2;
    case kWireLong:
    case kWireInt24:
    case kWireFloat:
      return 4;
    case kWireDouble:
    case kWireLonglong:
      return 8;
    default:
      return 0;
  }
}

bool is_temporal(uint8_t type) {
  return type == kWireDate || type == kWireTime || type == kWireDatetime || type == kWireTimestamp;
}

bool is_label(TypeKind kind) {
  return kind == TypeKind::kEnum || kind == TypeKind::kSet;
}

Bytes sized_value(Cursor& cursor) {
  return as_bytes(length_encoded_text(cursor));
}

// A date and time: so many of the fields as the length says, the others are zero.
bool read_datetime(Cursor& cursor, Datetime& out) {
  Cursor value(cursor.take(cursor.u8()));
  const size_t size = value.remaining();
  if (!cursor.ok() || (size != 0 && size != 4 && size != 7 && size != 11)) return false;
  if (size == 0) {
    out = {};
    return true;
  }
  const auto year = value.le<uint16_t>();
  const uint32_t month = value.u8();
  const uint32_t day = value.u8();
  if (year > 9999 || month > 12 || day > 31) return false;
  out.date = Date::of(year, month, day);
  out.time_us = 0;
  if (size < 7) return true;
  const int64_t hour = value.u8();
  const int64_t minute = value.u8();
  const int64_t second = value.u8();
  const int64_t fraction_us = size == 11 ? value.le<uint32_t>() : 0;
  out.time_us = hour * kHourUs + minute * kMinuteUs + second * kSecondUs + fraction_us;
  return hour < 24 && minute < 60 && second < 60 && fraction_us < kSecondUs;
}

bool read_time(Cursor& cursor, int64_t& out) {
  Cursor value(cursor.take(cursor.u8()));
  const size_t size = value.remaining();
  if (!cursor.ok() || (size != 0 && size != 8 && size != 12)) return false;
  out = 0;
  if (size == 0) return true;
  const bool negative = value.u8() != 0;
  out = value.le<uint32_t>() * kDayUs;
  out += value.u8() * kHourUs;
  out += value.u8() * kMinuteUs;
  out += value.u8() * kSecondUs;
  if (size == 12) out += value.le<uint32_t>();
  if (negative) out = -out;
  return true;
}

// "-12.50" as -1250. The servers print exactly `scale` digits after the point; ZEROFILL adds zeros
// before.
bool read_decimal(Bytes text, unsigned scale, int64_t& out) {
  const bool negative = !text.empty() && text[0] == '-';
  uint64_t value = 0;
  unsigned digits = 0;
  unsigned after_point = 0;
  bool point = false;
  for (const uint8_t c : text.subspan(negative ? 1 : 0)) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
    if (value != 0) ++digits;
    after_point += point ? 1 : 0;
  }
  if (digits > kSmallDecimalDigits || after_point != scale) return false;
  out = negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
  return true;
}

// Zeros before the number, which ZEROFILL makes the server print, are not of the value.
Bytes without_fill(Bytes text) {
  while (text.size() > 1 && text[0] == '0' && text[1] != '.') text = text.subspan(1);
  return text;
}

bool read_uuid(Bytes text, std::array<uint8_t, 16>& out) {
  size_t digits = 0;
  for (const uint8_t c : text) {
    if (c == '-') continue;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0 || digits == 32) return false;
    uint8_t& byte = out[digits / 2];
    byte = static_cast<uint8_t>(digits % 2 == 0 ? digit << 4 : byte | digit);
    ++digits;
  }
  return digits == 32;
}

std::string hex_literal(std::string_view introducer, Bytes value) {
  std::string text(introducer);
  text += "x'";
  for (const uint8_t byte : value) text += fmt::format("{:02x}", byte);
  return text + "'";
}

}  // namespace

std::string select_expression(const Column& column) {
  const std::string name = quote_name(column.name);
  return is_label(column.type.kind) ? fmt::format("CAST({} AS UNSIGNED)", name) : name;
}

bool can_bound(const Column& column) {
  switch (column.type.kind) {
    case TypeKind::kEnum:  // in order of number, but compared as text
    case TypeKind::kSet:
    case TypeKind::kJson:
    case TypeKind::kGeometry:
    case TypeKind::kVector:
      return false;
    case TypeKind::kString:
    case TypeKind::kBytes:
      return column.type.length != 0;  // of a text or blob only a start is in the key
    default:
      return true;
  }
}

ResultRow::ResultRow(const TableSchema& table, const std::vector<uint32_t>& kept)
    : table_(std::make_shared<const TableSchema>(table)) {
  std::vector<Column> columns;
  columns.reserve(kept.size());
  for (const uint32_t column : kept) columns.push_back(table_->columns[column]);
  layout_ = std::make_shared<const RowLayout>(columns);
}

// What is done with a column that comes as a wire type; nothing when the two do not fit.
std::optional<ResultRow::Field> ResultRow::field_of(const Column& column, uint8_t wire_type) {
  const Type& type = column.type;
  Field field;
  field.sent = static_cast<uint8_t>(fixed_bytes(wire_type));
  field.kept = static_cast<uint8_t>(slot_bytes(type));
  const auto temporal = [&](Step step) {
    field.step = step;
    return is_temporal(wire_type) ? std::optional<Field>(field) : std::nullopt;
  };
  const auto sized = [&](Step step) {
    field.step = step;
    const bool says_its_size = field.sent == 0 && !is_temporal(wire_type);
    return says_its_size ? std::optional<Field>(field) : std::nullopt;
  };
  switch (type.kind) {
    case TypeKind::kDate:
      return temporal(Step::kDate);
    case TypeKind::kDatetime:
      return temporal(Step::kDatetime);
    case TypeKind::kTimestamp:
      return temporal(Step::kTimestamp);
    case TypeKind::kTime:
      return temporal(Step::kTime);
    case TypeKind::kUuid:
      return sized(Step::kUuid);
    case TypeKind::kBit:
      return sized(Step::kBit);
    case TypeKind::kDecimal:
      field.scale = static_cast<uint8_t>(type.scale);
      field.decimal = true;
      return sized(is_small_decimal(type) ? Step::kSmallDecimal : Step::kBytes);
    case TypeKind::kString:
      field.charset = charset_named(column.charset);
      return sized(field.charset == nullptr || field.charset->is_copied() ? Step::kBytes
                                                                          : Step::kText);
    default:
      break;
  }
  if (is_variable(type)) return sized(Step::kBytes);
  if (is_label(type.kind)) {
    field.step = Step::kLabels;
    return field.sent >= std::min<uint8_t>(field.kept, 4) ? std::optional<Field>(field)
                                                          : std::nullopt;
  }
  if (field.sent != field.kept) return std::nullopt;
  field.step = field.kept == 1   ? Step::kCopy1
               : field.kept == 2 ? Step::kCopy2
               : field.kept == 4 ? Step::kCopy4
                                 : Step::kCopy8;
  return field;
}

Result<ResultRow> ResultRow::make(const TableSchema& table, const std::vector<uint32_t>& kept,
                                  const std::vector<ResultColumn>& columns) {
  if (columns.size() != table.columns.size()) {
    return fail(ErrorKind::kBug, "a result of other columns than were asked for");
  }
  ResultRow made(table, kept);
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto field = field_of(table.columns[i], columns[i].type);
    if (!field) {
      return fail(
          ErrorKind::kUnsupported,
          fmt::format("{}: the server sends column '{}' ({}) as type {}", table.full_name(),
                      table.columns[i].name, table.columns[i].source_type, columns[i].type));
    }
    made.fields_.push_back(*field);
    made.fields_.back().dropped =
        !std::binary_search(kept.begin(), kept.end(), static_cast<uint32_t>(i));
  }
  return made;
}

Status ResultRow::append(Bytes bytes, ByteBuffer& out) const {
  const size_t start = out.size();
  const size_t null_bytes = (fields_.size() + 7 + 2) / 8;
  Cursor cursor(bytes);
  const Bytes nulls = cursor.take(null_bytes);
  size_t column = 0;
  if (cursor.ok()) {
    RowWriter row(*layout_, out);
    size_t to = 0;
    for (; column < fields_.size(); ++column) {
      const Field& field = fields_[column];
      const size_t bit = column + 2;
      const bool null = (nulls[bit / 8] >> (bit % 8) & 1) != 0;
      if (field.dropped) {
        if (!null && !skip(field, cursor)) break;
        continue;
      }
      if (null) {
        row.set_null(to);
      } else if (!put(field, to, cursor, row)) {
        break;
      }
      ++to;
    }
  }
  if (column == fields_.size() && cursor.ok() && cursor.at_end()) [[likely]]
    return {};
  out.truncate(start);
  const size_t bad = std::min(column, fields_.size() - 1);
  return fail(ErrorKind::kCorrupt,
              fmt::format("a row that the server sent does not fit at column '{}' ({})",
                          table_->columns[bad].name, table_->columns[bad].source_type));
}

bool ResultRow::put(const Field& field, size_t to, Cursor& cursor, RowWriter& row) const {
  Datetime datetime;
  int64_t time_us = 0;
  switch (field.step) {
    case Step::kCopy1:
      row.set_fixed(to, cursor.u8());
      return cursor.ok();
    case Step::kCopy2:
      row.set_fixed(to, cursor.le<uint16_t>());
      return cursor.ok();
    case Step::kCopy4:
      row.set_fixed(to, cursor.le<uint32_t>());
      return cursor.ok();
    case Step::kCopy8:
      row.set_fixed(to, cursor.le<uint64_t>());
      return cursor.ok();
    case Step::kLabels: {
      const uint64_t value = cursor.le_uint(field.sent);
      if (field.kept == sizeof(uint16_t)) {
        row.set_fixed(to, static_cast<uint16_t>(value));
      } else {
        row.set_fixed(to, value);
      }
      return cursor.ok();
    }
    case Step::kDate:
      if (!read_datetime(cursor, datetime)) return false;
      row.set_fixed(to, datetime.date.packed);
      return true;
    case Step::kDatetime:
      if (!read_datetime(cursor, datetime)) return false;
      row.set_datetime(to, datetime);
      return true;
    case Step::kTimestamp:
      if (!read_datetime(cursor, datetime)) return false;
      row.set_fixed(to, datetime.date.is_zero()
                            ? kTimestampZero
                            : datetime.date.days_since_epoch() * kDayUs + datetime.time_us);
      return datetime.date.is_zero() || datetime.date.is_valid();
    case Step::kTime:
      if (!read_time(cursor, time_us)) return false;
      row.set_fixed(to, time_us);
      return true;
    default:
      return put_sized(field, to, cursor, row);
  }
}

bool ResultRow::put_sized(const Field& field, size_t to, Cursor& cursor, RowWriter& row) const {
  const Bytes value = sized_value(cursor);
  if (!cursor.ok()) return false;
  switch (field.step) {
    case Step::kSmallDecimal: {
      int64_t unscaled = 0;
      if (!read_decimal(value, field.scale, unscaled)) return false;
      row.set_fixed(to, unscaled);
      return true;
    }
    case Step::kBit: {
      uint64_t bits = 0;
      for (const uint8_t byte : value) bits = bits << 8 | byte;
      row.set_fixed(to, bits);
      return value.size() <= 8;
    }
    case Step::kUuid: {
      std::array<uint8_t, 16> uuid{};
      if (!read_uuid(value, uuid)) return false;
      row.set_wide(to, uuid);
      return true;
    }
    case Step::kText:
      // What is no text in its character set is kept as it is, as the stream does.
      if (!field.charset->append_utf8(value, row.buffer())) row.buffer().append(value);
      row.end_variable(to);
      return true;
    default:
      row.set_variable(to, field.decimal ? without_fill(value) : value);
      return true;
  }
}

bool ResultRow::skip(const Field& field, Cursor& cursor) {
  switch (field.step) {
    case Step::kCopy1:
      cursor.skip(1);
      break;
    case Step::kCopy2:
      cursor.skip(2);
      break;
    case Step::kCopy4:
      cursor.skip(4);
      break;
    case Step::kCopy8:
      cursor.skip(8);
      break;
    case Step::kLabels:
      cursor.skip(field.sent);
      break;
    case Step::kDate:
    case Step::kDatetime:
    case Step::kTimestamp:
    case Step::kTime:
      cursor.skip(cursor.u8());
      break;
    default:
      (void)sized_value(cursor);
  }
  return cursor.ok();
}

Result<KeyBound> ResultRow::literals(Bytes bytes, const std::vector<uint32_t>& columns) const {
  Cursor cursor(bytes);
  const Bytes nulls = cursor.take((fields_.size() + 7 + 2) / 8);
  std::vector<Bytes> values(fields_.size());
  for (size_t i = 0; i < fields_.size() && cursor.ok(); ++i) {
    if ((nulls[(i + 2) / 8] >> ((i + 2) % 8) & 1) != 0) continue;
    const uint8_t* const start = cursor.position();
    if (!skip(fields_[i], cursor)) break;
    values[i] = Bytes(start, static_cast<size_t>(cursor.position() - start));
  }
  if (!cursor.ok()) return fail(ErrorKind::kCorrupt, "a row that the server sent is cut off");
  KeyBound bound;
  for (const uint32_t column : columns) {
    if (column >= values.size() || values[column].empty()) {
      return fail(ErrorKind::kCorrupt,
                  fmt::format("{}: a key column is NULL", table_->full_name()));
    }
    bound.push_back(literal(column, values[column]));
  }
  return bound;
}

std::string ResultRow::literal(size_t column, Bytes value) const {
  const Column& of = table_->columns[column];
  Cursor cursor(value);
  Datetime datetime;
  int64_t time_us = 0;
  std::string text;
  switch (of.type.kind) {
    case TypeKind::kInt8:
      return std::to_string(load<int8_t>(value.data()));
    case TypeKind::kInt16:
      return std::to_string(load<int16_t>(value.data()));
    case TypeKind::kInt32:
      return std::to_string(load<int32_t>(value.data()));
    case TypeKind::kInt64:
      return std::to_string(load<int64_t>(value.data()));
    case TypeKind::kUint8:
      return std::to_string(value[0]);
    case TypeKind::kUint16:
    case TypeKind::kYear:
      return std::to_string(load<uint16_t>(value.data()));
    case TypeKind::kUint32:
      return std::to_string(load<uint32_t>(value.data()));
    case TypeKind::kUint64:
      return std::to_string(load<uint64_t>(value.data()));
    case TypeKind::kFloat32:
      return fmt::format("{:.17e}", static_cast<double>(load<float>(value.data())));
    case TypeKind::kFloat64:
      return fmt::format("{:.17e}", load<double>(value.data()));
    case TypeKind::kDate:
    case TypeKind::kDatetime:
    case TypeKind::kTimestamp:
      (void)read_datetime(cursor, datetime);
      if (of.type.kind == TypeKind::kDate) {
        append_date(text, datetime.date);
      } else {
        append_datetime(text, datetime, 6);
      }
      return "'" + text + "'";
    case TypeKind::kTime:
      (void)read_time(cursor, time_us);
      append_time(text, time_us, 6);
      return "'" + text + "'";
    case TypeKind::kDecimal:
      return std::string(as_text(sized_value(cursor)));
    case TypeKind::kUuid:
    case TypeKind::kInet:
      return "'" + std::string(as_text(sized_value(cursor))) + "'";
    case TypeKind::kBit: {
      uint64_t bits = 0;
      for (const uint8_t byte : sized_value(cursor)) bits = bits << 8 | byte;
      return std::to_string(bits);
    }
    case TypeKind::kString:
      return hex_literal("_" + (of.charset.empty() ? "utf8mb4" : of.charset) + " ",
                         sized_value(cursor));
    default:
      return hex_literal("_binary ", sized_value(cursor));
  }
}

}  // namespace tailwater::mysql
