// What the server makes of a column's definition.
#pragma once

#include "source/mysql/ddl/tracked_table.h"

namespace tailwater::mysql {

/// The column's facts, where columns get `table_charset` by default. kUnsupported where that is
/// empty and the column needs it, or a character set is not known.
Result<ColumnFacts> make_column(const ColumnDefinition& column, const std::string& table_charset,
                                const DdlSession& session);

/// The column after CONVERT TO CHARACTER SET. Columns without text stay as they are.
Result<ColumnFacts> converted_column(const ColumnFacts& column, const std::string& charset,
                                     const DdlSession& session);

}  // namespace tailwater::mysql
