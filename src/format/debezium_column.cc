#include "format/debezium_column.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "format/debezium_time.h"
#include "format/decimal_text.h"
#include "format/json_text.h"
#include "model/decimal.h"

namespace tailwater::format {
namespace {

using Options = DebeziumOptions;

constexpr size_t kPointWkbBytes = 21;  // byte order, type, x, y

bool write_unsigned_as_long(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.number(static_cast<int64_t>(row.fixed<uint64_t>(column.index)));
  return true;
}

bool write_unsigned_precise(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.put('"');
  put_unsigned_base64(out, row.fixed<uint64_t>(column.index));
  out.put('"');
  return true;
}

// FLOAT(M,D) is a double to Debezium, with the digits that the float really has.
bool write_float_as_double(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.java_double(double{row.fixed<float>(column.index)});
  return true;
}

bool write_decimal_precise(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.put('"');
  if (!put_unscaled_base64(out, row.text(column.index), column.scale)) return false;
  out.put('"');
  return true;
}

bool write_small_decimal_precise(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto value = row.fixed<int64_t>(column.index);
  if (!is_decimal_number(value)) return false;
  out.put('"');
  put_unscaled_base64(out, value);
  out.put('"');
  return true;
}

bool put_double_of(std::string_view text, TextBuffer& out) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return false;
  out.java_double(value);
  return true;
}

bool write_decimal_double(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  return put_double_of(row.text(column.index), out);
}

bool write_small_decimal_double(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  SmallDecimalText text;
  return put_double_of(small_decimal_text(row.fixed<int64_t>(column.index), column.scale, text),
                       out);
}

bool write_bit_bool(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.put(row.fixed<uint64_t>(column.index) != 0 ? "true" : "false");
  return true;
}

// Bits: least significant byte first, as many bytes as the declared bits need.
bool write_bits(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  std::array<uint8_t, 8> bytes;
  store(bytes.data(), row.fixed<uint64_t>(column.index));
  out.put('"');
  out.base64(Bytes(bytes.data(), std::min<size_t>(bytes.size(), (column.length + 7) / 8)));
  out.put('"');
  return true;
}

bool write_enum(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto value = row.fixed<uint16_t>(column.index);
  out.put('"');
  if (value != 0 && value <= column.labels.size()) out.put(column.labels[value - 1u]);
  out.put('"');
  return true;
}

bool write_set(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const auto value = row.fixed<uint64_t>(column.index);
  bool first = true;
  out.put('"');
  for (size_t i = 0; i < column.labels.size(); ++i) {
    if ((value >> i & 1) == 0) continue;
    if (!first) out.put(',');
    first = false;
    out.put(column.labels[i]);
  }
  out.put('"');
  return true;
}

bool write_json_compact(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const std::string_view json = row.text(column.index);
  if (!is_utf8(json)) {
    out.json_string(json);
    return true;
  }
  out.put('"');
  put_compact_json_escaped(out, json);
  out.put('"');
  return true;
}

// What all four binary modes do: BINARY(n) comes without its trailing zeros and gets them back.
Bytes padded_bytes(const ColumnWriter& column, const RowView& row, std::string& padded) {
  const Bytes bytes = row.variable(column.index);
  if (bytes.size() >= column.length) return bytes;
  padded.assign(as_text(bytes));
  padded.resize(column.length, '\0');
  return as_bytes(padded);
}

template <Options::Binaries mode>
bool write_bytes(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  std::string padded;
  const Bytes bytes = padded_bytes(column, row, padded);
  out.put('"');
  if constexpr (mode == Options::Binaries::kHex) {
    out.hex(bytes);
  } else {
    out.base64(bytes, mode == Options::Binaries::kBase64UrlSafe);
  }
  out.put('"');
  return true;
}

// The stored value: a little-endian SRID, then WKB.
bool write_geometry(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const Bytes bytes = row.variable(column.index);
  if (bytes.size() < sizeof(uint32_t)) return false;
  const auto srid = load<uint32_t>(bytes.data());
  out.put(R"("wkb":")");
  out.base64(bytes.subspan(sizeof(uint32_t)));
  out.put(R"(","srid":)");
  if (srid == 0) {
    out.put("null}");
  } else {
    out.number(static_cast<int32_t>(srid));
    out.put('}');
  }
  return true;
}

bool write_any_geometry(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  out.put('{');
  return write_geometry(column, row, out);
}

bool write_point(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  const Bytes bytes = row.variable(column.index);
  if (bytes.size() != sizeof(uint32_t) + kPointWkbBytes || bytes[4] != 1) return false;
  out.put(R"({"x":)");
  out.java_double(load<double>(bytes.data() + 9));
  out.put(R"(,"y":)");
  out.java_double(load<double>(bytes.data() + 17));
  out.put(',');
  return write_geometry(column, row, out);
}

void make_integer(DebeziumColumn& made, std::string_view type, WriteValue write) {
  made.type.type = type;
  made.writer.write = write;
  made.writer.fallback = "0";
}

void make_unsigned64(DebeziumColumn& made, const Options& options) {
  if (options.bigint_unsigned_handling_mode == Options::Unsigned::kLong) {
    return make_integer(made, "int64", write_unsigned_as_long);
  }
  made.type = {"bytes", "org.apache.kafka.connect.data.Decimal", 1,
               R"({"scale":"0","connect.decimal.precision":"20"})"};
  made.writer.write = write_unsigned_precise;
}

void make_decimal(DebeziumColumn& made, const Type& type, const Options& options) {
  const bool small = is_small_decimal(type);
  switch (options.decimal_handling_mode) {
    case Options::Decimals::kPrecise:
      made.type = {"bytes", "org.apache.kafka.connect.data.Decimal", 1,
                   R"({"scale":")" + std::to_string(type.scale) +
                       R"(","connect.decimal.precision":")" + std::to_string(type.precision) +
                       R"("})"};
      made.writer.write = small ? write_small_decimal_precise : write_decimal_precise;
      return;
    case Options::Decimals::kDouble:
      return make_integer(made, "double",
                          small ? write_small_decimal_double : write_decimal_double);
    case Options::Decimals::kString:
      made.writer.write = small ? write_small_decimal_text : write_text;
      return;
  }
}

