// What a SchemaCatalog begins with: a live server's databases, tables and keys as they are now.
#pragma once

#include <functional>

#include "base/result.h"
#include "db/mysql/connection.h"
#include "source/mysql/ddl/schema_catalog.h"

namespace tailwater::mysql {

/// Reads all databases but the system's, and those of their tables for which `wanted` is true, also
/// sequences. Several queries: no statement about tables should run meanwhile.
Result<SchemaCatalog> read_schema_catalog(Connection& connection,
                                          const std::function<bool(const TableName&)>& wanted);

/// One table, as above; nothing where it does not exist or this user may not see it.
Result<std::optional<TrackedTable>> read_tracked_table(Connection& connection,
                                                       const TableName& name);

}  // namespace tailwater::mysql
