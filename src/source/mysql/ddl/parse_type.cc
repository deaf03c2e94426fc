#include <array>

#include "base/text.h"
#include "source/mysql/ddl/parse_column.h"

namespace tailwater::mysql {
namespace {

struct TypeWord {
  std::string_view word;
  SqlKind kind;
  std::optional<uint64_t> length = {};
};
constexpr std::array kTypeWords = {
    TypeWord{"tinyint", SqlKind::kTinyint},
    TypeWord{"int1", SqlKind::kTinyint},
    TypeWord{"bool", SqlKind::kTinyint, 1},
    TypeWord{"boolean", SqlKind::kTinyint, 1},
    TypeWord{"smallint", SqlKind::kSmallint},
    TypeWord{"int2", SqlKind::kSmallint},
    TypeWord{"mediumint", SqlKind::kMediumint},
    TypeWord{"middleint", SqlKind::kMediumint},
    TypeWord{"int3", SqlKind::kMediumint},
    TypeWord{"int", SqlKind::kInt},
    TypeWord{"integer", SqlKind::kInt},
    TypeWord{"int4", SqlKind::kInt},
    TypeWord{"bigint", SqlKind::kBigint},
    TypeWord{"int8", SqlKind::kBigint},
    TypeWord{"float", SqlKind::kFloat},
    TypeWord{"float4", SqlKind::kFloat},
    TypeWord{"double", SqlKind::kDouble},
    TypeWord{"float8", SqlKind::kDouble},
    TypeWord{"decimal", SqlKind::kDecimal},
    TypeWord{"dec", SqlKind::kDecimal},
    TypeWord{"numeric", SqlKind::kDecimal},
    TypeWord{"fixed", SqlKind::kDecimal},
    TypeWord{"bit", SqlKind::kBit},
    TypeWord{"varchar", SqlKind::kVarchar},
    TypeWord{"varcharacter", SqlKind::kVarchar},
    TypeWord{"binary", SqlKind::kBinary},
    TypeWord{"varbinary", SqlKind::kVarbinary},
    TypeWord{"tinytext", SqlKind::kTinytext},
    TypeWord{"text", SqlKind::kText},
    TypeWord{"mediumtext", SqlKind::kMediumtext},
    TypeWord{"longtext", SqlKind::kLongtext},
    TypeWord{"tinyblob", SqlKind::kTinyblob},
    TypeWord{"blob", SqlKind::kBlob},
    TypeWord{"mediumblob", SqlKind::kMediumblob},
    TypeWord{"longblob", SqlKind::kLongblob},
    TypeWord{"json", SqlKind::kJson},
    TypeWord{"enum", SqlKind::kEnum},
    TypeWord{"set", SqlKind::kSet},
    TypeWord{"date", SqlKind::kDate},
    TypeWord{"time", SqlKind::kTime},
    TypeWord{"datetime", SqlKind::kDatetime},
    TypeWord{"timestamp", SqlKind::kTimestamp},
    TypeWord{"year", SqlKind::kYear},
    TypeWord{"geometry", SqlKind::kGeometry},
    TypeWord{"point", SqlKind::kPoint},
    TypeWord{"linestring", SqlKind::kLinestring},
    TypeWord{"polygon", SqlKind::kPolygon},
    TypeWord{"multipoint", SqlKind::kMultipoint},
    TypeWord{"multilinestring", SqlKind::kMultilinestring},
    TypeWord{"multipolygon", SqlKind::kMultipolygon},
    TypeWord{"geometrycollection", SqlKind::kGeometrycollection},
    TypeWord{"geomcollection", SqlKind::kGeometrycollection},
    TypeWord{"uuid", SqlKind::kUuid},
    TypeWord{"inet4", SqlKind::kInet4},
    TypeWord{"inet6", SqlKind::kInet6},
    TypeWord{"vector", SqlKind::kVector},
    TypeWord{"xmltype", SqlKind::kXmltype},
};
// What sql_mode=ORACLE of MariaDB adds or changes.
constexpr std::array kOracleWords = {
    TypeWord{"varchar2", SqlKind::kVarchar}, TypeWord{"raw", SqlKind::kVarbinary},
    TypeWord{"clob", SqlKind::kLongtext},    TypeWord{"blob", SqlKind::kLongblob},
    TypeWord{"date", SqlKind::kDatetime},
};

template <typename Words>
const TypeWord* find_word(const Words& words, std::string_view word) {
  for (const TypeWord& each : words) {
    if (each.word == word) return &each;
  }
  return nullptr;
}

constexpr std::string_view kNationalCharset = "utf8";

// Behind CHAR and its kin: VARYING makes it a varchar.
void parse_char(SqlReader& reader, SqlType& type) {
  type.kind = reader.accept("varying") ? SqlKind::kVarchar : SqlKind::kChar;
}

// NATIONAL CHAR VARYING, NATIONAL VARCHAR, NCHAR, NVARCHAR, …; false where no such word stands.
bool parse_national(SqlReader& reader, SqlType& type) {
  const bool nchar = reader.accept("nchar");
  if (!nchar && !reader.at_any({"national", "nvarchar"})) return false;
  type.charset.charset = kNationalCharset;
  if (reader.accept("nvarchar")) {
    type.kind = SqlKind::kVarchar;
    return true;
  }
  if (!nchar) reader.skip();
  if (reader.accept_any({"varchar", "varcharacter"})) {
    type.kind = SqlKind::kVarchar;
    return true;
  }
  if (!nchar && !reader.accept_any({"char", "character"})) reader.stop("a national type");
  parse_char(reader, type);
  return true;
}

// LONG, LONG VARCHAR, LONG CHAR VARYING, LONG VARBINARY.
void parse_long(SqlReader& reader, SqlType& type) {
  if (reader.accept("varbinary")) {
    type.kind = SqlKind::kMediumblob;
    return;
  }
  type.kind = SqlKind::kMediumtext;
  if (reader.accept_any({"varchar", "varcharacter"})) return;
  // Else CHARACTER begins CHARACTER SET.
  if (!reader.accept_both("char", "varying")) (void)reader.accept_both("character", "varying");
}

void parse_serial(ColumnDefinition& column, SqlType& type) {
  type.kind = SqlKind::kBigint;
  type.is_unsigned = true;
  column.null = ColumnDefinition::Null::kNotNull;
  column.auto_increment = true;
  column.unique = true;
}

// MariaDB's NUMBER of sql_mode=ORACLE: a decimal with digits, a double without.
void parse_oracle_number(SqlReader& reader, SqlType& type) {
  type.kind = reader.at('(') ? SqlKind::kDecimal : SqlKind::kDouble;
}

bool parse_oracle_word(SqlReader& reader, SqlType& type) {
  if (reader.accept("number")) {
    parse_oracle_number(reader, type);
    return true;
  }
  const TypeWord* const found = find_word(kOracleWords, to_lower(reader.peek().text));
  if (found == nullptr) return false;
  reader.skip();
  type.kind = found->kind;
  return true;
}

// Whose types are meant: those of sql_mode, unless MariaDB's oracle_schema.date and the like say.
struct TypeSchema {
  bool oracle = false;
  bool maxdb = false;
};
TypeSchema parse_type_schema(SqlReader& reader) {
  const SqlDialect& dialect = reader.dialect();
  TypeSchema schema{dialect.is_mariadb() && dialect.has(SqlMode::kOracle),
                    dialect.has(SqlMode::kMaxdb)};
  if (!dialect.is_mariadb()) return schema;
  if (!reader.at_any({"mariadb_schema", "oracle_schema", "maxdb_schema"})) return schema;
  schema = {reader.at("oracle_schema"), reader.at("maxdb_schema")};
  reader.skip();
  reader.expect('.');
  return schema;
}

void parse_plain_word(SqlReader& reader, SqlType& type, bool maxdb) {
  const SqlDialect& dialect = reader.dialect();
  const TypeWord* const found = find_word(kTypeWords, to_lower(reader.peek().text));
  if (found == nullptr || reader.peek().kind != SqlToken::Kind::kWord)
    return reader.stop("a data type");
  reader.skip();
  type.kind = found->kind;
  type.length = found->length;
  if (type.kind == SqlKind::kDouble) (void)reader.accept("precision");
  if (type.kind == SqlKind::kTimestamp && maxdb) type.kind = SqlKind::kDatetime;
  if (type.kind == SqlKind::kJson && dialect.is_mariadb()) {
    type.kind = SqlKind::kLongtext;
    type.charset = {"utf8mb4", "utf8mb4_bin"};
  }
}

void parse_type_word(SqlReader& reader, ColumnDefinition& column, SqlType& type) {
  const TypeSchema schema = parse_type_schema(reader);
  if (schema.oracle && parse_oracle_word(reader, type)) return;
  if (reader.accept("serial")) return parse_serial(column, type);
  if (reader.accept("real")) {
    (void)reader.accept("precision");
    const bool is_float = reader.dialect().has(SqlMode::kRealAsFloat);
    type.kind = is_float ? SqlKind::kFloat : SqlKind::kDouble;
    return;
  }
  if (reader.accept_any({"char", "character"})) return parse_char(reader, type);
  if (reader.accept("long")) return parse_long(reader, type);
  if (parse_national(reader, type)) return;
  parse_plain_word(reader, type, schema.maxdb);
}

void parse_labels(SqlReader& reader, SqlType& type) {
  reader.expect('(');
  do {
    if (reader.peek().kind == SqlToken::Kind::kBytes) {
      type.labels.push_back({token_bytes(reader.peek()), true});
      reader.skip();
    } else {
      type.labels.push_back({reader.text(), false});
    }
  } while (reader.accept(','));
  reader.expect(')');
}

void parse_length(SqlReader& reader, SqlType& type) {
  if (!reader.accept('(')) return;
  type.length = reader.number();
  if (reader.accept(',')) type.scale = reader.number();
  reader.expect(')');
}

// The options that may stand behind a type in any order.
void parse_type_options(SqlReader& reader, SqlType& type) {
  for (;;) {
    if (reader.accept("unsigned")) {
      type.is_unsigned = true;
    } else if (reader.accept("zerofill")) {
      type.is_unsigned = true;
      type.zerofill = true;
    } else if (reader.accept("byte")) {
      type.binary_bytes = true;
    } else if (reader.accept("ascii")) {
      type.charset.charset = "latin1";
    } else if (reader.accept("unicode")) {
      type.charset.charset = "ucs2";
    } else if (reader.at("compressed") && reader.dialect().is_mariadb()) {
      reader.skip();
      type.compressed = true;
      if (reader.accept('=')) (void)reader.name();
    } else if (!reader.accept_any({"signed", "binary"})) {
      const bool charset = reader.at_any({"charset", "character", "char"});
      if (!charset || !parse_charset_option(reader, type.charset)) return;
    }
  }
}

}  // namespace

SqlType parse_type(SqlReader& reader, ColumnDefinition& column) {
  SqlType type;
  parse_type_word(reader, column, type);
  if (type.kind == SqlKind::kEnum || type.kind == SqlKind::kSet) {
    parse_labels(reader, type);
  } else {
    parse_length(reader, type);
  }
  parse_type_options(reader, type);
  return type;
}

}  // namespace tailwater::mysql
