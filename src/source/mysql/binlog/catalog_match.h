// CatalogMatch: whether a column of the server's catalog is the column of a table map.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/schema.h"
#include "source/mysql/binlog/table_map.h"
#include "source/mysql/binlog/table_schema.h"

namespace tailwater::mysql {

inline constexpr const char* kCatalogRemedy =
    "the table was altered since: set binlog_row_metadata=FULL on the server, start at a later "
    "position, or give the schema of that time with --schema FILE";

/// The column as both say, or kUserFix with the first thing in which they differ.
Result<Column> match_column(const TableMap& map, size_t index, const ColumnFacts& facts);

/// The column as a table map of this server would tell it: what `match_column` finds to agree with
/// `facts`. Its texts borrow from `facts`. kUnsupported for an unknown type or character set.
Result<MappedColumn> mapped_of_facts(const ColumnFacts& facts);

}  // namespace tailwater::mysql
