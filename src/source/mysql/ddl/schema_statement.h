// SchemaStatement: what a statement says about tables and databases, as it was written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "db/mysql/catalog.h"
#include "source/mysql/ddl/sql_type.h"

namespace tailwater::mysql {

struct KeyDefinition {
  enum class Kind : uint8_t {
    kPrimary,
    kUnique,
    kOther,    ///< an index of any kind that is not unique
    kForeign,  ///< a foreign key: makes an index where none fits
    kPeriod,   ///< MariaDB's PERIOD FOR: no key, but its columns cannot be NULL
  };
  struct Part {
    std::string column;   ///< empty: an expression
    uint64_t prefix = 0;  ///< characters or bytes; 0: all
  };
  Kind kind = Kind::kOther;
  std::string name = {};        ///< empty: the server chooses
  std::string constraint = {};  ///< CONSTRAINT's name
  std::vector<Part> parts = {};
  bool if_not_exists = false;
  bool or_replace = false;
};

struct ColumnDefinition {
  enum class Null : uint8_t { kUnsaid, kNull, kNotNull };
  std::string name;
  SqlType type = {};
  Null null = Null::kUnsaid;
  bool auto_increment = false;
  bool primary = false;
  bool unique = false;
  bool generated = false;  ///< virtual or stored, or a bound of the row's period
  bool row_end = false;    ///< MariaDB: GENERATED ALWAYS AS ROW END
  bool versioned = false;  ///< MariaDB: WITH SYSTEM VERSIONING; then its table is
  bool invisible = false;
  bool has_default = false;  ///< a DEFAULT other than NULL, or ON UPDATE
};

/// Where ALTER TABLE puts a column.
struct ColumnPlace {
  enum class Kind : uint8_t { kUnsaid, kFirst, kAfter };
  Kind kind = Kind::kUnsaid;
  std::string after = {};
};

struct AddColumn {
  ColumnDefinition column;
  ColumnPlace place = {};
  bool if_not_exists = false;
};
struct DropColumn {
  std::string name;
  bool if_exists = false;
};
/// CHANGE and, with the same name twice, MODIFY.
struct ChangeColumn {
  std::string old_name;
  ColumnDefinition column;
  ColumnPlace place = {};
  bool if_exists = false;
};
struct RenameColumn {
  std::string old_name;
  std::string new_name;
  bool if_exists = false;
};
struct ShowColumn {  ///< ALTER COLUMN … SET VISIBLE or INVISIBLE
  std::string name;
  bool invisible = false;
};
struct AddKey {
  KeyDefinition key;
};
struct DropKey {
  std::string name;  ///< "PRIMARY" for the primary key
  bool if_exists = false;
};
struct DropConstraint {  ///< of any kind; a key where it is a key's name
  std::string name;
  bool if_exists = false;
};
struct RenameKey {
  std::string old_name;
  std::string new_name;
  bool if_exists = false;
};
struct RenameTo {
  TableName name;
};
struct ConvertCharset {
  CharsetWords charset;
};
struct SetCharset {  ///< DEFAULT CHARACTER SET: of columns to come
  CharsetWords charset;
};
struct SetVersioning {  ///< MariaDB: ADD or DROP SYSTEM VERSIONING
  bool on = false;
};
struct PartitionToTable {  ///< MariaDB: a new table like this one
  TableName name;
};
struct TableToPartition {  ///< MariaDB: that table is gone
  TableName name;
};
using AlterAction =
    std::variant<AddColumn, DropColumn, ChangeColumn, RenameColumn, ShowColumn, AddKey, DropKey,
                 DropConstraint, RenameKey, RenameTo, ConvertCharset, SetCharset, SetVersioning,
                 PartitionToTable, TableToPartition>;

struct CreateTable {
  TableName name;
  bool temporary = false;
  bool or_replace = false;
  bool if_not_exists = false;
  std::vector<ColumnDefinition> columns = {};
  std::vector<KeyDefinition> keys = {};  ///< those of column attributes too, in the order written
  CharsetWords charset = {};
  std::optional<TableName> like = {};
  bool from_select = false;    ///< its columns come from a query too
  bool versioned = false;      ///< MariaDB: WITH SYSTEM VERSIONING
  std::string undecided = {};  ///< why its columns cannot be known from the text; empty: they can
};
struct AlterTable {
  TableName name;
  bool if_exists = false;
  /// Also what does not change what a reader of rows sees; such actions are left out.
  std::vector<AlterAction> actions = {};
  std::string undecided = {};  ///< as in CreateTable
};
struct DropTables {
  std::vector<TableName> names;
  bool temporary = false;
};
struct RenameTables {
  struct Pair {
    TableName from;
    TableName to;
    bool if_exists = false;
  };
  std::vector<Pair> pairs;  ///< renamed one after the other
};
struct TruncateTable {
  TableName name;
};
struct CreateDatabase {
  std::string name;
  bool or_replace = false;
  bool if_not_exists = false;
  CharsetWords charset = {};
};
struct AlterDatabase {
  std::string name;
  CharsetWords charset = {};
};
struct DropDatabase {
  std::string name;
};
/// A statement about something else: views, users, rows, ….
struct OtherStatement {};
/// A statement that this parser does not know, or not to its end.
struct UnknownStatement {
  std::string word;      ///< where it stopped: as written, at most 64 bytes; empty at the end
  size_t offset = 0;     ///< of that word, in the statement
  std::string expected;  ///< what could stand there
  std::vector<TableName> tables = {};  ///< those it surely names

  /// "near 'FOO' (byte 12): expected a table name".
  [[nodiscard]] std::string describe() const;
};

using SchemaStatement =
    std::variant<OtherStatement, UnknownStatement, CreateTable, AlterTable, DropTables,
                 RenameTables, TruncateTable, CreateDatabase, AlterDatabase, DropDatabase>;

/// Reads one statement (of a binlog's QUERY event, as UTF-8). Names without a database get the
/// session's. Never fails: what it does not know is an UnknownStatement. Takes time and memory in
/// proportion to the statement, and a fixed depth of stack. A statement that is about something
/// else is not read to its end.
SchemaStatement parse_schema_statement(std::string_view sql, const DdlSession& session);

}  // namespace tailwater::mysql
