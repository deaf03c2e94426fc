// The columns of CREATE and ALTER TABLE: types and attributes.
// Sources: the manuals' "CREATE TABLE" and "Data Types"; sql_yacc.yy of both servers.
#pragma once

#include <vector>

#include "source/mysql/ddl/sql_reader.h"

namespace tailwater::mysql {

/// A type, with its character set and signs.
SqlType parse_type(SqlReader& reader, ColumnDefinition& column);

/// Type and attributes of a column whose name has been read. Keys that attributes make, and foreign
/// keys, are appended to `keys`.
void parse_column(SqlReader& reader, ColumnDefinition& column, std::vector<KeyDefinition>& keys);

/// The value behind DEFAULT or ON UPDATE.
void parse_default(SqlReader& reader);

/// CHARACTER SET x, CHARSET x, COLLATE x, each with or without DEFAULT and =; false, and nothing
/// read, where none of them stands. MariaDB's COLLATE without a character set is read as well.
bool parse_charset_option(SqlReader& reader, CharsetWords& charset);

/// "(a, b(10) DESC, (x + 1))".
std::vector<KeyDefinition::Part> parse_key_parts(SqlReader& reader);

/// REFERENCES t (a, b) MATCH … ON DELETE … ON UPDATE ….
void parse_references(SqlReader& reader);

/// (a < b) [NOT] [ENFORCED], behind CHECK.
void parse_check(SqlReader& reader);

}  // namespace tailwater::mysql
