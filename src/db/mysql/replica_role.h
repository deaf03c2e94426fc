// Replica role: whether a server takes changes from another one, so that what it lacks may come.
#pragma once

#include <cstdint>

#include "db/mysql/connection.h"

namespace tailwater::mysql {

enum class ReplicaRole : uint8_t {
  kReplica,  ///< it replicates, is a member of a group, or takes no writes of its own
  kPrimary,  ///< it takes writes, and replication is not set up
  kUnknown,  ///< replication is set up and stopped, or this user may not see it
};

/// Asks the server. A missing privilege is no error. MySQL manual, "SHOW REPLICA STATUS"; MariaDB
/// Knowledge Base, "SHOW REPLICA STATUS".
Result<ReplicaRole> read_replica_role(Connection& connection);

}  // namespace tailwater::mysql
