// Server errors: what the server's and the client library's error numbers mean for the user.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "db/mysql/endpoint.h"

namespace tailwater::mysql {

/// An error as the server or Connector/C gave it.
struct ServerError {
  uint32_t code = 0;  ///< the server's (1000…) or the client library's (2000…, 5000…)
  std::string_view sqlstate = {};
  std::string_view message = {};
};

/// The error of a connection attempt: its kind, the server's own words, and what to do next.
Error describe_connect_error(const ServerError& error, const Endpoint& endpoint);

/// The error of a statement on an open connection.
Error describe_query_error(const ServerError& error, const Endpoint& endpoint);

/// The privileges that streaming needs, in the words of GRANT.
constexpr std::string_view streaming_privileges(bool mariadb) {
  return mariadb ? "REPLICATION SLAVE, BINLOG MONITOR" : "REPLICATION SLAVE, REPLICATION CLIENT";
}
/// Tells which statement gives the endpoint's user some privileges.
std::string grant_hint(const Endpoint& endpoint, std::string_view privileges);

/// What a refused dump may need to say; gathered before the dump starts, since the server closes
/// the connection after it refuses.
struct DumpSurroundings {
  std::string asked = {};       ///< where we asked to start, for people
  std::string oldest_log = {};  ///< the oldest binlog that the server still has; empty if not known
  std::string newest_log = {};  ///< its newest one
  std::string gtid_purged = {};  ///< MySQL: the GTIDs that it no longer has
  bool mariadb = false;
};

/// The error packet of COM_BINLOG_DUMP or COM_REGISTER_SLAVE. A position that the server does not
/// have is kResync.
Error describe_dump_error(const ServerError& error, const Endpoint& endpoint,
                          const DumpSurroundings& surroundings);

}  // namespace tailwater::mysql
