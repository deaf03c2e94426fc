// Keys, options and partitions of tables, as CREATE and ALTER TABLE write them.
// Sources: the manuals' "CREATE TABLE", "ALTER TABLE"; sql_yacc.yy of both servers.
#pragma once

#include "source/mysql/ddl/sql_reader.h"

namespace tailwater::mysql {

/// Whether a key, a constraint or a period begins here, and not a column.
bool at_key(const SqlReader& reader);

/// One of those. Keys and periods are appended to `keys`; a CHECK is passed over.
void parse_key(SqlReader& reader, std::vector<KeyDefinition>& keys);

/// USING BTREE, COMMENT 'x', … behind a key.
void parse_key_options(SqlReader& reader);

/// What table options mean to readers of rows.
struct TableOptions {
  CharsetWords charset = {};
  bool charset_said = false;
  bool versioned = false;
  bool sequence = false;  ///< MariaDB: SEQUENCE=1
};

/// One table option; false, and nothing read, where none stands.
bool parse_table_option(SqlReader& reader, TableOptions& options);

/// PARTITION BY … to its end; false where it does not stand.
bool parse_partitioning(SqlReader& reader);

/// (PARTITION p …, PARTITION q …).
void parse_partition_list(SqlReader& reader);

/// PARTITION p VALUES ….
void parse_partition_entry(SqlReader& reader);

/// WAIT n, NOWAIT; false, and nothing read, where neither stands.
bool parse_lock_wait(SqlReader& reader);

}  // namespace tailwater::mysql
