// Clock: the time of day and a steady clock, as an interface so that tests own time.
#pragma once

#include <chrono>
#include <cstdint>

namespace tailwater {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Microseconds since 1970-01-01 UTC.
  [[nodiscard]] virtual int64_t now_us() const = 0;
  /// Microseconds of a clock that never goes back; only differences mean anything.
  [[nodiscard]] virtual int64_t steady_us() const = 0;

  /// The machine's clock. Thread-safe, lives for ever.
  static const Clock& system();
};

}  // namespace tailwater
