#include "format/column_writer.h"

#include <array>
#include <cstdlib>

#include "base/text.h"
#include "format/decimal_text.h"
#include "format/wkt.h"
#include "model/decimal.h"

namespace tailwater::format {

std::string json_member(std::string_view name) {
  TextBuffer text;
  text.json_string(name);
  text.put(':');
  return std::string(text.view());
}

bool source_type_is(const Column& column, std::string_view word) {
  const std::string type = to_lower(column.source_type);
  if (!type.starts_with(word)) return false;
  return type.size() == word.size() || type[word.size()] == '(' || type[word.size()] == ' ';
}

bool write_float(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.java_float(row.fixed<float>(column.index));
  return true;
}

bool write_double(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.java_double(row.fixed<double>(column.index));
  return true;
}

bool write_text(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.json_string(row.text(column.index));
  return true;
}

bool write_small_decimal_text(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  SmallDecimalText text;
  out.put('"');
  out.put(small_decimal_text(row.fixed<int64_t>(column.index), column.scale, text));
  out.put('"');
  return true;
}

bool write_uuid(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const Bytes bytes = row.wide(column.index);
  out.put('"');
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.put('-');
    out.hex(bytes.subspan(i, 1));
  }
  out.put('"');
  return true;
}

bool write_vector(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const Bytes bytes = row.variable(column.index);
  out.put('[');
  for (size_t i = 0; i + sizeof(float) <= bytes.size(); i += sizeof(float)) {
    if (i != 0) out.put(',');
    out.java_float(load<float>(bytes.data() + i));
  }
  out.put(']');
  return true;
}

bool write_bool(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.put(row.fixed<uint8_t>(column.index) != 0 ? "true" : "false");
  return true;
}

bool write_decimal(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  put_big_decimal(out, row.text(column.index));
  return true;
}

bool write_small_decimal(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  SmallDecimalText text;
  put_big_decimal(out, small_decimal_text(row.fixed<int64_t>(column.index), column.scale, text));
  return true;
}

bool write_base64(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.put('"');
  out.base64(row.variable(column.index));
  out.put('"');
  return true;
}

bool write_time(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.put('"');
  put_clock(out, row.fixed<int64_t>(column.index), column.precision);
  out.put('"');
  return true;
}

bool write_wkt(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const Bytes bytes = row.variable(column.index);
  out.put('"');
  if (bytes.size() < sizeof(uint32_t) || !put_wkt(out, bytes.subspan(sizeof(uint32_t)))) {
    out.put(kNotUtf8Marker);
    out.base64(bytes);
  }
  out.put('"');
  return true;
}

std::string quoted(std::string_view text) {
  TextBuffer out;
  out.json_string(text);
  return std::string(out.view());
}

WriteValue number_writer(const Type& type) {
  switch (type.kind) {
    case TypeKind::kBool:
      return write_bool;
    case TypeKind::kInt8:
      return write_integer<int8_t>;
    case TypeKind::kInt16:
      return write_integer<int16_t>;
    case TypeKind::kInt32:
      return write_integer<int32_t>;
    case TypeKind::kInt64:
      return write_integer<int64_t>;
    case TypeKind::kUint8:
      return write_integer<uint8_t>;
    case TypeKind::kUint16:
    case TypeKind::kYear:
      return write_integer<uint16_t>;
    case TypeKind::kUint32:
      return write_integer<uint32_t>;
    case TypeKind::kUint64:
      return write_integer<uint64_t>;
    case TypeKind::kFloat32:
      return write_float;
    case TypeKind::kFloat64:
      return write_double;
    case TypeKind::kDecimal:
      return is_small_decimal(type) ? write_small_decimal : write_decimal;
    case TypeKind::kBit:
      return type.length > 64 ? write_base64 : write_integer<uint64_t>;
    default:
      return nullptr;
  }
}

namespace {

// The bytes of a value: its slot, or what its slot points to.
Bytes value_bytes(const RowView& row, const Column& column, size_t index,
                  std::array<uint8_t, 16>& copy) {
  if (is_variable(column.type)) return row.variable(index);
  const uint32_t size = slot_bytes(column.type);
  switch (size) {
    case 1:
      store(copy.data(), row.fixed<uint8_t>(index));
      break;
    case 2:
      store(copy.data(), row.fixed<uint16_t>(index));
      break;
    case 4:
      store(copy.data(), row.fixed<uint32_t>(index));
      break;
    case 8:
      store(copy.data(), row.fixed<uint64_t>(index));
      break;
    case 12: {
      const Datetime value = row.datetime(index);
      store(copy.data(), value.date.packed);
      store(copy.data() + 4, value.time_us);
      break;
    }
    default:
      return row.wide(index);
  }
  return {copy.data(), size};
}

}  // namespace

bool same_value(const RowView& a, const RowView& b, const Column& type, size_t column) {
  if (a.presence(column) != b.presence(column)) return false;
  if (a.presence(column) != Presence::kPresent) return true;
  std::array<uint8_t, 16> copy_a;
  std::array<uint8_t, 16> copy_b;
  return as_text(value_bytes(a, type, column, copy_a)) ==
         as_text(value_bytes(b, type, column, copy_b));
}

void put_date(TextBuffer& out, Date date) {
  if (date.is_infinite()) return out.put(date.packed > 0 ? "infinity" : "-infinity");
  if (date.year() < 0) out.put('-');
  const auto year = static_cast<uint64_t>(std::abs(int64_t{date.year()}));
  if (year < 10000) {
    out.padded(year, 4);
  } else {
    out.number(year);
  }
  out.put('-');
  out.padded(date.month(), 2);
  out.put('-');
  out.padded(date.day(), 2);
}

void put_clock(TextBuffer& out, int64_t duration_us, unsigned digits) {
  constexpr uint64_t kSecondUs = 1000000;
  constexpr unsigned kMicroDigits = 6;
  if (duration_us < 0) out.put('-');
  const auto micros = static_cast<uint64_t>(std::abs(duration_us));
  const uint64_t seconds = micros / kSecondUs;
  const uint64_t hours = seconds / 3600;
  out.padded(hours, hours < 100 ? 2 : 3);
  out.put(':');
  out.padded(seconds / 60 % 60, 2);
  out.put(':');
  out.padded(seconds % 60, 2);
  if (digits == 0) return;
  uint64_t fraction = micros % kSecondUs;
  for (unsigned i = digits; i < kMicroDigits; ++i) fraction /= 10;
  out.put('.');
  out.padded(fraction, digits < kMicroDigits ? digits : kMicroDigits);
}

}  // namespace tailwater::format
