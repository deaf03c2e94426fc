// Preflight: is a server ready to be streamed from, and if not, what exactly mends it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "db/mysql/catalog.h"
#include "db/mysql/connection.h"
#include "db/mysql/server_info.h"

namespace tailwater::mysql {

/// The outcome of one check, for people.
struct Finding {
  enum class Level : uint8_t {
    kOk,
    kWarning,  ///< streaming works, but something is lost or weaker
    kError,    ///< streaming does not work, or stops sooner or later
  };
  std::string name;  ///< "binlog_format": stable, for scripts
  Level level = Level::kOk;
  std::string found;     ///< what the server has: "STATEMENT"
  std::string why = {};  ///< why it matters; empty when ok
  std::string remedy =
      {};  ///< SQL or configuration that mends it, exact for this server; empty when ok
};
/// "ok", "warning", "error".
std::string_view to_string(Finding::Level level);

struct PreflightOptions {
  /// Tables that a snapshot would read; each is tried with a SELECT of no rows.
  std::vector<TableName> snapshot_tables = {};
  /// Binlogs kept for less than this are warned of.
  int64_t wanted_retention_us = 24LL * 3600 * 1'000'000;
};

/// Runs all checks. Opens a second connection for a moment, to try whether this user may replicate.
/// An error only when the connection itself fails.
Result<std::vector<Finding>> check_server(Connection& connection,
                                          const PreflightOptions& options = {});

/// The checks that only look at settings; pure.
std::vector<Finding> check_settings(const ServerInfo& info, const PreflightOptions& options);

}  // namespace tailwater::mysql
