// How one column of one table is written in one format. Worked out once for each schema; then a row
// costs one indirect call for each column.
#pragma once

#include <string>

#include "format/text_buffer.h"
#include "model/row.h"
#include "model/schema.h"

namespace tailwater::format {

struct ColumnWriter;

/// Writes the value of `column` of `row`, which is present, as JSON. False when the chosen options
/// have no way to show it; what was written then is thrown away.
using WriteValue = bool (*)(const ColumnWriter& column, const RowView& row, TextBuffer& out);

struct ColumnWriter {
  WriteValue write = nullptr;
  size_t index = 0;  ///< of the column in the row
  const Column* column = nullptr;
  Fragment member;  ///< `"name":`
  std::string fallback =
      "null";              ///< JSON for a value that the format cannot hold, such as a zero date
  uint16_t precision = 0;  ///< fractional digits; bytes: the length to pad to is `length`
  uint16_t scale = 0;
  uint64_t length = 0;
  bool adjust_years = false;
  std::vector<std::string> labels = {};  ///< enum, set: as the inside of JSON strings
};

/// `"name":`.
std::string json_member(std::string_view name);

/// Whether the column's type in the source's own words starts with `word`, as in "float(7,4)
/// unsigned".
bool source_type_is(const Column& column, std::string_view word);

/// `text` as a JSON string with its quotes.
std::string quoted(std::string_view text);

/// Values that several formats write alike.
template <typename T>
bool write_integer(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.number(row.fixed<T>(column.index));
  return true;
}
bool write_float(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_small_decimal_text(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_double(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_text(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_uuid(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_vector(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_bool(const ColumnWriter& column, const RowView& row, TextBuffer& out);
/// Decimals as JSON numbers; the small one for is_small_decimal.
bool write_decimal(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_small_decimal(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_base64(const ColumnWriter& column, const RowView& row, TextBuffer& out);
/// "-838:59:59.5" with the column's fractional digits.
bool write_time(const ColumnWriter& column, const RowView& row, TextBuffer& out);
/// Well-known text; what is none as kNotUtf8Marker and base64.
bool write_wkt(const ColumnWriter& column, const RowView& row, TextBuffer& out);

/// How numbers are written as JSON numbers; null for kinds that are none.
WriteValue number_writer(const Type& type);

/// Whether two rows hold the same in a column: both NULL, both unavailable, or equal values.
bool same_value(const RowView& a, const RowView& b, const Column& type, size_t column);

/// "2024-05-06", and a clock that may be negative and above 24 hours, with `digits` fractional
/// digits.
void put_date(TextBuffer& out, Date date);
void put_clock(TextBuffer& out, int64_t duration_us, unsigned digits);

}  // namespace tailwater::format
