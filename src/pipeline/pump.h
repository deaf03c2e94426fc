// Pump: takes what a tail gives and hands it to one sink, as fast as the sink takes it.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/sink.h"
#include "model/tail.h"
#include "transform/selection.h"

namespace tailwater::pipeline {

/// How far a pump is. Read from any thread.
struct PumpStatus {
  Offset next_offset = {};        ///< the next change to take
  uint64_t changes = 0;           ///< given to the sink since the start
  int64_t last_commit_ts_us = 0;  ///< source time of the last whole transaction taken
  bool caught_up = false;         ///< all that is visible was taken
};

class Pump {
 public:
  struct Options {
    std::string name = {};  ///< the sink's: reads for another one are left out. "": none are
    Selection selection = {};
    std::optional<Offset> until = {};  ///< end before this offset (at a transaction's end)
    bool follow = true;                ///< wait for more at the end of the log
    /// Called after a flush, at a transaction's end: everything before the offset is at the sink.
    std::function<Status(Offset)> store_cursor = {};
    /// With `follow`: asked when all is read; true ends the pump.
    std::function<bool()> finished = {};
  };

  /// Borrows all three.
  Pump(Tail& tail, ChangeSink& sink, Options options)
      : tail_(tail), sink_(sink), options_(std::move(options)), next_(tail.offset()) {}

  /// Runs until there is nothing left (`follow` off, `until` reached), a stop is asked for (both no
  /// error), or the tail or the sink fails. What was taken has been flushed when it returns without
  /// an error.
  Status run(std::stop_token stop);
  [[nodiscard]] PumpStatus status() const;

 private:
  Status take(const TailEntry& entry);
  Status flush();
  bool selected(const ChangeView& change);
  [[nodiscard]] bool is_for_others(const TransactionInfo& transaction) const {
    return !transaction.audience.empty() && !options_.name.empty() &&
           transaction.audience != options_.name;
  }

  Tail& tail_;
  ChangeSink& sink_;
  Options options_;
  std::vector<int8_t> selected_by_schema_;  ///< -1 not asked yet
  Offset done_ = {};                        ///< all before it was taken, transactions whole
  bool dirty_ = false;
  int64_t flushed_us_ = 0;
  std::atomic<Offset> next_;
  std::atomic<uint64_t> changes_ = 0;
  std::atomic<int64_t> last_commit_ts_us_ = 0;
  std::atomic<bool> caught_up_ = false;
};

}  // namespace tailwater::pipeline
