// Backoff: how long to wait before trying again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

namespace tailwater {

/// Doubling pauses up to a cap, each drawn evenly from its upper half, so that many clients that
/// lost one server do not come back at the same moment. Not thread-safe.
class Backoff {
 public:
  Backoff(int64_t min_us, int64_t max_us, uint64_t seed = std::random_device{}())
      : min_us_(std::max<int64_t>(min_us, 1)), max_us_(std::max(max_us, min_us_)), random_(seed) {}

  /// The next pause, in microseconds.
  int64_t next_us() {
    const int64_t pause_us = pause_us_ == 0 ? min_us_ : std::min(pause_us_ * 2, max_us_);
    pause_us_ = pause_us;
    return std::uniform_int_distribution<int64_t>(pause_us - pause_us / 2, pause_us)(random_);
  }
  /// After a success: the next pause is the shortest again.
  void reset() { pause_us_ = 0; }

 private:
  int64_t min_us_;
  int64_t max_us_;
  int64_t pause_us_ = 0;
  std::mt19937_64 random_;
};

}  // namespace tailwater
