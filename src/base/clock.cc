#include "base/clock.h"

namespace tailwater {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] int64_t now_us() const override { return count(std::chrono::system_clock::now()); }
  [[nodiscard]] int64_t steady_us() const override {
    return count(std::chrono::steady_clock::now());
  }

 private:
  template <typename Point>
  static int64_t count(Point point) {
    return std::chrono::duration_cast<std::chrono::microseconds>(point.time_since_epoch()).count();
  }
};

}  // namespace

const Clock& Clock::system() {
  static const SystemClock clock;
  return clock;
}

}  // namespace tailwater
