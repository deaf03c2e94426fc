// Failover: whether a stream that was read from one server can go on at another by GTID, so that
// nothing is lost, and nothing comes that the history which was read never had. docs/positions.md.
#pragma once

#include "base/result.h"
#include "db/mysql/connection.h"
#include "db/mysql/server_info.h"
#include "model/position.h"

namespace tailwater::mysql {

struct FailoverRules {
  /// Go on at a server that committed transactions beside the history that was read.
  bool accept_errant = false;
  /// What a server lacks, and nobody can say whether it comes, is still waited for.
  bool patient = true;
};

/// Whether this server has all transactions of `position`, which has GTIDs. kRetry when it lacks
/// some that may still come: it is a replica, or `patient`. kResync, naming them, when they will
/// not. kUserFix for another server that does not log what it replicates.
Status check_has_all(Connection& connection, const ServerInfo& info, const Position& position,
                     const FailoverRules& rules);

/// For a server that `position` was not read from, which has all of it: whether what is to be read
/// there is in its binlogs (kResync: it was purged), and whether it has errant transactions
/// (kResync, naming them): its own ones that it committed while it took its changes from the
/// history that was read. Reads the binlog from the last transactions of `position`, or the file
/// that holds them.
Status check_other_server(Connection& connection, const ServerInfo& info, const Position& position,
                          const FailoverRules& rules);

/// Where MariaDB's position could go on by GTID: whether the binlogs still have all that follows.
/// kResync, naming what is gone. (MySQL is asked when a stream starts after GTIDs.)
Status check_not_purged(Connection& connection, const ServerInfo& info, const Position& position);

/// Whether a position that was refused could go on at this server if that had not purged what
/// follows: it is the same server, or another one that passes all other checks. False where that is
/// not certain.
Result<bool> is_only_purged(Connection& connection, const ServerInfo& info,
                            const Position& position, const FailoverRules& rules);

}  // namespace tailwater::mysql