void make_bytes(DebeziumColumn& made, const Column& column, const Options& options) {
  made.writer.length = source_type_is(column, "binary") ? column.type.length : 0;
  switch (options.binary_handling_mode) {
    case Options::Binaries::kBytes:
      made.type.type = "bytes";
      made.writer.write = write_bytes<Options::Binaries::kBytes>;
      return;
    case Options::Binaries::kBase64:
      made.writer.write = write_bytes<Options::Binaries::kBase64>;
      return;
    case Options::Binaries::kBase64UrlSafe:
      made.writer.write = write_bytes<Options::Binaries::kBase64UrlSafe>;
      return;
    case Options::Binaries::kHex:
      made.writer.write = write_bytes<Options::Binaries::kHex>;
      return;
  }
}

void make_labels(DebeziumColumn& made, const Column& column, std::string_view name,
                 WriteValue write) {
  std::string allowed;
  for (const std::string& label : column.type.labels) {
    if (!allowed.empty() || &label != column.type.labels.data()) allowed += ',';
    for (const char c : label) {  // a comma within a label is written with a backslash
      if (c == ',') allowed += '\\';
      allowed += c;
    }
    const std::string json = quoted(label);
    made.writer.labels.push_back(json.substr(1, json.size() - 2));
  }
  made.type = {"string", std::string(name), 1, R"({"allowed":)" + quoted(allowed) + "}"};
  made.writer.write = write;
}

void make_bit(DebeziumColumn& made, const Type& type) {
  if (type.length <= 1) {
    made.type.type = "boolean";
    made.writer.write = write_bit_bool;
    return;
  }
  made.type = {"bytes", "io.debezium.data.Bits", 1,
               R"({"length":")" + std::to_string(type.length) + R"("})"};
  made.writer.write = type.length > 64 ? write_bytes<Options::Binaries::kBytes> : write_bits;
  if (type.length <= 64) made.writer.length = type.length;
}

