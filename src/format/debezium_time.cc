#include "format/debezium_time.h"

#include <limits>

namespace tailwater::format {
namespace {

using Times = DebeziumOptions::Times;

constexpr int64_t kDayUs = 86400000000;
constexpr int64_t kMilliUs = 1000;
constexpr unsigned kMillisDigits = 3;

// BinlogValueConverters.adjustTemporal: two-digit years of long ago.
Date adjusted(Date date, bool adjust) {
  if (!adjust || date.year() < 0 || date.year() > 99) return date;
  return Date::of(date.year() + (date.year() <= 69 ? 2000 : 1900), date.month(), date.day());
}

// Debezium takes a date with a zero part for no value at all; we do the same with days that the
// calendar does not have, where Debezium stops.
bool is_real(Date date) {
  return date.year() != 0 && date.is_valid();
}

int64_t floor_divide(int64_t value, int64_t by) {
  const int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

bool put_fallback(const ColumnWriter& column, TextBuffer& out) {
  out.put(column.fallback);
  return true;
}

bool write_days(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const Date date = row.date(column.index);
  if (!is_real(date)) return put_fallback(column, out);
  out.number(adjusted(date, column.adjust_years).days_since_epoch());
  return true;
}

bool write_iso_date(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const Date date = row.date(column.index);
  if (!is_real(date)) return put_fallback(column, out);
  out.put('"');
  put_date(out, adjusted(date, column.adjust_years));
  out.put("Z\"");
  return true;
}

template <int64_t per_micro, int64_t micros_per>
bool write_duration(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.number(row.fixed<int64_t>(column.index) * per_micro / micros_per);
  return true;
}

// Connect's own Time has no room for negative times and for more than a day.
bool write_connect_time(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto micros = row.fixed<int64_t>(column.index);
  if (micros < 0 || micros > kDayUs) return false;
  out.number(micros / kMilliUs);
  return true;
}

// java.time's ISO_LOCAL_TIME: as many fractional digits as there are, none when zero.
void put_iso_clock(TextBuffer& out, int64_t time_us) {
  unsigned digits = 6;
  for (int64_t rest = time_us % 1000000; digits > 0 && rest % 10 == 0; rest /= 10) --digits;
  put_clock(out, time_us, digits);
}

bool write_iso_time(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto micros = row.fixed<int64_t>(column.index);
  if (micros < 0 || micros > kDayUs) return false;
  out.put('"');
  put_iso_clock(out, micros % kDayUs);
  out.put("Z\"");
  return true;
}

template <int64_t per_micro, int64_t micros_per>
bool write_instant(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const Datetime value = row.datetime(column.index);
  if (!is_real(value.date)) return put_fallback(column, out);
  const int64_t days = adjusted(value.date, column.adjust_years).days_since_epoch();
  const int64_t micros = days * kDayUs + value.time_us;
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max() / per_micro;
  if (micros > kMax || micros < -kMax) return false;
  out.number(floor_divide(micros * per_micro, micros_per));
  return true;
}

bool write_iso_instant(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const Datetime value = row.datetime(column.index);
  if (!is_real(value.date)) return put_fallback(column, out);
  out.put('"');
  put_date(out, adjusted(value.date, column.adjust_years));
  out.put('T');
  put_iso_clock(out, value.time_us);
  out.put("Z\"");
  return true;
}

bool write_zoned(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto micros = row.fixed<int64_t>(column.index);
  const bool special = micros == kTimestampInfinity || micros == kTimestampMinusInfinity;
  if (special) return put_fallback(column, out);
  // MySQL's zero timestamp is the number 0 to Debezium: the epoch.
  const Datetime value = datetime_of_timestamp(micros == kTimestampZero ? 0 : micros);
  out.put('"');
  put_date(out, value.date);
  out.put('T');
  put_clock(out, value.time_us, column.precision);
  out.put("Z\"");
  return true;
}

void make(DebeziumColumn& made, std::string_view type, std::string_view name, WriteValue write,
          std::string_view fallback) {
  made.type.type = type;
  made.type.name = name;
  made.writer.write = write;
  made.writer.fallback = fallback;
}

void make_date(DebeziumColumn& made, Times mode) {
  if (mode == Times::kIsostring) {
    return make(made, "string", "io.debezium.time.IsoDate", write_iso_date, R"("1970-01-01Z")");
  }
  const bool connect = mode == Times::kConnect;
  make(made, "int32", connect ? "org.apache.kafka.connect.data.Date" : "io.debezium.time.Date",
       write_days, "0");
}

void make_time(DebeziumColumn& made, Times mode) {
  switch (mode) {
    case Times::kAdaptiveTimeMicroseconds:
    case Times::kMicroseconds:
      return make(made, "int64", "io.debezium.time.MicroTime", write_duration<1, 1>, "0");
    case Times::kNanoseconds:
      return make(made, "int64", "io.debezium.time.NanoTime", write_duration<1000, 1>, "0");
    case Times::kConnect:
      return make(made, "int32", "org.apache.kafka.connect.data.Time", write_connect_time, "0");
    case Times::kIsostring:
      return make(made, "string", "io.debezium.time.IsoTime", write_iso_time, R"("00:00:00Z")");
  }
}

void make_datetime(DebeziumColumn& made, Times mode, unsigned digits) {
  switch (mode) {
    case Times::kAdaptiveTimeMicroseconds:
      if (digits <= kMillisDigits) {
        return make(made, "int64", "io.debezium.time.Timestamp", write_instant<1, 1000>, "0");
      }
      return make(made, "int64", "io.debezium.time.MicroTimestamp", write_instant<1, 1>, "0");
    case Times::kMicroseconds:
      return make(made, "int64", "io.debezium.time.MicroTimestamp", write_instant<1, 1>, "0");
    case Times::kNanoseconds:
      return make(made, "int64", "io.debezium.time.NanoTimestamp", write_instant<1000, 1>, "0");
    case Times::kConnect:
      return make(made, "int64", "org.apache.kafka.connect.data.Timestamp", write_instant<1, 1000>,
                  "0");
    case Times::kIsostring:
      return make(made, "string", "io.debezium.time.IsoTimestamp", write_iso_instant,
                  R"("1970-01-01T00:00:00Z")");
  }
}

}  // namespace

void make_debezium_time(DebeziumColumn& made, const Column& column,
                        const DebeziumOptions& options) {
  made.writer.precision = column.type.precision;
  made.writer.adjust_years = options.enable_time_adjuster;
  switch (column.type.kind) {
    case TypeKind::kDate:
      return make_date(made, options.time_precision_mode);
    case TypeKind::kTime:
      return make_time(made, options.time_precision_mode);
    case TypeKind::kDatetime:
      return make_datetime(made, options.time_precision_mode, column.type.precision);
    case TypeKind::kTimestamp:
      return make(made, "string", "io.debezium.time.ZonedTimestamp", write_zoned,
                  R"("1970-01-01T00:00:00Z")");
    default:
      return make(made, "int32", "io.debezium.time.Year", write_integer<uint16_t>, "0");
  }
}

}  // namespace tailwater::format
