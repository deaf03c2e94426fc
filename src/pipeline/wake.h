// Wake: lets one thread wait until another has news.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace tailwater::pipeline {

/// Thread-safe.
class Wake {
 public:
  void notify() {
    const std::scoped_lock lock(mutex_);
    news_ = true;
    changed_.notify_all();
  }
  /// Until there is news since the last wait, `stop` asks, or the time is over.
  void wait(const std::stop_token& stop, int64_t timeout_us) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, std::chrono::microseconds(timeout_us), [this] { return news_; });
    news_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool news_ = false;
};

}  // namespace tailwater::pipeline
