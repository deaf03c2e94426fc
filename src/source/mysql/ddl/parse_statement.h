// The statements about tables and databases, one function each. Each begins behind the words that
// told the statement.
#pragma once

#include "source/mysql/ddl/sql_reader.h"

namespace tailwater::mysql {

/// What stood between CREATE and its object.
struct CreateWords {
  bool or_replace = false;
  bool temporary = false;
};

/// "(a, b)" with types, CREATE … LIKE, CREATE … SELECT.
CreateTable parse_create_table(SqlReader& reader, const CreateWords& words);
/// MariaDB's sequence: a table of eight columns.
CreateTable parse_create_sequence(SqlReader& reader, const CreateWords& words);
AlterTable parse_alter_table(SqlReader& reader);
/// ALTER SEQUENCE: its columns stay as they are, unless it gets another type.
AlterTable parse_alter_sequence(SqlReader& reader);

/// CREATE INDEX: begins at UNIQUE, FULLTEXT, … or INDEX.
AlterTable parse_create_index(SqlReader& reader, const CreateWords& words);
AlterTable parse_drop_index(SqlReader& reader);

DropTables parse_drop_tables(SqlReader& reader, bool temporary);
RenameTables parse_rename_tables(SqlReader& reader);
TruncateTable parse_truncate(SqlReader& reader);

CreateDatabase parse_create_database(SqlReader& reader, const CreateWords& words);
AlterDatabase parse_alter_database(SqlReader& reader);
DropDatabase parse_drop_database(SqlReader& reader);

}  // namespace tailwater::mysql
