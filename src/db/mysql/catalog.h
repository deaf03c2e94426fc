// Catalog: a server's tables as they are now, from its information_schema.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "db/mysql/connection.h"

namespace tailwater::mysql {

struct TableName {
  std::string database;
  std::string table;
  auto operator<=>(const TableName&) const = default;
  /// "shop.orders".
  [[nodiscard]] std::string describe() const { return database + "." + table; }
};

struct CatalogColumn {
  std::string name;
  std::string data_type;      ///< "int", "varchar", "enum", …, lower case
  std::string column_type;    ///< "int(10) unsigned", "enum('a','b')", …
  std::string character_set;  ///< empty for columns without one
  std::string collation;
  std::string extra;  ///< "auto_increment", …, as the server shows it
  bool nullable = false;
  bool is_unsigned = false;
  enum class Generated : uint8_t { kNo, kVirtual, kStored } generated = Generated::kNo;
  bool invisible = false;
  bool json_check = false;  ///< MariaDB: json_valid(column) is checked; so it shows its alias JSON
  uint32_t numeric_precision = 0;
  uint32_t numeric_scale = 0;
  uint32_t datetime_precision = 0;
  uint64_t character_length = 0;  ///< in characters (bytes for binary types); 0 where there is none
  std::optional<uint32_t> srs_id;  ///< MySQL 8: of a geometry column that is bound to one
};

struct CatalogKey {
  std::string name;               ///< "PRIMARY" for the primary key
  std::vector<uint32_t> columns;  ///< places in CatalogTable::columns, in the key's order
};

struct CatalogTable {
  TableName name;
  std::vector<CatalogColumn> columns;  ///< in table order, as in the binlog's table maps
  /// The primary key first (if any), then unique keys without nullable columns, by name.
  std::vector<CatalogKey> keys;
  /// MariaDB: WITH SYSTEM VERSIONING without columns of the user's for a row's period. Each row
  /// then has row_start and row_end behind `columns`, which no list shows but every binlog has.
  bool hidden_period = false;

  [[nodiscard]] const CatalogKey* primary_key() const {
    return !keys.empty() && keys[0].name == "PRIMARY" ? &keys[0] : nullptr;
  }
};

/// One table; nothing where it does not exist or this user may not see it.
Result<std::optional<CatalogTable>> read_table(Connection& connection, const TableName& name);

/// Those of `names` that exist and are visible, in the order of `names`; few queries for many
/// tables.
Result<std::vector<CatalogTable>> read_tables(Connection& connection,
                                              const std::vector<TableName>& names);

/// The base tables outside the system databases for which `wanted` is true, sorted.
Result<std::vector<TableName>> list_tables(Connection& connection,
                                           const std::function<bool(const TableName&)>& wanted);

}  // namespace tailwater::mysql
