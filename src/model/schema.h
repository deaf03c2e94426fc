// Schemas: what a table's columns were when a change was made. Immutable once made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/type.h"

namespace tailwater {

/// A schema's number in one changelog. 0 is no schema.
enum class SchemaId : uint32_t { kNone = 0 };

/// A column of a table.
struct Column {
  std::string name;
  Type type;
  std::string source_type;   ///< the source's own words: "int(10) unsigned", "varchar(20)"
  std::string charset = {};  ///< string kinds: the source's character set, "" where it has none
  bool nullable = true;
  bool generated = false;  ///< computed by the source
  bool invisible = false;  ///< left out of the source's `SELECT *`

  bool operator==(const Column&) const = default;
};

/// What tells two rows of a table apart.
enum class KeyKind : uint8_t {
  kNone = 0,
  kPrimary = 1,
  kUnique = 2,  ///< a unique key of columns that cannot be NULL, or a replica identity
  kUser = 3,    ///< the user's `key_columns`
};

/// What a table looks like: everything but its number.
struct TableSchema {
  std::string database;
  std::string table;
  std::vector<Column> columns;
  KeyKind key_kind = KeyKind::kNone;
  std::vector<uint32_t> key_columns = {};  ///< indexes into columns, in key order

  bool operator==(const TableSchema&) const = default;
  /// "database.table".
  [[nodiscard]] std::string full_name() const { return database + "." + table; }
};

/// Where the parts of a row of one schema lie; docs/row_format.md. All numbers are bytes from the
/// row's start.
struct RowLayout {
  struct Slot {
    uint32_t at = 0;            ///< where the fixed slot starts
    uint32_t previous_end = 0;  ///< variable: slot of the variable column before (0: none)
    bool variable = false;
  };
  uint32_t presence_bytes = 0;
  uint32_t fixed_bytes = 0;  ///< presence bits and all slots; the variable part starts here
  std::vector<Slot> slots;

  explicit RowLayout(const std::vector<Column>& columns);
};

/// A table schema with its number and the layout of its rows. Shared, never changed.
class Schema {
 public:
  Schema(SchemaId id, TableSchema table)
      : id_(id), table_(std::move(table)), layout_(table_.columns) {}

  [[nodiscard]] SchemaId id() const { return id_; }
  [[nodiscard]] const TableSchema& table() const { return table_; }
  [[nodiscard]] const std::vector<Column>& columns() const { return table_.columns; }
  [[nodiscard]] const RowLayout& layout() const { return layout_; }

 private:
  SchemaId id_;
  TableSchema table_;
  RowLayout layout_;
};
using SchemaPtr = std::shared_ptr<const Schema>;

/// The stored form of a table schema; docs/changelog_format.md, "Schema record".
void encode_schema(const TableSchema& schema, ByteBuffer& out);
/// kCorrupt when the bytes are not such a form.
Result<TableSchema> decode_schema(Bytes bytes);

}  // namespace tailwater
