#include "base/log_line.h"

#include <memory>
#include <string>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

namespace tailwater {
namespace {

// Our own logger, not spdlog's default one: that belongs to the program.
std::shared_ptr<spdlog::logger>& current() {
  static auto logger = std::make_shared<spdlog::logger>(
      "tailwater", std::make_shared<spdlog::sinks::null_sink_mt>());
  return logger;
}

}  // namespace

spdlog::logger& log_lines() {
  return *current();
}

void set_up_log_lines(std::string_view level) {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("tailwater", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  logger->set_level(spdlog::level::from_str(std::string(level)));
  current() = std::move(logger);
}

}  // namespace tailwater
