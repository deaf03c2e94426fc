// Server id: the number under which a server knows us as a replica.
#pragma once

#include <cstdint>
#include <functional>

#include "db/mysql/connection.h"

namespace tailwater::mysql {

/// A server ends the dump of a replica when another with the same id connects, so ours must be
/// nobody else's: random in the upper half of the range, which people do not number their servers
/// with, and neither the server's own nor one of the replicas that it lists (where this user may
/// see them). `random` gives uniform 32-bit numbers.
Result<uint32_t> choose_server_id(Connection& connection, const std::function<uint32_t()>& random);
/// The same with the machine's random numbers.
Result<uint32_t> choose_server_id(Connection& connection);

}  // namespace tailwater::mysql
