// SchemaCatalog: the databases and tables of a server as its statements leave them, followed from
// one statement of the binlog to the next.
//
// It must have been given all tables that matter (put_database, put_table) as they were at one
// position; from there on apply() keeps it true. What a statement's text does not tell is never
// guessed: such a table is marked as stale, and must be read from the server again.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "source/mysql/ddl/schema_statement.h"
#include "source/mysql/ddl/tracked_table.h"

namespace tailwater::mysql {

/// What a statement has done to one table (or to a database: then `table` is empty).
struct SchemaChange {
  enum class Kind : uint8_t {
    kCreated,
    kAltered,  ///< also where its columns are the same as before
    kDropped,
    kRenamed,  ///< from `old_name`; an ALTER that does more gives kAltered as well
    kTruncated,
    kUnknown,  ///< the table must be read again, `reason` says why; without a name: any table
    kDatabaseCreated,
    kDatabaseAltered,
    kDatabaseDropped,  ///< after a kDropped for each of its tables
  };
  Kind kind = Kind::kUnknown;
  TableName name;
  TableName old_name = {};
  std::string reason = {};
};

/// "created", "altered", ….
std::string_view to_string(SchemaChange::Kind kind);

/// Whether names of databases and tables in different case are different: the server's
/// lower_case_table_names is 0. Else all are kept in lower case.
enum class NameCase : uint8_t { kSensitive, kLower };

/// Not thread-safe. May be copied.
class SchemaCatalog {
 public:
  explicit SchemaCatalog(NameCase name_case = NameCase::kSensitive) : name_case_(name_case) {}

  /// Applies one statement that the server has executed. Never fails: see kUnknown. Temporary
  /// tables are of no concern here and change nothing.
  std::vector<SchemaChange> apply(std::string_view statement, const DdlSession& session);
  /// The same for a statement that was parsed, with the same session.
  std::vector<SchemaChange> apply(const SchemaStatement& statement, const DdlSession& session);

  /// The table, stale or not; null when there is none of that name. Valid until the next change.
  [[nodiscard]] const TrackedTable* find(std::string_view database, std::string_view table) const;
  /// The default character set of a database; empty when it is not known.
  [[nodiscard]] std::string database_charset(std::string_view database) const;

  /// Sets a table as it was read from a server, or as it was stored; settles its facts' keys.
  void put_table(const TableName& name, TrackedTable table);
  void put_database(std::string_view name, std::string_view charset);
  void remove_table(const TableName& name);

  [[nodiscard]] const std::map<TableName, TrackedTable>& tables() const { return tables_; }
  [[nodiscard]] const std::map<std::string, std::string>& databases() const { return databases_; }
  [[nodiscard]] NameCase name_case() const { return name_case_; }
  /// The name that a table is kept under.
  [[nodiscard]] TableName key_of(const TableName& name) const;

  /// Appends the whole catalog in the form of docs/schema_history_format.md.
  void encode(ByteBuffer& out) const;
  /// kCorrupt when the bytes are no such catalog; kUnsupported for a later version of the form.
  static Result<SchemaCatalog> decode(Bytes bytes);

 private:
  friend class StatementApplication;

  NameCase name_case_;
  std::map<TableName, TrackedTable> tables_;
  std::map<std::string, std::string> databases_;  // default character sets
};

}  // namespace tailwater::mysql
