// Log lines for people, on stderr. Levels and text only; no secrets ever.
#pragma once

#include <string_view>

#include <spdlog/spdlog.h>

namespace tailwater {

/// Where log lines go: nowhere until `set_up_log_lines` was called, so that the library says
/// nothing in programs of others. Thread-safe.
spdlog::logger& log_lines();

/// Sends log lines to stderr at `level` ("debug", "info", "warn", "error", "off"). Call once,
/// early.
void set_up_log_lines(std::string_view level);

}  // namespace tailwater
