// Errant transactions: those that a replica committed itself, beside the history that it
// replicates. docs/positions.md says which of them can be told.
#pragma once

#include <string>

#include "base/result.h"
#include "db/mysql/connection.h"
#include "db/mysql/server_info.h"
#include "model/position.h"

namespace tailwater::mysql {

/// The byte of a binlog file where its first event starts.
inline constexpr uint64_t kBinlogHeadPos = 4;

struct ErrantTransactions {
  std::string names;   ///< their GTIDs, with commas; empty: none was found
  std::string remedy;  ///< what to do
};

/// Those of a server that `position` was not read from, and which has all of it. MySQL: its own
/// transactions that are not in `position` and stand in its binlog before one that is. MariaDB: the
/// same in domains that `position` does not have; in the others its own transactions whose number
/// another server used again. Reads the binlog there.
Result<ErrantTransactions> find_errant(Connection& connection, const ServerInfo& info,
                                       const Position& position);

}  // namespace tailwater::mysql
