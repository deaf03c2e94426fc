// Table schemas from what a table map says, alone or together with the server's catalog.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/schema.h"
#include "source/mysql/binlog/table_map.h"

namespace tailwater::mysql {

/// What the catalog (information_schema.COLUMNS) says of a column. All text is UTF-8.
struct ColumnFacts {
  std::string name;
  std::string data_type;           ///< DATA_TYPE: "varchar"
  std::string column_type;         ///< COLUMN_TYPE: "varchar(20)", "int(10) unsigned"
  std::string character_set = {};  ///< CHARACTER_SET_NAME, "" where NULL
  bool nullable = true;
  bool generated = false;
  bool invisible = false;
  bool operator==(const ColumnFacts&) const = default;
};

struct TableFacts {
  std::vector<ColumnFacts> columns;
  std::vector<uint32_t> primary_key = {};               ///< indexes into columns, in key order
  std::vector<std::vector<uint32_t>> unique_keys = {};  ///< in the server's order
  /// MariaDB: WITH SYSTEM VERSIONING without columns of its own for a row's period. Its rows have
  /// row_start and row_end behind `columns`, and row_end is the last part of each unique key: what
  /// a row was stays in the table under the same other values. Neither is in `columns` or the keys.
  bool hidden_period = false;
  /// MariaDB: unique keys that surely, and at most that perhaps, are too long for an index. For
  /// each of them a hidden column with a hash (DB_ROW_HASH_1, …) is the last of a row in the
  /// binlog.
  uint32_t hash_keys_min = 0;
  uint32_t hash_keys_max = 0;
  bool operator==(const TableFacts&) const = default;
};

/// The facts with row_start and row_end among the columns and in the keys, where they are hidden.
TableFacts with_period(const TableFacts& facts);

/// From a table map with names (binlog_row_metadata=FULL) alone. kUserFix when it has none.
/// MariaDB sends uuid, inet4, inet6 and vector columns as binary strings and does not say so: here
/// they are bytes.
Result<TableSchema> schema_of_map(const TableMap& map);

/// From a table map and the catalog's current columns, which are compared with all that the map
/// says: count, types, lengths, digits, nullability, and where the map has them signs, character
/// sets, labels and names. kUserFix, naming the first column that differs and the remedy, when they
/// do not agree.
Result<TableSchema> schema_of_catalog(const TableMap& map, const TableFacts& facts);

/// From the catalog alone: the schema that a stream of this table's changes gives, as long as the
/// table stays as it is.
Result<TableSchema> schema_of_facts(std::string_view database, std::string_view table,
                                    const TableFacts& facts);

/// From a table map without names: columns are called @1, @2, … as mysqlbinlog calls them. What the
/// map does not say is taken as mysqlbinlog takes it: integers are signed, labels are numbers.
/// Strings without a character set are text as it is, blobs are bytes.
Result<TableSchema> schema_without_names(const TableMap& map);

}  // namespace tailwater::mysql
