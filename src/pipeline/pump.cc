#include "pipeline/pump.h"

namespace tailwater::pipeline {
namespace {

constexpr int64_t kFlushEveryUs = 1'000'000;  // when the log never runs dry
constexpr int64_t kWaitUs = 1'000'000;
constexpr int64_t kAskFinishedUs = 50'000;  // the end of a source wakes nobody

}  // namespace

Status Pump::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    TW_ASSIGN(const auto entry, tail_.next());
    if (entry) {
      caught_up_.store(false, std::memory_order_relaxed);
      TW_TRY(take(*entry));
      const bool whole = entry->kind == TailEntry::Kind::kCommit;
      if (whole && options_.until && raw(done_) >= raw(*options_.until)) break;
      continue;
    }
    TW_TRY(flush());
    caught_up_.store(true, std::memory_order_relaxed);
    if (!options_.follow || (options_.finished && options_.finished())) {
      // What became visible between the last read and the question still counts.
      TW_ASSIGN(const auto late, tail_.next());
      if (!late) break;
      TW_TRY(take(*late));
      continue;
    }
    TW_TRY(tail_.wait(stop, options_.finished ? kAskFinishedUs : kWaitUs));
  }
  return flush();
}

Status Pump::take(const TailEntry& entry) {
  if (is_for_others(*entry.transaction)) {
    if (entry.kind != TailEntry::Kind::kCommit) return {};
    done_ = tail_.offset();
    dirty_ = true;
    return {};
  }
  switch (entry.kind) {
    case TailEntry::Kind::kChange:
      next_.store(entry.change->offset + 1, std::memory_order_relaxed);
      if (!selected(*entry.change)) return {};
      changes_.fetch_add(1, std::memory_order_relaxed);
      dirty_ = true;
      return sink_.take(entry);
    case TailEntry::Kind::kCommit: {
      TW_TRY(sink_.take(entry));
      done_ = tail_.offset();
      dirty_ = true;
      last_commit_ts_us_.store(entry.transaction->commit_ts_us, std::memory_order_relaxed);
      const int64_t now_us = Clock::system().steady_us();
      return now_us - flushed_us_ > kFlushEveryUs ? flush() : Status{};
    }
    case TailEntry::Kind::kBegin:
    case TailEntry::Kind::kPosition:
      return sink_.take(entry);
  }
  return {};
}

Status Pump::flush() {
  flushed_us_ = Clock::system().steady_us();
  if (!dirty_) return {};
  TW_TRY(sink_.flush());
  dirty_ = false;
  return options_.store_cursor && raw(done_) > 0 ? options_.store_cursor(done_) : Status{};
}

bool Pump::selected(const ChangeView& change) {
  if (change.schema == nullptr) return true;
  const auto id = static_cast<size_t>(change.schema->id());
  if (id >= selected_by_schema_.size()) selected_by_schema_.resize(id + 1, -1);
  int8_t& known = selected_by_schema_[id];
  if (known < 0) {
    const TableSchema& table = change.schema->table();
    known = options_.selection.selects(table.database, table.table) ? 1 : 0;
  }
  return known == 1;
}

PumpStatus Pump::status() const {
  return {next_.load(std::memory_order_relaxed), changes_.load(std::memory_order_relaxed),
          last_commit_ts_us_.load(std::memory_order_relaxed),
          caught_up_.load(std::memory_order_relaxed)};
}

}  // namespace tailwater::pipeline
