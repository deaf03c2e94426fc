// Preflight of tables: those that are to be captured, one by one.
#pragma once

#include <string>
#include <vector>

#include "db/mysql/preflight.h"

namespace tailwater::mysql {

/// Keys, engines, and the rights of a snapshot. `account` as GRANT takes it.
Result<std::vector<Finding>> check_tables(Connection& connection, const ServerInfo& info,
                                          const PreflightOptions& options,
                                          const std::string& account);

}  // namespace tailwater::mysql
