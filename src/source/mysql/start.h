// Start: from what a user asked for, or what a changelog remembers, to where a server's dump
// begins.
#pragma once

#include "base/result.h"
#include "db/mysql/connection.h"
#include "db/mysql/dump_stream.h"
#include "db/mysql/server_info.h"
#include "source/mysql/bound.h"
#include "source/mysql/capture.h"
#include "source/mysql/failover.h"

namespace tailwater::mysql {

struct ResolvedStart {
  DumpStart dump;        ///< what to ask the server for
  CaptureStart capture;  ///< how to read what it sends
};

/// The first start of an empty changelog. kResync when the server does not have the place (any
/// more); the hint names what it has.
Result<ResolvedStart> resolve_start(Connection& connection, const ServerInfo& info,
                                    const Bound& from);

/// Going on after `position`: by GTID where the server has them, else by file:pos, which must be on
/// the same server. kResync, with the remedy, when the position is purged or of another server;
/// kRetry when it is of a server that may still get there. failover.h says what is checked of
/// another server.
Result<ResolvedStart> resolve_resume(Connection& connection, const ServerInfo& info,
                                     const Position& position, const FailoverRules& rules);

/// Where a bounded stream ends. `kNow` is the end of the binlog at this moment.
Result<CaptureEnd> resolve_end(Connection& connection, const ServerInfo& info, const Bound& until);

/// Whether a stream could start at `place`: kResync, with the remedy, when the place is not on the
/// server or no transaction starts there. Reads the file up to the place where the server cannot
/// tell.
Status check_position(Connection& connection, const ServerInfo& info, const Bound& place);

/// When a binlog file of the server was begun: the time of its first event.
Result<int64_t> binlog_started_us(const Endpoint& endpoint, const std::string& file);

/// The kind of source that a server is.
SourceKind source_kind(const ServerInfo& info);

}  // namespace tailwater::mysql
