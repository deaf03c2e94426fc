// Values as JSON strings: the text that people know them by.
#pragma once

#include "format/column_writer.h"
#include "model/temporal.h"

namespace tailwater::format {

/// What `write` writes, within quotes: for numbers.
template <WriteValue write>
bool write_quoted(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.put('"');
  const bool written = write(column, row, out);
  out.put('"');
  return written;
}

/// Dates as the source prints them, zero and impossible ones too; timestamps in UTC.
bool write_date_text(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_datetime_text(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_timestamp_text(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_year_text(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_enum_label(const ColumnWriter& column, const RowView& row, TextBuffer& out);
bool write_set_labels(const ColumnWriter& column, const RowView& row, TextBuffer& out);
/// BINARY(n) as the binlog holds it, without trailing zeros, as text.
bool write_trimmed_text(const ColumnWriter& column, const RowView& row, TextBuffer& out);

/// Zero, infinity or minus infinity.
inline bool is_special_timestamp(int64_t micros) {
  return micros == kTimestampZero || micros == kTimestampInfinity ||
         micros == kTimestampMinusInfinity;
}

/// How a kind that is no number is written as text; vectors are arrays of numbers.
WriteValue text_writer(TypeKind kind);

}  // namespace tailwater::format
