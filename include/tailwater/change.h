// Changes, as users of the library see them. Everything here is a view: it is valid until the
// stream that gave it moves on. Copy what you want to keep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tailwater {

struct ChangeView;
struct TransactionInfo;
class Schema;

/// What happened to a row.
enum class Operation : uint8_t {
  kInsert = 1,
  kUpdate = 2,
  kDelete = 3,
  kRead = 4,  ///< a row of a snapshot
  kTruncate = 5,
  kSchemaChange = 6,  ///< a statement that changed the schema: no rows, see Change::statement
  kReadStart = 7,     ///< a snapshot of the table starts: its reads follow. No row
  kReadEnd = 8,       ///< a snapshot of the table is complete. No row
  /// A statement that changed rows which ones the source's log does not say; only where the source
  /// was told to record such statements. No rows, see Change::statement.
  kStatement = 9,
  /// Nothing changed: where the source is, when StreamOptions::heartbeat_interval_ms asks for it.
  /// No row, no table; commit_time_us is when the source was there.
  kHeartbeat = 255,
};

/// "insert", "update", "delete", "read", "truncate", "schema_change", "read_start", "read_end",
/// "statement", "heartbeat".
std::string_view to_string(Operation operation);

/// One column of a row.
class Field {
 public:
  /// The column's name, UTF-8.
  [[nodiscard]] std::string_view name() const;
  /// The logical type: "int32", "decimal", "string", … (docs/library.md lists them).
  [[nodiscard]] std::string_view type() const;
  /// The source's own words for it: "decimal(10,2)".
  [[nodiscard]] std::string_view source_type() const;
  /// SQL NULL.
  [[nodiscard]] bool is_null() const;
  /// The source did not send the value (a MINIMAL row image): it is not known, which is not NULL.
  [[nodiscard]] bool is_unavailable() const;

  /// The value in its canonical text, exact for every type; "" for NULL and unavailable.
  /// Bytes, geometry and vectors are hex.
  [[nodiscard]] std::string text() const;
  /// Bytes and text in place, without a copy; empty for other types.
  [[nodiscard]] std::string_view view() const;
  /// Integers, years, bits and bools of any size; nothing for other types, NULL and unavailable,
  /// and for an unsigned value that does not fit.
  [[nodiscard]] std::optional<int64_t> integer() const;
  /// The same, for values that are not negative.
  [[nodiscard]] std::optional<uint64_t> unsigned_integer() const;
  /// Floats and integers as a double; nothing for other types.
  [[nodiscard]] std::optional<double> number() const;

 private:
  friend class Row;
  Field(const ChangeView* change, bool after, size_t column)
      : change_(change), column_(column), after_(after) {}

  const ChangeView* change_;
  size_t column_;
  bool after_;
};

/// A row before or after a change. False where there is none (before an insert, after a delete).
class Row {
 public:
  explicit operator bool() const;
  [[nodiscard]] size_t size() const;
  /// The column at a place, 0 to size() - 1.
  [[nodiscard]] Field operator[](size_t column) const { return {change_, after_, column}; }
  /// The column of a name (exact), if there is one.
  [[nodiscard]] std::optional<Field> find(std::string_view name) const;

 private:
  friend class Change;
  Row(const ChangeView* change, bool after) : change_(change), after_(after) {}

  const ChangeView* change_;
  bool after_;
};

/// One change of one row, in the order of commits.
class Change {
 public:
  Change(const TransactionInfo* transaction, const ChangeView* change)
      : transaction_(transaction), change_(change) {}

  [[nodiscard]] Operation operation() const;
  [[nodiscard]] std::string_view database() const;
  [[nodiscard]] std::string_view table() const;
  [[nodiscard]] Row before() const { return {change_, false}; }
  [[nodiscard]] Row after() const { return {change_, true}; }
  /// The row that identifies it: after, or before for a delete.
  [[nodiscard]] Row row() const;
  /// How many columns the key has, and which; 0 for a table without a key.
  [[nodiscard]] size_t key_size() const;
  [[nodiscard]] Field key(size_t part) const;
  /// kSchemaChange, kStatement: the statement.
  [[nodiscard]] std::string_view statement() const;

  /// The change's dense number in its changelog.
  [[nodiscard]] uint64_t offset() const;
  /// The same change has the same id for ever: GTID (or server file:pos) and ordinal.
  [[nodiscard]] std::string event_id() const;
  /// Its place in its transaction, as the source sent it.
  [[nodiscard]] uint64_t ordinal() const;
  /// Whether it is the last of its transaction: a good moment to commit what was made of it.
  [[nodiscard]] bool last_of_transaction() const;
  /// The transaction's GTID; "" where the source has none.
  [[nodiscard]] std::string_view gtid() const;
  /// The source's commit time, microseconds since 1970 UTC.
  [[nodiscard]] int64_t commit_time_us() const;
  /// Where the source's log goes on after this transaction, FILE:POS, as StreamOptions::from takes
  /// it on this server. To store, take Stream::next_position, which names the server too.
  [[nodiscard]] std::string position_after() const;

 private:
  const TransactionInfo* transaction_;
  const ChangeView* change_;
};

}  // namespace tailwater
