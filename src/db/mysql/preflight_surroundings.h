// Preflight of what is around a stream: other replicas, open XA transactions, time zones, and
// settings that look as if they mattered.
#pragma once

#include <vector>

#include "db/mysql/preflight.h"

namespace tailwater::mysql {

/// An error only when the connection fails.
Result<std::vector<Finding>> check_surroundings(Connection& connection, const ServerInfo& info,
                                                const PreflightOptions& options);

}  // namespace tailwater::mysql
