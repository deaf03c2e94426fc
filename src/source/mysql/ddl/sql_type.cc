#include "source/mysql/ddl/sql_type.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "source/mysql/binlog/charset.h"

namespace tailwater::mysql {
namespace {

// Since when MySQL shows integers without their display width.
constexpr Version kNoWidthSince = {8, 0, 19};
constexpr Version kGeomcollectionSince = {8, 0, 11};
constexpr Version kZeroSince = {8, 0, 0};
constexpr Version kFractionsSince = {5, 6, 4};
constexpr uint64_t kVarcharBytesMax = 65'535;
constexpr uint64_t kFloatBitsMax = 24;  // FLOAT(p) above it is a double
constexpr uint64_t kVectorLength = 2048;

struct KindName {
  SqlKind kind;
  std::string_view name;
};
constexpr std::array kNames = {
    KindName{SqlKind::kTinyint, "tinyint"},
    KindName{SqlKind::kSmallint, "smallint"},
    KindName{SqlKind::kMediumint, "mediumint"},
    KindName{SqlKind::kInt, "int"},
    KindName{SqlKind::kBigint, "bigint"},
    KindName{SqlKind::kFloat, "float"},
    KindName{SqlKind::kDouble, "double"},
    KindName{SqlKind::kDecimal, "decimal"},
    KindName{SqlKind::kBit, "bit"},
    KindName{SqlKind::kChar, "char"},
    KindName{SqlKind::kVarchar, "varchar"},
    KindName{SqlKind::kBinary, "binary"},
    KindName{SqlKind::kVarbinary, "varbinary"},
    KindName{SqlKind::kTinytext, "tinytext"},
    KindName{SqlKind::kText, "text"},
    KindName{SqlKind::kMediumtext, "mediumtext"},
    KindName{SqlKind::kLongtext, "longtext"},
    KindName{SqlKind::kTinyblob, "tinyblob"},
    KindName{SqlKind::kBlob, "blob"},
    KindName{SqlKind::kMediumblob, "mediumblob"},
    KindName{SqlKind::kLongblob, "longblob"},
    KindName{SqlKind::kJson, "json"},
    KindName{SqlKind::kEnum, "enum"},
    KindName{SqlKind::kSet, "set"},
    KindName{SqlKind::kDate, "date"},
    KindName{SqlKind::kTime, "time"},
    KindName{SqlKind::kDatetime, "datetime"},
    KindName{SqlKind::kTimestamp, "timestamp"},
    KindName{SqlKind::kYear, "year"},
    KindName{SqlKind::kGeometry, "geometry"},
    KindName{SqlKind::kPoint, "point"},
    KindName{SqlKind::kLinestring, "linestring"},
    KindName{SqlKind::kPolygon, "polygon"},
    KindName{SqlKind::kMultipoint, "multipoint"},
    KindName{SqlKind::kMultilinestring, "multilinestring"},
    KindName{SqlKind::kMultipolygon, "multipolygon"},
    KindName{SqlKind::kGeometrycollection, "geometrycollection"},
    KindName{SqlKind::kUuid, "uuid"},
    KindName{SqlKind::kInet4, "inet4"},
    KindName{SqlKind::kInet6, "inet6"},
    KindName{SqlKind::kVector, "vector"},
    KindName{SqlKind::kXmltype, "xmltype"},
};

uint64_t char_bytes(std::string_view charset) {
  const Charset* const found = charset_named(charset);
  return found == nullptr ? 1 : found->char_bytes_max;
}

bool hides_width(const SqlDialect& dialect) {
  return !dialect.is_mariadb() && dialect.version >= kNoWidthSince;
}

// Whether TEXT(0) is the smallest text; else it is as if nothing was written.
bool heeds_zero(const SqlDialect& dialect) {
  return !dialect.is_mariadb() && dialect.version >= kZeroSince;
}

uint64_t default_width(const SqlType& type) {
  const uint64_t sign = type.is_unsigned ? 0 : 1;
  switch (type.kind) {
    case SqlKind::kTinyint:
      return 3 + sign;
    case SqlKind::kSmallint:
      return 5 + sign;
    case SqlKind::kMediumint:
      return 8 + sign;
    case SqlKind::kInt:
      return 10 + sign;
    default:
      return 20;
  }
}

std::string number_suffix(const SqlType& type) {
  std::string text;
  if (type.is_unsigned) text += " unsigned";
  if (type.zerofill) text += " zerofill";
  return text;
}

std::string integer_text(const SqlType& type, std::string_view name, const SqlDialect& dialect) {
  const uint64_t width = type.length.value_or(0) != 0 ? *type.length : default_width(type);
  const bool is_bool = type.kind == SqlKind::kTinyint && width == 1 && !type.is_unsigned;
  const bool shown = !hides_width(dialect) || type.zerofill || is_bool;
  return fmt::format("{}{}{}", name, shown ? fmt::format("({})", width) : "", number_suffix(type));
}

// Labels stand in quotes, which are doubled in them; some characters are escaped.
void append_label(std::string& out, std::string_view label) {
  out += '\'';
  for (const char c : label) {
    if (c == '\'') {
      out += "''";
    } else if (c == '\\') {
      out += "\\\\";
    } else if (c == '\0') {
      out += "\\0";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += c;
    }
  }
  out += '\'';
}

std::string labels_text(const SqlType& type, std::string_view name, std::string_view charset) {
  const bool trims = charset != "binary";
  std::string out = fmt::format("{}(", name);
  for (const SqlLabel& label : type.labels) {
    if (out.back() != '(') out += ',';
    std::string_view text = label.text;
    if (trims) text = text.substr(0, text.find_last_not_of(' ') + 1);
    append_label(out, text);
  }
  return out + ")";
}

std::string with_length(std::string_view name, uint64_t length) {
  return fmt::format("{}({})", name, length);
}

// The code point at `at`, which is moved past it. The text must be UTF-8.
uint32_t next_code(std::string_view text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const unsigned more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  uint32_t code = lead & (0x3FU >> more);
  for (unsigned i = 0; i < more && at < text.size(); ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  }
  return code;
}

bool has_code(const Charset& set, uint32_t code) {
  constexpr uint32_t kTableSize = 128;
  if (code < 0x80 && set.has_ascii()) return true;
  const auto in = [&](const uint16_t* table) {
    return table != nullptr && std::find(table, table + kTableSize, code) != table + kTableSize;
  };
  return set.form == Charset::Form::kSingleByte && code != 0 && (in(set.upper) || in(set.lower));
}

// Whether the character set surely has all of the text.
bool can_hold(const Charset& set, std::string_view text) {
  constexpr uint32_t kPlaneEnd = 0x10000;
  const bool ascii = std::ranges::all_of(text, [](char c) { return (c & 0x80) == 0; });
  if (set.is_binary() || (ascii && set.form == Charset::Form::kUtf8)) return true;
  if (!is_utf8(text) || set.name == "ascii") return false;
  for (size_t at = 0; at < text.size();) {
    const uint32_t code = next_code(text, at);
    switch (set.form) {
      case Charset::Form::kSingleByte:
      case Charset::Form::kMultiByte:
        if (!has_code(set, code)) return false;
        break;
      default:
        if (code >= kPlaneEnd && (set.form == Charset::Form::kUcs2 || set.name == "utf8mb3"))
          return false;
    }
  }
  return true;
}

SqlKind text_of_bytes(uint64_t bytes, bool binary) {
  constexpr uint64_t kTiny = 1U << 8;
  constexpr uint64_t kPlain = 1U << 16;
  constexpr uint64_t kMedium = 1U << 24;
  if (bytes < kTiny) return binary ? SqlKind::kTinyblob : SqlKind::kTinytext;
  if (bytes < kPlain) return binary ? SqlKind::kBlob : SqlKind::kText;
  if (bytes < kMedium) return binary ? SqlKind::kMediumblob : SqlKind::kMediumtext;
  return binary ? SqlKind::kLongblob : SqlKind::kLongtext;
}

SqlKind binary_form(SqlKind kind) {
  switch (kind) {
    case SqlKind::kChar:
      return SqlKind::kBinary;
    case SqlKind::kVarchar:
      return SqlKind::kVarbinary;
    case SqlKind::kTinytext:
      return SqlKind::kTinyblob;
    case SqlKind::kText:
      return SqlKind::kBlob;
    case SqlKind::kMediumtext:
      return SqlKind::kMediumblob;
    case SqlKind::kLongtext:
      return SqlKind::kLongblob;
    default:
      return kind;
  }
}

}  // namespace

bool is_character(SqlKind kind) {
  switch (kind) {
    case SqlKind::kChar:
    case SqlKind::kVarchar:
    case SqlKind::kTinytext:
    case SqlKind::kText:
    case SqlKind::kMediumtext:
    case SqlKind::kLongtext:
    case SqlKind::kEnum:
    case SqlKind::kSet:
      return true;
    default:
      return false;
  }
}

bool is_blob(SqlKind kind) {
  return kind >= SqlKind::kTinytext && kind <= SqlKind::kLongblob;
}

std::string_view data_type_name(SqlKind kind, const SqlDialect& dialect) {
  if (kind == SqlKind::kGeometrycollection && !dialect.is_mariadb() &&
      dialect.version >= kGeomcollectionSince) {
    return "geomcollection";
  }
  for (const KindName& each : kNames) {
    if (each.kind == kind) return each.name;
  }
  return {};
}

std::string column_type_text(const SqlType& type, std::string_view charset,
                             const SqlDialect& dialect) {
  const std::string_view name = data_type_name(type.kind, dialect);
  const std::string_view compressed = type.compressed ? " /*M!100301 COMPRESSED*/" : "";
  switch (type.kind) {
    case SqlKind::kTinyint:
    case SqlKind::kSmallint:
    case SqlKind::kMediumint:
    case SqlKind::kInt:
    case SqlKind::kBigint:
      return integer_text(type, name, dialect);
    case SqlKind::kFloat:
    case SqlKind::kDouble:
    case SqlKind::kDecimal:
      if (!type.scale) return fmt::format("{}{}", name, number_suffix(type));
      return fmt::format("{}({},{}){}", name, type.length.value_or(0), *type.scale,
                         number_suffix(type));
    case SqlKind::kBit:
    case SqlKind::kChar:
    case SqlKind::kBinary:
      return with_length(name, type.length.value_or(1));
    case SqlKind::kVarchar:
    case SqlKind::kVarbinary:
      return fmt::format("{}({}){}", name, type.length.value_or(0), compressed);
    case SqlKind::kVector:
      return with_length(name, type.length.value_or(kVectorLength));
    case SqlKind::kEnum:
    case SqlKind::kSet:
      return labels_text(type, name, charset);
    case SqlKind::kTime:
    case SqlKind::kDatetime:
    case SqlKind::kTimestamp:
      if (!dialect.is_mariadb() && dialect.version < kFractionsSince) return std::string(name);
      return type.length.value_or(0) == 0 ? std::string(name) : with_length(name, *type.length);
    case SqlKind::kYear:
      if (hides_width(dialect)) return std::string(name);
      return with_length(name, type.length.value_or(4) == 2 ? 2 : 4);
    default:
      return fmt::format("{}{}", name, compressed);
  }
}

Status settle_labels(SqlType& type, std::string_view charset) {
  const Charset* const set = charset_named(charset);
  for (SqlLabel& label : type.labels) {
    if (label.raw) {
      ByteBuffer converted;
      const bool valid = set != nullptr && set->append_utf8(as_bytes(label.text), converted) &&
                         is_utf8(as_text(converted.view()));
      if (!valid) return fail(ErrorKind::kUnsupported, "a label has bytes that are no characters");
      label = {std::string(as_text(converted.view())), false};
    } else if (set == nullptr || !can_hold(*set, label.text)) {
      return fail(ErrorKind::kUnsupported, "its character set may not have a label's characters");
    }
  }
  return {};
}

void settle_type(SqlType& type, std::string_view charset, const SqlDialect& dialect) {
  const bool to_binary = is_character(type.kind) && (charset == "binary" || type.binary_bytes);
  if (to_binary) type.kind = binary_form(type.kind);
  const uint64_t factor = to_binary || !is_character(type.kind) ? 1 : char_bytes(charset);
  const bool varying = type.kind == SqlKind::kVarchar || type.kind == SqlKind::kVarbinary;
  const bool binary = type.kind == SqlKind::kVarbinary ||
                      (type.kind >= SqlKind::kTinyblob && type.kind <= SqlKind::kLongblob);
  // So far from overflow that no length of a real column comes near it.
  const uint64_t length = std::min<uint64_t>(type.length.value_or(0), UINT32_MAX);
  const bool too_long = varying && length * factor > kVarcharBytesMax;
  const bool sized = is_blob(type.kind) && type.length && (length != 0 || heeds_zero(dialect));
  if (too_long || sized) type.kind = text_of_bytes(length * factor, binary);
  if (is_blob(type.kind)) type.length.reset();
  if (type.kind == SqlKind::kFloat && type.length && !type.scale) {
    if (*type.length > kFloatBitsMax) type.kind = SqlKind::kDouble;
    type.length.reset();
  }
  if (type.kind == SqlKind::kDecimal) {
    if (type.length.value_or(0) == 0) type.length = 10;
    if (!type.scale) type.scale = 0;
  }
  if (type.kind == SqlKind::kBit && type.length.value_or(0) == 0) type.length = 1;
}

}  // namespace tailwater::mysql
