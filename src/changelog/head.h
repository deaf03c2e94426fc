// The head page: one small shared memory in which the writer says how far the log is visible, and
// on which readers of any process wait. docs/changelog_format.md, "Head".
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/file.h"
#include "changelog/segment.h"

namespace tailwater::changelog {

/// What the head page says. Never goes back during one run of the machine.
struct HeadState {
  Incarnation incarnation = {};
  uint64_t epoch = 0;
  Offset visible_end = {};    ///< the first offset that is not visible
  uint64_t segment_base = 0;  ///< where the visible log ends
  uint64_t position = 0;
  int64_t last_commit_ts_us = 0;  ///< the commit time of the newest visible transaction
  bool durable = false;           ///< all that is visible is durable
  bool open = false;              ///< a writer has the log open (or died)
};

class Head {
 public:
  /// Maps the page of a changelog; a writer's makes it. kNotFound when there is none (or it is on a
  /// medium that cannot be mapped): then readers find the end by scanning.
  static Result<std::unique_ptr<Head>> map(FileSystem& files, const std::string& folder,
                                           bool writable);

  /// Writer: says the new state and wakes everybody who waits.
  void publish(const HeadState& state);

  /// The state, when it was written during this run of the machine; nothing otherwise.
  [[nodiscard]] std::optional<HeadState> read() const;
  /// The state, whenever it was written: then it only proves how far the log was durable once.
  [[nodiscard]] std::optional<HeadState> read_any() const;

  /// A number that changes with every publish.
  [[nodiscard]] uint32_t ticket() const;
  /// Waits until `ticket()` is no longer `seen`, the time is over, or a stop is asked for.
  void wait(uint32_t seen, const std::stop_token& stop, int64_t timeout_us) const;

 private:
  Head(std::unique_ptr<SharedPage> page, const std::string& boot_id);

  std::unique_ptr<SharedPage> page_;
  uint64_t boot_hash_[2] = {};
};

/// Sleeps until the time is over or a stop is asked for.
void sleep_or_stop(const std::stop_token& stop, int64_t timeout_us);

}  // namespace tailwater::changelog
