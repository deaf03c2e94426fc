#include "format/plain_column.h"

#include <array>

#include "format/plain_text.h"

namespace tailwater::format {
namespace {

bool has_zero_part(Date date) {
  return date.year() == 0 || date.month() == 0 || date.day() == 0;
}

// Dates and times of dumpa: ISO 8601, and null where one has a zero part.
bool put_iso(const ColumnWriter& column, const Datetime& value, std::string_view zone,
             TextBuffer& out) {
  if (has_zero_part(value.date)) {
    out.put("null");
    return true;
  }
  out.put('"');
  put_date(out, value.date);
  out.put('T');
  put_clock(out, value.time_us, column.precision);
  out.put(zone);
  out.put('"');
  return true;
}
bool write_iso_date(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const Date date = row.date(column.index);
  if (!has_zero_part(date)) return write_date_text(column, row, out);
  out.put("null");
  return true;
}
bool write_iso_datetime(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  return put_iso(column, row.datetime(column.index), "", out);
}
bool write_iso_timestamp(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto micros = row.fixed<int64_t>(column.index);
  if (is_special_timestamp(micros)) {
    if (micros != kTimestampZero) return write_timestamp_text(column, row, out);
    out.put("null");
    return true;
  }
  return put_iso(column, datetime_of_timestamp(micros), "Z", out);
}

// What java.util.Date prints of a valid day, in UTC: "Mon May 06 10:11:12 UTC 2024".
bool write_java_date(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  constexpr std::array<std::string_view, 7> kDays = {"Thu", "Fri", "Sat", "Sun",
                                                     "Mon", "Tue", "Wed"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr int64_t kWeek = 7;
  const Datetime value = row.datetime(column.index);
  if (!value.date.is_valid() || value.date.year() == 0)
    return write_datetime_text(column, row, out);
  const int64_t day = value.date.days_since_epoch() % kWeek;
  out.put('"');
  out.put(kDays[static_cast<size_t>(day < 0 ? day + kWeek : day)]);
  out.put(' ');
  out.put(kMonths[value.date.month() - 1]);
  out.put(' ');
  out.padded(value.date.day(), 2);
  out.put(' ');
  put_clock(out, value.time_us, 0);
  out.put(" UTC ");
  out.padded(static_cast<uint64_t>(value.date.year()), 4);
  out.put('"');
  return true;
}

// What java.sql.Timestamp prints, in UTC: at least one fractional digit, no zeros behind.
bool write_java_timestamp(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  constexpr unsigned kMicroDigits = 6;
  const auto micros = row.fixed<int64_t>(column.index);
  if (is_special_timestamp(micros)) return write_timestamp_text(column, row, out);
  const Datetime value = datetime_of_timestamp(micros);
  out.put('"');
  put_date(out, value.date);
  out.put(' ');
  put_clock(out, value.time_us, kMicroDigits);
  size_t zeros = 0;
  while (zeros < kMicroDigits - 1 && out.view()[out.size() - 1 - zeros] == '0') ++zeros;
  out.truncate(out.size() - zeros);
  out.put('"');
  return true;
}

// The bits, the lowest first.
bool write_bit_text(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto bits = row.fixed<uint64_t>(column.index);
  out.put('"');
  for (uint64_t i = 0; i < column.length; ++i) out.put((bits >> i & 1) != 0 ? '1' : '0');
  out.put('"');
  return true;
}

ColumnWriter make_plain(const Column& column, size_t index) {
  ColumnWriter made;
  made.index = index;
  made.column = &column;
  made.member = Fragment(json_member(column.name));
  made.scale = column.type.scale;
  made.precision = column.type.kind == TypeKind::kDate ? uint16_t{0} : column.type.precision;
  made.length = column.type.length;
  made.write = number_writer(column.type);
  if (made.write == nullptr) made.write = text_writer(column.type.kind);
  return made;
}

// Kinds that plainview prints as text where others print a number.
WriteValue legacy_writer(const Type& type) {
  switch (type.kind) {
    case TypeKind::kInt8:
      return write_quoted<write_integer<int8_t>>;
    case TypeKind::kInt16:
      return write_quoted<write_integer<int16_t>>;
    case TypeKind::kInt64:
      return write_quoted<write_integer<int64_t>>;
    case TypeKind::kUint8:
      return write_quoted<write_integer<uint8_t>>;
    case TypeKind::kUint16:
      return write_quoted<write_integer<uint16_t>>;
    case TypeKind::kUint64:
    case TypeKind::kSet:
      return write_quoted<write_integer<uint64_t>>;
    case TypeKind::kYear:
      return write_year_text;
    case TypeKind::kEnum:
      return write_integer<uint16_t>;
    case TypeKind::kBit:
      return type.length > 64 ? nullptr : write_bit_text;
    case TypeKind::kDatetime:
      return type.precision == 0 ? write_java_date : nullptr;
    case TypeKind::kTimestamp:
      return write_java_timestamp;
    default:
      return nullptr;
  }
}

}  // namespace

ColumnWriter make_dumpa_column(const Column& column, size_t index) {
  ColumnWriter made = make_plain(column, index);
  switch (column.type.kind) {
    case TypeKind::kBytes:
    case TypeKind::kGeometry:
      made.write = write_base64;
      break;
    case TypeKind::kDate:
      made.write = write_iso_date;
      break;
    case TypeKind::kDatetime:
      made.write = write_iso_datetime;
      break;
    case TypeKind::kTimestamp:
      made.write = write_iso_timestamp;
      break;
    default:
      break;
  }
  return made;
}

ColumnWriter make_named_column(const Column& column, size_t index) {
  ColumnWriter made = make_plain(column, index);
  if (column.type.kind == TypeKind::kYear) made.write = write_year_text;
  if (source_type_is(column, "binary")) made.write = write_trimmed_text;
  return made;
}

ColumnWriter make_legacy_column(const Column& column, size_t index) {
  ColumnWriter made = make_plain(column, index);
  if (WriteValue write = legacy_writer(column.type); write != nullptr) made.write = write;
  if (source_type_is(column, "binary")) made.write = write_trimmed_text;
  return made;
}

}  // namespace tailwater::format
