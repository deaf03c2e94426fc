// SqlType: a column's type as a statement declares it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "source/mysql/ddl/sql_dialect.h"

namespace tailwater::mysql {

enum class SqlKind : uint8_t {
  kTinyint,
  kSmallint,
  kMediumint,
  kInt,
  kBigint,
  kFloat,
  kDouble,
  kDecimal,
  kBit,
  kChar,
  kVarchar,
  kBinary,
  kVarbinary,
  kTinytext,
  kText,
  kMediumtext,
  kLongtext,
  kTinyblob,
  kBlob,
  kMediumblob,
  kLongblob,
  kJson,
  kEnum,
  kSet,
  kDate,
  kTime,
  kDatetime,
  kTimestamp,
  kYear,
  kGeometry,
  kPoint,
  kLinestring,
  kPolygon,
  kMultipoint,
  kMultilinestring,
  kMultipolygon,
  kGeometrycollection,
  kUuid,
  kInet4,
  kInet6,
  kVector,
  kXmltype,
};

/// A label of an enum or set.
struct SqlLabel {
  std::string text;
  bool raw = false;  ///< written in hex: bytes in the column's character set, else UTF-8
};

/// What was written as a character set or collation. Empty where nothing was; "default" where that
/// word was written.
struct CharsetWords {
  std::string charset = {};
  std::string collation = {};
  [[nodiscard]] bool empty() const { return charset.empty() && collation.empty(); }
};

struct SqlType {
  SqlKind kind = SqlKind::kInt;
  std::optional<uint64_t> length = {};  ///< the first number in parentheses
  std::optional<uint64_t> scale = {};   ///< the second
  bool is_unsigned = false;
  bool zerofill = false;
  bool compressed = false;            ///< MariaDB's COMPRESSED
  bool compressed_by_format = false;  ///< MySQL forks: COLUMN_FORMAT COMPRESSED
  bool binary_bytes = false;          ///< CHAR(10) BYTE: a binary string
  CharsetWords charset = {};
  std::vector<SqlLabel> labels = {};
};

/// Whether values of the type are text in some character set (unless that is `binary`).
bool is_character(SqlKind kind);
/// TEXT and BLOB of any size.
bool is_blob(SqlKind kind);

/// DATA_TYPE as information_schema shows it: "int", "geomcollection".
std::string_view data_type_name(SqlKind kind, const SqlDialect& dialect);

/// COLUMN_TYPE as this server's information_schema shows it: "int(11)", "decimal(10,0) unsigned",
/// "enum('a','b')". `charset` is the column's. The type must be settled: see settle_type and
/// settle_labels.
std::string column_type_text(const SqlType& type, std::string_view charset,
                             const SqlDialect& dialect);

/// Makes UTF-8 of labels that are bytes in the column's character set. kUnsupported where they are
/// no characters, or where the set may not have those of a label: servers change such labels.
Status settle_labels(SqlType& type, std::string_view charset);

/// Makes of the declared type what the server makes of it in a column of this character set ("" for
/// a type without one): TEXT(70000) becomes mediumtext, VARCHAR too long becomes text, and the
/// types of text become binary ones when the character set is binary.
void settle_type(SqlType& type, std::string_view charset, const SqlDialect& dialect);

}  // namespace tailwater::mysql
