// Signals: SIGINT, SIGTERM and SIGHUP ask for a clean stop; a second one ends the process at once.
#pragma once

#include <stop_token>
#include <thread>

namespace tailwater::cli {

/// Blocks the signals in this thread and all that it starts, and waits for them in a thread of its
/// own. Make it before any other thread.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }
  /// Whether a signal came.
  [[nodiscard]] bool interrupted() const { return stop_.stop_requested(); }

 private:
  std::stop_source stop_;
  std::jthread thread_;
};

}  // namespace tailwater::cli
