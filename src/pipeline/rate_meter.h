// RateMeter: how fast a counter grows, over the last seconds.
#pragma once

#include <array>
#include <cstdint>

namespace tailwater::pipeline {

/// Fed with samples about once a second; not thread-safe.
class RateMeter {
 public:
  void sample(int64_t steady_us, uint64_t count) {
    samples_[next_ % samples_.size()] = {steady_us, count};
    ++next_;
  }
  /// Per second, between the oldest sample kept and the newest; 0 before there are two.
  [[nodiscard]] double per_second() const {
    if (next_ < 2) return 0;
    const Sample& newest = samples_[(next_ - 1) % samples_.size()];
    const Sample& oldest = samples_[next_ > samples_.size() ? next_ % samples_.size() : 0];
    const int64_t span_us = newest.steady_us - oldest.steady_us;
    if (span_us <= 0 || newest.count < oldest.count) return 0;
    return static_cast<double>(newest.count - oldest.count) * 1e6 / static_cast<double>(span_us);
  }

 private:
  struct Sample {
    int64_t steady_us = 0;
    uint64_t count = 0;
  };
  std::array<Sample, 11> samples_;
  uint64_t next_ = 0;
};

}  // namespace tailwater::pipeline
