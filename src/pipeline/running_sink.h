// RunningSink: one sink on its cursor, with its thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "pipeline/config.h"
#include "pipeline/pump.h"
#include "pipeline/rate_meter.h"
#include "pipeline/running_source.h"

namespace tailwater::pipeline {

/// Thread-safe. The source must outlive it.
class RunningSink {
 public:
  RunningSink(SinkConfig config, RunningSource& source)
      : config_(std::move(config)), source_(source) {}
  ~RunningSink() { stop(); }
  RunningSink(const RunningSink&) = delete;
  RunningSink& operator=(const RunningSink&) = delete;

  /// What to call, from the sink's thread, when it ended. To be set before `start`.
  void on_end(std::function<void()> call) { on_end_ = std::move(call); }
  void start();
  void stop();
  /// Whether it took everything that an ended source will ever give, or failed.
  [[nodiscard]] bool ended() const;
  [[nodiscard]] Status result() const;
  [[nodiscard]] nlohmann::json status() const;
  void sample_rate(int64_t steady_us);
  [[nodiscard]] const std::string& name() const { return config_.name; }
  [[nodiscard]] const std::string& source() const { return config_.source; }

 private:
  Status run(const std::stop_token& stop);
  Status open_reader();

  SinkConfig config_;
  RunningSource& source_;
  mutable std::mutex mutex_;
  std::unique_ptr<changelog::Reader> reader_;
  std::unique_ptr<ChangeSink> sink_;
  std::unique_ptr<Pump> pump_;
  RateMeter rate_;
  bool ended_ = false;
  Status result_;
  std::function<void()> on_end_;
  std::jthread thread_;
};

}  // namespace tailwater::pipeline