void make_geometry(DebeziumColumn& made, const Column& column) {
  constexpr std::string_view kSrid = R"({"type":"int32","optional":true,"field":"srid"})";
  if (source_type_is(column, "point")) {
    made.type = {"struct",
                 "io.debezium.data.geometry.Point",
                 1,
                 {},
                 "Geometry (POINT)",
                 R"("fields":[{"type":"double","optional":false,"field":"x"},)"
                 R"({"type":"double","optional":false,"field":"y"},)"
                 R"({"type":"bytes","optional":true,"field":"wkb"},)" +
                     std::string(kSrid) + "]"};
    made.writer.write = write_point;
    return;
  }
  made.type = {
      "struct",
      "io.debezium.data.geometry.Geometry",
      1,
      {},
      "Geometry",
      R"("fields":[{"type":"bytes","optional":false,"field":"wkb"},)" + std::string(kSrid) + "]",
      true};
  made.writer.write = write_any_geometry;
}

void make_float(DebeziumColumn& made, const Column& column) {
  const bool with_digits =
      source_type_is(column, "float") && column.source_type.find(',') != std::string::npos;
  if (with_digits) return make_integer(made, "double", write_float_as_double);
  make_integer(made, "float", write_float);
}

void make_named(DebeziumColumn& made, std::string_view name, WriteValue write) {
  made.type.name = name;
  made.writer.write = write;
}

// Numbers; false for the other kinds.
bool make_number(DebeziumColumn& made, const Column& column, const Options& options) {
  switch (column.type.kind) {
    case TypeKind::kBool:
      make_integer(made, "boolean", write_bool);
      return true;
    case TypeKind::kInt8:
      make_integer(made, "int16", write_integer<int8_t>);
      return true;
    case TypeKind::kUint8:
      make_integer(made, "int16", write_integer<uint8_t>);
      return true;
    case TypeKind::kInt16:
      make_integer(made, "int16", write_integer<int16_t>);
      return true;
    case TypeKind::kUint16:
      make_integer(made, "int32", write_integer<uint16_t>);
      return true;
    case TypeKind::kInt32:
      make_integer(made, "int32", write_integer<int32_t>);
      return true;
    case TypeKind::kUint32: {
      const bool medium = source_type_is(column, "mediumint");
      make_integer(made, medium ? "int32" : "int64", write_integer<uint32_t>);
      return true;
    }
    case TypeKind::kInt64:
      make_integer(made, "int64", write_integer<int64_t>);
      return true;
    case TypeKind::kUint64:
      make_unsigned64(made, options);
      return true;
    case TypeKind::kFloat32:
      make_float(made, column);
      return true;
    case TypeKind::kFloat64:
      make_integer(made, "double", write_double);
      return true;
    case TypeKind::kDecimal:
      make_decimal(made, column.type, options);
      return true;
    default:
      return false;
  }
}

void make_vector(DebeziumColumn& made) {
  made.type = {"array", "io.debezium.data.FloatVector",
               1,       {},
               {},      R"("items":{"type":"float","optional":false})"};
  made.writer.write = write_vector;
}

}  // namespace

DebeziumColumn make_debezium_column(const Column& column, size_t index, const Options& options,
                                    SourceKind source) {
  DebeziumColumn made;
  made.writer.index = index;
  made.writer.column = &column;
  made.writer.member = Fragment(json_member(column.name));
  made.writer.scale = column.type.scale;
  made.writer.write = write_text;
  const auto json = source == SourceKind::kMysql ? write_json_compact : write_text;
  if (!make_number(made, column, options)) {
    switch (column.type.kind) {
      case TypeKind::kBytes:
        make_bytes(made, column, options);
        break;
      case TypeKind::kDate:
      case TypeKind::kTime:
      case TypeKind::kDatetime:
      case TypeKind::kTimestamp:
      case TypeKind::kYear:
        make_debezium_time(made, column, options);
        break;
      case TypeKind::kJson:
        make_named(made, "io.debezium.data.Json", json);
        break;
      case TypeKind::kUuid:
        make_named(made, "io.debezium.data.Uuid", write_uuid);
        break;
      case TypeKind::kEnum:
        make_labels(made, column, "io.debezium.data.Enum", write_enum);
        break;
      case TypeKind::kSet:
        make_labels(made, column, "io.debezium.data.EnumSet", write_set);
        break;
      case TypeKind::kBit:
        make_bit(made, column.type);
        break;
      case TypeKind::kGeometry:
        make_geometry(made, column);
        break;
      case TypeKind::kVector:
        make_vector(made);
        break;
      default:
        break;  // the others are text
    }
  }
  if (column.nullable) made.writer.fallback = "null";
  return made;
}

}  // namespace tailwater::format
