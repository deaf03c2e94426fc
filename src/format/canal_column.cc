#include "format/canal_column.h"

#include "format/plain_text.h"

namespace tailwater::format {
namespace {

// java.sql.Types
constexpr int kBit = -7;
constexpr int kTinyint = -6;
constexpr int kBigint = -5;
constexpr int kChar = 1;
constexpr int kDecimal = 3;
constexpr int kInteger = 4;
constexpr int kSmallint = 5;
constexpr int kReal = 7;
constexpr int kDouble = 8;
constexpr int kVarchar = 12;
constexpr int kDate = 91;
constexpr int kTime = 92;
constexpr int kTimestamp = 93;
constexpr int kOther = 1111;
constexpr int kBlob = 2004;
constexpr int kClob = 2005;

// Each byte as the character of that number (ISO 8859-1).
void put_latin1(Bytes bytes, TextBuffer& out) {
  out.put('"');
  for (const uint8_t byte : bytes) {
    const char c = static_cast<char>(byte);
    if (byte < 0x80) {
      out.json_escaped({&c, 1});
    } else {
      out.put(static_cast<char>(0xc0 | byte >> 6));
      out.put(static_cast<char>(0x80 | (byte & 0x3f)));
    }
  }
  out.put('"');
}

bool write_latin1(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  put_latin1(row.variable(column.index), out);
  return true;
}

// BINARY(n): the binlog holds it without trailing zeros.
bool write_trimmed_latin1(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  Bytes bytes = row.variable(column.index);
  while (!bytes.empty() && bytes.back() == 0) bytes = bytes.first(bytes.size() - 1);
  put_latin1(bytes, out);
  return true;
}

WriteValue canal_writer(const Column& column) {
  switch (column.type.kind) {
    case TypeKind::kBool:
    case TypeKind::kUint8:
      return write_quoted<write_integer<uint8_t>>;
    case TypeKind::kInt8:
      return write_quoted<write_integer<int8_t>>;
    case TypeKind::kInt16:
      return write_quoted<write_integer<int16_t>>;
    case TypeKind::kInt32:
      return write_quoted<write_integer<int32_t>>;
    case TypeKind::kInt64:
      return write_quoted<write_integer<int64_t>>;
    case TypeKind::kUint16:
    case TypeKind::kEnum:
      return write_quoted<write_integer<uint16_t>>;
    case TypeKind::kUint32:
      return write_quoted<write_integer<uint32_t>>;
    case TypeKind::kUint64:
    case TypeKind::kSet:
      return write_quoted<write_integer<uint64_t>>;
    case TypeKind::kFloat32:
      return write_quoted<write_float>;
    case TypeKind::kFloat64:
      return write_quoted<write_double>;
    case TypeKind::kDecimal:
      return is_variable(column.type) ? write_text : write_small_decimal_text;
    case TypeKind::kBit:
      return column.type.length > 64 ? write_latin1 : write_quoted<write_integer<uint64_t>>;
    case TypeKind::kYear:
      return write_year_text;
    case TypeKind::kBytes:
      return source_type_is(column, "binary") ? write_trimmed_latin1 : write_latin1;
    case TypeKind::kGeometry:
      return write_latin1;
    case TypeKind::kVector:
      return write_quoted<write_vector>;
    default:
      return text_writer(column.type.kind);
  }
}

CanalType unsigned_type(int usual, int large, uint64_t limit) {
  return {usual, usual, large, limit};
}

CanalType text_type(const Column& column) {
  if (source_type_is(column, "char")) return {kChar, kChar};
  for (const std::string_view text : {"tinytext", "text", "mediumtext", "longtext"}) {
    if (source_type_is(column, text)) return {kClob, kClob};
  }
  return {kVarchar, kVarchar};
}

uint64_t unsigned_value(const ColumnWriter& column, const RowView& row) {
  switch (column.column->type.kind) {
    case TypeKind::kUint8:
      return row.fixed<uint8_t>(column.index);
    case TypeKind::kUint16:
      return row.fixed<uint16_t>(column.index);
    case TypeKind::kUint32:
      return row.fixed<uint32_t>(column.index);
    default:
      return row.fixed<uint64_t>(column.index);
  }
}

}  // namespace

ColumnWriter make_canal_column(const Column& column, size_t index) {
  ColumnWriter made;
  made.index = index;
  made.column = &column;
  made.member = Fragment(json_member(column.name));
  made.scale = column.type.scale;
  made.precision = column.type.kind == TypeKind::kDate ? uint16_t{0} : column.type.precision;
  made.write = canal_writer(column);
  return made;
}

int CanalType::of(const ColumnWriter& column, const RowView& row) const {
  if (row.presence(column.index) != Presence::kPresent) return null_value;
  return limit != UINT64_MAX && unsigned_value(column, row) > limit ? large : value;
}

CanalType make_canal_type(const Column& column, SourceKind source) {
  switch (column.type.kind) {
    case TypeKind::kBool:
    case TypeKind::kInt8:
      return {kTinyint, kTinyint};
    case TypeKind::kUint8:
      return unsigned_type(kTinyint, kSmallint, INT8_MAX);
    case TypeKind::kInt16:
      return {kSmallint, kSmallint};
    case TypeKind::kUint16:
      return unsigned_type(kSmallint, kInteger, INT16_MAX);
    case TypeKind::kInt32:
      return {kInteger, kInteger};
    case TypeKind::kUint32:
      return unsigned_type(kInteger, kBigint, INT32_MAX);  // MEDIUMINT never gets there
    case TypeKind::kInt64:
      return {kBigint, kBigint};
    case TypeKind::kUint64:
      return unsigned_type(kBigint, kDecimal, INT64_MAX);
    case TypeKind::kFloat32:
      return {kReal, kReal};
    case TypeKind::kFloat64:
      return {kDouble, kDouble};
    case TypeKind::kDecimal:
      return {kDecimal, kDecimal};
    case TypeKind::kBit:
      return {kBit, kBit};
    case TypeKind::kSet:
      return {kBit, kBlob};
    case TypeKind::kEnum:
      return {kInteger, kInteger};
    case TypeKind::kDate:
      return {kDate, kDate};
    case TypeKind::kTime:
      return {kTime, kTime};
    case TypeKind::kDatetime:
    case TypeKind::kTimestamp:
      return {kTimestamp, kTimestamp};
    case TypeKind::kBytes:
    case TypeKind::kGeometry:
      return {kBlob, kBlob};
    case TypeKind::kUuid:
    case TypeKind::kInet:
      return {kChar, kChar};
    case TypeKind::kVector:
      return {kOther, kOther};
    case TypeKind::kJson:
      if (source == SourceKind::kMysql) return {kVarchar, kOther};
      return {kClob, kClob};
    default:
      return text_type(column);
  }
}

}  // namespace tailwater::format
