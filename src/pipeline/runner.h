// Runner: what `tailwater run` runs: sources, their changelogs, sinks, and the control socket.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/result.h"
#include "pipeline/config.h"
#include "pipeline/control.h"
#include "pipeline/rate_meter.h"
#include "pipeline/running_sink.h"
#include "pipeline/running_source.h"
#include "pipeline/wake.h"

namespace tailwater::pipeline {

/// How fast a source is.
struct Rates {
  RateMeter bytes;
  RateMeter changes;
};

class Runner {
 public:
  /// Locks the data folder (kBusy when another `run` has it), opens every source, starts
  /// everything.
  static Result<std::unique_ptr<Runner>> start(const Config& config);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Waits until a stop is asked for, or everything has ended by itself: the first error if
  /// something failed. One failed source or sink does not end the others.
  Status wait(std::stop_token stop);

 private:
  Runner() = default;
  Status open(const Config& config);
  nlohmann::json handle(const nlohmann::json& request);
  nlohmann::json status_answer() const;
  nlohmann::json snapshot(const nlohmann::json& request);
  nlohmann::json pause_or_resume(const std::string& command, const nlohmann::json& request);
  [[nodiscard]] bool all_ended() const;
  void sample_rates();
  void report_failures();

  std::unique_ptr<File> lock_;
  int64_t started_us_ = 0;
  std::string data_dir_;
  Wake ended_;  // something ended; outlives the threads that say so
  std::vector<std::unique_ptr<RunningSource>> sources_;
  std::vector<std::unique_ptr<RunningSink>> sinks_;
  std::set<std::string> reported_;  ///< sources whose failure was logged
  mutable std::mutex rates_mutex_;
  std::vector<Rates> rates_;  ///< of each source
  int64_t sampled_us_ = 0;
  std::unique_ptr<ControlServer> control_;
};

/// The folder of a source's changelog in a data folder.
std::string log_folder(const std::string& data_dir, const std::string& source);

}  // namespace tailwater::pipeline
