#include "format/plain_text.h"

#include "model/value_text.h"

namespace tailwater::format {
namespace {

void put_datetime_text(const ColumnWriter& column, const Datetime& value, TextBuffer& out) {
  out.put('"');
  put_date(out, value.date);
  out.put(' ');
  put_clock(out, value.time_us, column.precision);
  out.put('"');
}

}  // namespace

bool write_date_text(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.put('"');
  put_date(out, row.date(column.index));
  out.put('"');
  return true;
}

bool write_datetime_text(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  put_datetime_text(column, row.datetime(column.index), out);
  return true;
}

bool write_timestamp_text(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto micros = row.fixed<int64_t>(column.index);
  if (micros == kTimestampInfinity || micros == kTimestampMinusInfinity) {
    out.put(micros > 0 ? R"("infinity")" : R"("-infinity")");
    return true;
  }
  put_datetime_text(column, micros == kTimestampZero ? Datetime{} : datetime_of_timestamp(micros),
                    out);
  return true;
}

bool write_year_text(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.put('"');
  out.padded(row.fixed<uint16_t>(column.index), 4);
  out.put('"');
  return true;
}

bool write_enum_label(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.json_string(enum_label(column.column->type, row.fixed<uint16_t>(column.index)));
  return true;
}

bool write_set_labels(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto bits = row.fixed<uint64_t>(column.index);
  const std::vector<std::string>& labels = column.column->type.labels;
  bool first = true;
  out.put('"');
  for (size_t i = 0; i < labels.size(); ++i) {
    if ((bits >> i & 1) == 0) continue;
    if (!first) out.put(',');
    first = false;
    out.json_escaped(labels[i]);
  }
  out.put('"');
  return true;
}

bool write_trimmed_text(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  std::string_view text = row.text(column.index);
  while (text.ends_with('\0')) text.remove_suffix(1);
  out.json_string(text);
  return true;
}

WriteValue text_writer(TypeKind kind) {
  switch (kind) {
    case TypeKind::kDate:
      return write_date_text;
    case TypeKind::kTime:
      return write_time;
    case TypeKind::kDatetime:
      return write_datetime_text;
    case TypeKind::kTimestamp:
      return write_timestamp_text;
    case TypeKind::kUuid:
      return write_uuid;
    case TypeKind::kEnum:
      return write_enum_label;
    case TypeKind::kSet:
      return write_set_labels;
    case TypeKind::kGeometry:
      return write_wkt;
    case TypeKind::kVector:
      return write_vector;
    default:
      return write_text;
  }
}

}  // namespace tailwater::format
