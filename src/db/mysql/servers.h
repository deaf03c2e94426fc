// Servers: those that hold the same replicated data, in the order in which they are tried, and the
// one that is in use.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "db/mysql/endpoint.h"

namespace tailwater::mysql {

/// Thread-safe.
class Servers {
 public:
  /// At least one; the first is in use.
  explicit Servers(std::vector<Endpoint> all) : all_(std::move(all)) {}

  [[nodiscard]] size_t count() const { return all_.size(); }
  [[nodiscard]] Endpoint current() const {
    const std::scoped_lock lock(mutex_);
    return all_[at_];
  }
  /// The next one is in use from now on; behind the last comes the first.
  void move_on() {
    const std::scoped_lock lock(mutex_);
    at_ = (at_ + 1) % all_.size();
  }

 private:
  const std::vector<Endpoint> all_;
  mutable std::mutex mutex_;
  size_t at_ = 0;
};

}  // namespace tailwater::mysql
