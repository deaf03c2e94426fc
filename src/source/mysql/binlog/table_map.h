// TableMap: which columns the row events of a table id have.
// Sources: MySQL Table_map_event (rows_event.h); MariaDB Knowledge Base, "TABLE_MAP_EVENT".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/mysql/binlog/column_type.h"
#include "source/mysql/binlog/event.h"
#include "source/mysql/binlog/format_description.h"

namespace tailwater::mysql {

/// A column as the table map tells it.
struct MappedColumn {
  ColumnType type = ColumnType::kNull;  ///< for enum and set columns their own, not kString
  /// varchar, char, binary: the most bytes a value may have. blob, json, geometry, vector: how many
  /// bytes the length before a value has. float, double: the value's bytes. enum, set: the value's
  /// bytes. bit: the number of bits. decimal: the number of digits.
  uint32_t length = 0;
  /// decimal: digits after the point. Temporal types of 5.6 and later: fractional digits.
  uint8_t scale = 0;
  bool nullable = true;

  // Optional metadata (binlog_row_metadata): nothing, or empty, where the server did not send it.
  std::optional<bool> is_unsigned = {};
  std::optional<uint32_t> collation = {};
  std::string_view name = {};
  std::optional<std::vector<std::string_view>> labels = {};  ///< enum, set; in the column's charset
  std::optional<uint32_t> geometry_type = {};
  std::optional<uint32_t> dimensions = {};  ///< vector
  bool visible = true;

  /// Whether values carry text or bytes with a character set.
  [[nodiscard]] bool is_character() const;
};

/// A table map event. Borrows from the event's bytes.
struct TableMap {
  struct KeyPart {
    uint32_t column = 0;
    uint32_t prefix = 0;  ///< characters of the column that are in the key; 0: all
  };
  uint64_t table_id = 0;
  uint16_t flags = 0;
  std::string_view database = {};
  std::string_view table = {};
  std::vector<MappedColumn> columns = {};
  std::vector<KeyPart> primary_key = {};
  bool has_names = false;       ///< binlog_row_metadata=FULL
  bool has_signedness = false;  ///< MySQL 8.0.1 and later, or MariaDB with MINIMAL or FULL
  bool mariadb = false;
};

/// The table id alone: to see quickly whether the same bytes were parsed before. A server sends the
/// table map before every statement; a table id keeps its meaning until the file ends or the table
/// is altered, and the event's body is then the same byte for byte.
Result<uint64_t> table_map_id(const Event& event, const FormatDescription& format);

Result<TableMap> parse_table_map(const Event& event, const FormatDescription& format);

}  // namespace tailwater::mysql
