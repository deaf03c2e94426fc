#include "source/mysql/binlog/mapped_type.h"

#include <array>

namespace tailwater::mysql {
namespace {

TypeKind integer_kind(ColumnType type, bool is_unsigned) {
  switch (type) {
    case ColumnType::kTiny:
      return is_unsigned ? TypeKind::kUint8 : TypeKind::kInt8;
    case ColumnType::kShort:
      return is_unsigned ? TypeKind::kUint16 : TypeKind::kInt16;
    case ColumnType::kLonglong:
      return is_unsigned ? TypeKind::kUint64 : TypeKind::kInt64;
    default:
      return is_unsigned ? TypeKind::kUint32 : TypeKind::kInt32;
  }
}

Result<Type> string_type(const MappedColumn& column) {
  TW_ASSIGN(const Charset* const charset, mapped_charset(column));
  Type type;
  const bool blob = column.type >= ColumnType::kTinyBlob && column.type <= ColumnType::kBlob;
  const bool packed_blob = column.type == ColumnType::kMariadbBlobCompressed;
  const bool binary = charset == nullptr ? blob || packed_blob : charset->is_binary();
  type.kind = binary ? TypeKind::kBytes : TypeKind::kString;
  if (blob || packed_blob) return type;
  // A compressed varchar counts its head in.
  const uint32_t bytes = column.type == ColumnType::kMariadbVarcharCompressed && column.length > 0
                             ? column.length - 1
                             : column.length;
  type.length = charset == nullptr ? bytes : bytes / charset->char_bytes_max;
  return type;
}

Result<Type> labelled_type(const MappedColumn& column) {
  Type type;
  type.kind = column.type == ColumnType::kEnum ? TypeKind::kEnum : TypeKind::kSet;
  if (!column.labels) return type;
  TW_ASSIGN(const Charset* const charset, mapped_charset(column));
  for (const std::string_view label : *column.labels) {
    ByteBuffer text;
    const bool converted = charset != nullptr && charset->append_utf8(as_bytes(label), text);
    type.labels.emplace_back(converted ? as_text(text.view()) : label);
  }
  return type;
}

Type temporal_type(TypeKind kind, uint8_t digits) {
  Type type;
  type.kind = kind;
  type.precision = digits;
  return type;
}

std::string with_length(std::string_view name, uint64_t length) {
  return std::string(name) + "(" + std::to_string(length) + ")";
}

std::string with_digits(std::string_view name, unsigned digits) {
  return digits == 0 ? std::string(name) : with_length(name, digits);
}

std::string with_labels(std::string_view name, const std::vector<std::string>& labels) {
  std::string text(name);
  text += '(';
  for (const std::string& label : labels) {
    if (text.back() != '(') text += ',';
    text += '\'';
    for (const char c : label) {
      if (c == '\'') text += '\'';
      text += c;
    }
    text += '\'';
  }
  return text + ")";
}

std::string_view blob_name(unsigned length_bytes, bool text) {
  constexpr std::array<std::string_view, 5> kBlobs = {"blob", "tinyblob", "blob", "mediumblob",
                                                      "longblob"};
  constexpr std::array<std::string_view, 5> kTexts = {"text", "tinytext", "text", "mediumtext",
                                                      "longtext"};
  return (text ? kTexts : kBlobs)[length_bytes];
}

std::string_view geometry_name(uint32_t type) {
  constexpr std::array<std::string_view, 8> kNames = {
      "geometry",   "point",           "linestring",   "polygon",
      "multipoint", "multilinestring", "multipolygon", "geometrycollection"};
  return type < kNames.size() ? kNames[type] : kNames[0];
}

std::string signed_text(std::string_view name, const MappedColumn& column) {
  return std::string(name) + (column.is_unsigned.value_or(false) ? " unsigned" : "");
}

std::string string_text(const MappedColumn& column, const Type& type) {
  const bool text = type.kind == TypeKind::kString;
  switch (column.type) {
    case ColumnType::kVarchar:
    case ColumnType::kVarString:
      return with_length(text ? "varchar" : "varbinary", type.length);
    case ColumnType::kString:
      return with_length(text ? "char" : "binary", type.length);
    case ColumnType::kMariadbVarcharCompressed:
      return with_length(text ? "varchar" : "varbinary", type.length) + " /*M!100301 COMPRESSED*/";
    case ColumnType::kMariadbBlobCompressed:
      return std::string(blob_name(column.length, text)) + " /*M!100301 COMPRESSED*/";
    default:
      return std::string(blob_name(column.length, text));
  }
}

}  // namespace

Result<const Charset*> mapped_charset(const MappedColumn& column) {
  const bool labelled = column.type == ColumnType::kEnum || column.type == ColumnType::kSet;
  if (!column.collation || (!column.is_character() && !labelled)) return nullptr;
  const Charset* const charset = charset_of_collation(*column.collation);
  if (charset == nullptr) {
    return fail(ErrorKind::kUnsupported, "collation " + std::to_string(*column.collation) +
                                             " of column '" + std::string(column.name) +
                                             "' is not known to this version");
  }
  return charset;
}

Result<Type> mapped_type(const MappedColumn& column) {
  Type type;
  switch (column.type) {
    case ColumnType::kTiny:
    case ColumnType::kShort:
    case ColumnType::kInt24:
    case ColumnType::kLong:
    case ColumnType::kLonglong:
      type.kind = integer_kind(column.type, column.is_unsigned.value_or(false));
      return type;
    case ColumnType::kFloat:
      type.kind = TypeKind::kFloat32;
      return type;
    case ColumnType::kDouble:
      type.kind = TypeKind::kFloat64;
      return type;
    case ColumnType::kNewdecimal:
      type.kind = TypeKind::kDecimal;
      type.precision = static_cast<uint16_t>(column.length);
      type.scale = column.scale;
      return type;
    case ColumnType::kYear:
      type.kind = TypeKind::kYear;
      return type;
    case ColumnType::kDate:
    case ColumnType::kNewdate:
      type.kind = TypeKind::kDate;
      return type;
    case ColumnType::kTime:
    case ColumnType::kTime2:
      return temporal_type(TypeKind::kTime, column.scale);
    case ColumnType::kDatetime:
    case ColumnType::kDatetime2:
      return temporal_type(TypeKind::kDatetime, column.scale);
    case ColumnType::kTimestamp:
    case ColumnType::kTimestamp2:
      return temporal_type(TypeKind::kTimestamp, column.scale);
    case ColumnType::kBit:
      type.kind = TypeKind::kBit;
      type.length = column.length;
      return type;
    case ColumnType::kEnum:
    case ColumnType::kSet:
      return labelled_type(column);
    case ColumnType::kJson:
      type.kind = TypeKind::kJson;
      return type;
    case ColumnType::kGeometry:
      type.kind = TypeKind::kGeometry;
      return type;
    case ColumnType::kVector:
      type.kind = TypeKind::kVector;
      type.length = column.dimensions.value_or(0);
      return type;
    default:
      break;
  }
  if (column.is_character()) return string_type(column);
  return fail(
      ErrorKind::kUnsupported,
      "column type " + std::to_string(static_cast<unsigned>(column.type)) + " cannot be decoded");
}

std::string source_type_text(const MappedColumn& column, const Type& type, bool mariadb) {
  switch (column.type) {
    case ColumnType::kTiny:
      return signed_text("tinyint", column);
    case ColumnType::kShort:
      return signed_text("smallint", column);
    case ColumnType::kInt24:
      return signed_text("mediumint", column);
    case ColumnType::kLong:
      return signed_text("int", column);
    case ColumnType::kLonglong:
      return signed_text("bigint", column);
    case ColumnType::kFloat:
      return signed_text("float", column);
    case ColumnType::kDouble:
      return signed_text("double", column);
    case ColumnType::kNewdecimal:
      return signed_text(
          "decimal(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")",
          column);
    case ColumnType::kYear:
      return mariadb ? "year(4)" : "year";
    case ColumnType::kDate:
    case ColumnType::kNewdate:
      return "date";
    case ColumnType::kTime:
    case ColumnType::kTime2:
      return with_digits("time", column.scale);
    case ColumnType::kDatetime:
    case ColumnType::kDatetime2:
      return with_digits("datetime", column.scale);
    case ColumnType::kTimestamp:
    case ColumnType::kTimestamp2:
      return with_digits("timestamp", column.scale);
    case ColumnType::kBit:
      return with_length("bit", type.length);
    case ColumnType::kEnum:
      return column.labels ? with_labels("enum", type.labels) : "enum";
    case ColumnType::kSet:
      return column.labels ? with_labels("set", type.labels) : "set";
    case ColumnType::kJson:
      return "json";
    case ColumnType::kGeometry:
      return std::string(geometry_name(column.geometry_type.value_or(0)));
    case ColumnType::kVector:
      return with_length("vector", type.length);
    default:
      return string_text(column, type);
  }
}

}  // namespace tailwater::mysql
