// Readiness: preflight of a server for one source, with what the source knows already: its stored
// position, and the character sets that it can read.
#pragma once

#include <optional>
#include <vector>

#include "db/mysql/preflight.h"
#include "model/position.h"

namespace tailwater::mysql {

struct ReadinessOptions {
  PreflightOptions preflight = {};
  std::optional<Position> stored = {};  ///< where the source's changelog ends
  bool accept_errant = false;           ///< as the source is set up
};

/// All findings of `check_server`, and these. An error only when the connection itself fails.
Result<std::vector<Finding>> check_readiness(Connection& connection,
                                             const ReadinessOptions& options);

}  // namespace tailwater::mysql
