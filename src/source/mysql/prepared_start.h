// The first start of an empty changelog while XA transactions are prepared on the server: their
// changes are in the binlog before the start, and their XA COMMIT will be after it.
#pragma once

#include <stop_token>

#include "source/mysql/start.h"

namespace tailwater::mysql {

/// For a start at `now`: when XA transactions are prepared, waits some seconds until they have
/// ended, and lets the stream start a little earlier than `now` to see what was prepared meanwhile
/// (CaptureStart::keep_prepared). Those that do not end, and for all other starts those that are
/// prepared, are named in a warning: the stream will stop at their XA COMMIT, if their XA PREPARE
/// lies before the start. MySQL: needs XA_RECOVER_ADMIN to see them; without it, only a warning.
Status heed_prepared(Connection& connection, const ServerInfo& info, const Bound& from,
                     ResolvedStart& start, const std::stop_token& stop);

}  // namespace tailwater::mysql
