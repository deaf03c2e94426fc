#include "pipeline/running_sink.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/log_line.h"
#include "base/own_thread.h"
#include "changelog/cursor.h"
#include "sink/console/console_sink.h"

namespace tailwater::pipeline {

void RunningSink::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    begin_own_thread("tw-sink");
    Status result = run(stop);
    if (!result.has_value() && result.error().kind != ErrorKind::kStopped) {
      log_lines().error("sink {}: {}", name(), result.error().describe());
    }
    {
      const std::scoped_lock lock(mutex_);
      ended_ = true;
      result_ = std::move(result);
    }
    if (on_end_) on_end_();
  });
}

void RunningSink::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

// A new sink starts with the oldest change that the log has.
Status RunningSink::open_reader() {
  FileSystem& files = FileSystem::posix();
  TW_ASSIGN(const auto cursor, changelog::load_cursor(files, source_.folder(), name()));
  changelog::StartAt start;
  if (cursor) start = {changelog::StartAt::Kind::kOffset, cursor->next};
  auto reader = source_.reader({.start = start});
  if (!reader.has_value()) {
    Error error = std::move(reader).error();
    if (cursor && cursor->detached) {
      error.hint =
          "the sink lagged behind log.max_bytes and was detached; what it missed is not in "
          "the log any more";
    }
    return fail(std::move(error));
  }
  if (!cursor) {
    TW_TRY(changelog::store_cursor(files, source_.folder(), {name(), (*reader)->offset()}));
  }
  TW_ASSIGN(auto formatter,
            format::make_formatter(config_.format, config_.format_options, source_.kind()));
  TW_ASSIGN(Selection selection, Selection::compile(config_.table_include, config_.table_exclude));
  const std::scoped_lock lock(mutex_);
  reader_ = std::move(*reader);
  sink_ = std::make_unique<sink::ConsoleSink>(STDOUT_FILENO, std::move(formatter));
  pump_ = std::make_unique<Pump>(
      *reader_, *sink_,
      Pump::Options{.name = name(),
                    .selection = std::move(selection),
                    .store_cursor =
                        [this, &files](Offset next) {
                          return changelog::store_cursor(files, source_.folder(), {name(), next});
                        },
                    .finished = [this] { return source_.ended(); }});
  return {};
}

Status RunningSink::run(const std::stop_token& stop) {
  TW_TRY(source_.wait_until_readable(stop));
  TW_TRY(open_reader());
  return pump_->run(stop);
}

bool RunningSink::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

Status RunningSink::result() const {
  const std::scoped_lock lock(mutex_);
  return result_;
}

void RunningSink::sample_rate(int64_t steady_us) {
  const std::scoped_lock lock(mutex_);
  if (pump_ != nullptr) rate_.sample(steady_us, pump_->status().changes);
}

nlohmann::json RunningSink::status() const {
  const uint64_t end = raw(source_.status().log.next_visible);
  const std::scoped_lock lock(mutex_);
  const PumpStatus pump = pump_ != nullptr ? pump_->status() : PumpStatus{};
  const uint64_t next = raw(pump.next_offset);
  const bool failed = !result_.has_value();
  const char* running = pump.caught_up ? "caught_up" : "catching_up";
  return {{"name", name()},
          {"type", config_.type},
          {"source", config_.source},
          {"healthy", !failed},
          {"state", failed   ? "failed"
                    : ended_ ? "finished"
                             : running},
          {"why", failed ? result_.error().message : ""},
          {"next_offset", next},
          {"behind_changes", end > next ? end - next : 0},
          {"changes", pump.changes},
          {"changes_per_s", rate_.per_second()},
          {"last_commit_ts_us", pump.last_commit_ts_us}};
}

}  // namespace tailwater::pipeline
