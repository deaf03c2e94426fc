#include "format/maxwell_column.h"

#include "base/text.h"
#include "format/json_text.h"

namespace tailwater::format {
namespace {

// BINARY(n): Maxwell prints what the binlog holds, which has no trailing zeros.
bool write_trimmed_base64(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  Bytes bytes = row.variable(column.index);
  while (!bytes.empty() && bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
  out.put('"');
  out.base64(bytes);
  out.put('"');
  return true;
}

// Any part zero makes the whole date zero to Maxwell. A day that the calendar does not have stays.
bool is_zero(Date date) {
  return date.year() == 0 || date.month() == 0 || date.day() == 0;
}

bool write_date(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const Date date = row.date(column.index);
  if (is_zero(date)) {
    out.put(column.fallback);
    return true;
  }
  out.put('"');
  put_date(out, date);
  out.put('"');
  return true;
}

bool put_datetime(const ColumnWriter& column, const Datetime& value, TextBuffer& out) {
  if (is_zero(value.date)) {
    out.put(column.fallback);
    return true;
  }
  out.put('"');
  put_date(out, value.date);
  out.put(' ');
  put_clock(out, value.time_us, column.precision);
  out.put('"');
  return true;
}

bool write_datetime(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  return put_datetime(column, row.datetime(column.index), out);
}

bool write_timestamp(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto micros = row.fixed<int64_t>(column.index);
  if (micros == kTimestampInfinity || micros == kTimestampMinusInfinity) {
    out.put(micros > 0 ? R"("infinity")" : R"("-infinity")");
    return true;
  }
  return put_datetime(column, micros == kTimestampZero ? Datetime{} : datetime_of_timestamp(micros),
                      out);
}

bool write_json(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const std::string_view json = row.text(column.index);
  if (json.empty()) {
    out.put("null");
  } else if (is_utf8(json)) {
    put_compact_json(out, json);
  } else {
    out.json_string(json);
  }
  return true;
}

bool write_enum(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto value = row.fixed<uint16_t>(column.index);
  out.put(value == 0 || value > column.labels.size() ? std::string_view("null")
                                                     : std::string_view(column.labels[value - 1u]));
  return true;
}

bool write_set(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto value = row.fixed<uint64_t>(column.index);
  bool first = true;
  out.put('[');
  for (size_t i = 0; i < column.labels.size(); ++i) {
    if ((value >> i & 1) == 0) continue;
    if (!first) out.put(',');
    first = false;
    out.put(column.labels[i]);
  }
  out.put(']');
  return true;
}

void make_labels(ColumnWriter& made, const Column& column, WriteValue write) {
  for (const std::string& label : column.type.labels) made.labels.push_back(quoted(label));
  made.write = write;
}

void make_datetime(ColumnWriter& made, const MaxwellOptions& options, WriteValue write,
                   bool clock) {
  made.write = write;
  if (options.output_null_zerodates) return;
  made.fallback = "\"0000-00-00";
  if (clock) made.fallback += " 00:00:00";
  if (made.precision > 0) made.fallback += "." + std::string(made.precision, '0');
  made.fallback += '"';
}

}  // namespace

ColumnWriter make_maxwell_column(const Column& column, size_t index, const MaxwellOptions& options,
                                 SourceKind source) {
  ColumnWriter made;
  made.index = index;
  made.column = &column;
  made.member = Fragment(json_member(column.name));
  made.scale = column.type.scale;
  made.precision = column.type.kind == TypeKind::kDate ? uint16_t{0} : column.type.precision;
  made.write = number_writer(column.type);
  if (made.write != nullptr) return made;
  made.write = write_text;
  const bool fixed = source_type_is(column, "binary");
  switch (column.type.kind) {
    case TypeKind::kBytes:
      made.write = fixed ? write_trimmed_base64 : write_base64;
      break;
    case TypeKind::kDate:
      make_datetime(made, options, write_date, false);
      break;
    case TypeKind::kTime:
      made.write = write_time;
      break;
    case TypeKind::kDatetime:
      make_datetime(made, options, write_datetime, true);
      break;
    case TypeKind::kTimestamp:
      make_datetime(made, options, write_timestamp, true);
      break;
    case TypeKind::kJson:
      made.write = source == SourceKind::kMysql ? write_json : write_text;
      break;
    case TypeKind::kUuid:
      made.write = write_uuid;
      break;
    case TypeKind::kEnum:
      make_labels(made, column, write_enum);
      break;
    case TypeKind::kSet:
      make_labels(made, column, write_set);
      break;
    case TypeKind::kGeometry:
      made.write = write_wkt;
      break;
    case TypeKind::kVector:
      made.write = write_vector;
      break;
    default:
      break;  // the others are text
  }
  return made;
}

}  // namespace tailwater::format
