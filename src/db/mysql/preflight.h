// Preflight: is a server ready to be streamed from, and if not, what exactly mends it.
#pragma once

#include <cstdint>
#include <optional>
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
  /// What mends it, exact for this server; empty when ok. SQL, one statement on a line, with
  /// comments (`--`) for what SQL cannot do.
  std::string remedy = {};
};
/// "ok", "warning", "error".
std::string_view to_string(Finding::Level level);

struct PreflightOptions {
  /// The tables that are selected and visible; nothing: they are not looked at.
  std::optional<std::vector<TableName>> tables = {};
  bool snapshot = false;           ///< whether a snapshot reads them: then each is tried
  uint32_t replica_server_id = 0;  ///< ours; 0: a free one is chosen
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
