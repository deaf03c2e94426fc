// Which tables and databases a statement names.
#pragma once

#include <vector>

#include "source/mysql/ddl/schema_statement.h"

namespace tailwater::mysql {

struct NamedTables {
  std::vector<TableName> names;  ///< of a database: without a table
  bool any = false;              ///< not known which: it may be any
};

/// In the order of the text, names as written. Temporary tables are left out.
NamedTables named_tables(const SchemaStatement& statement);

}  // namespace tailwater::mysql
