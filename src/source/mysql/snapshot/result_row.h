// ResultRow: a row of a SELECT becomes a row of the table's schema, the same to the bit as the row
// that the stream makes of a binlog image.
//
// The SELECT names every column of the schema in order, each as `select_expression` says, in a
// session whose character_set_results is NULL (texts come in their own character sets) and whose
// time zone is UTC. Format: MySQL Internals, "Binary Protocol Value".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/result.h"
#include "db/mysql/key_range.h"
#include "db/mysql/session.h"
#include "model/row.h"
#include "source/mysql/binlog/charset.h"

namespace tailwater::mysql {

/// How a column is selected: its quoted name, or for labels their numbers.
std::string select_expression(const Column& column);

/// Whether rows can be told to lie before or behind a value of this column, in the server's order,
/// by an SQL literal.
bool can_bound(const Column& column);

/// Made once for a table's result, then used for every row. Not thread-safe.
class ResultRow {
 public:
  /// The rows have the columns of `table` whose ascending indexes are `kept`. kUnsupported when the
  /// server sends a column in a form that does not fit.
  static Result<ResultRow> make(const TableSchema& table, const std::vector<uint32_t>& kept,
                                const std::vector<ResultColumn>& columns);

  /// Appends the row to `out` (docs/row_format.md). kCorrupt, naming the column, when the bytes do
  /// not fit; `out` is then as it was.
  Status append(Bytes row, ByteBuffer& out) const;
  /// The values of some columns as SQL literals that are exactly those values.
  Result<KeyBound> literals(Bytes row, const std::vector<uint32_t>& columns) const;

 private:
  enum class Step : uint8_t {
    kCopy1,
    kCopy2,
    kCopy4,
    kCopy8,
    kLabels,  ///< an integer of `sent` bytes, of which `kept` are kept
    kDate,
    kDatetime,
    kTimestamp,
    kTime,
    kSmallDecimal,
    kBit,
    kText,   ///< converted by `charset`
    kBytes,  ///< as they are
    kUuid,
  };
  struct Field {
    Step step = Step::kBytes;
    uint8_t scale = 0;
    uint8_t sent = 0;
    uint8_t kept = 0;
    bool dropped = false;
    bool decimal = false;
    const Charset* charset = nullptr;
  };

  ResultRow(const TableSchema& table, const std::vector<uint32_t>& kept);
  static std::optional<Field> field_of(const Column& column, uint8_t wire_type);
  // `to`: the column's place in the row that is made.
  bool put(const Field& field, size_t to, Cursor& cursor, RowWriter& row) const;
  bool put_sized(const Field& field, size_t to, Cursor& cursor, RowWriter& row) const;
  static bool skip(const Field& field, Cursor& cursor);
  [[nodiscard]] std::string literal(size_t column, Bytes value) const;

  std::shared_ptr<const TableSchema> table_;
  std::shared_ptr<const RowLayout> layout_;
  std::vector<Field> fields_;
};

}  // namespace tailwater::mysql
