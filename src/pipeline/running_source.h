// RunningSource: one source with its changelog and the thread that fills it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/file.h"
#include "base/result.h"
#include "changelog/reader.h"
#include "changelog/writer.h"
#include "model/source.h"
#include "pipeline/config.h"

namespace tailwater::pipeline {

/// How a running source is doing, all in one.
struct RunningSourceStatus {
  enum class Phase : uint8_t { kRunning, kPaused, kFinished, kFailed };
  Phase phase = Phase::kRunning;
  SourceStatus source = {};
  changelog::WriterStatus log = {};
  std::optional<Error> error = {};  ///< kFailed
  /// Green: data or heartbeats came within the deadline, or it is paused or finished on purpose.
  bool healthy = false;
  std::string why_unhealthy = {};
};

/// Thread-safe.
class RunningSource {
 public:
  /// Opens (or makes) the changelog in `folder` and prepares the source; `start` starts it. Errors
  /// of the first connection are returned here when `fail_fast`, else they are retried in the
  /// thread.
  static Result<std::unique_ptr<RunningSource>> open(const SourceConfig& config,
                                                     const std::string& folder, bool fail_fast);
  ~RunningSource();
  RunningSource(const RunningSource&) = delete;
  RunningSource& operator=(const RunningSource&) = delete;

  /// What to call, from the source's thread, when it ended. To be set before `start`.
  void on_end(std::function<void()> call) { on_end_ = std::move(call); }
  void start();
  /// Stops reading the source at a transaction's end; the changelog stays open. No effect twice.
  void pause();
  /// The same without waiting for it: from any thread, also the source's own.
  void request_pause();
  /// Reads on after `pause` or an error. Waits for the end of the thread before.
  void resume();
  /// Whether the caller is the source's own thread, which cannot wait for itself.
  [[nodiscard]] bool on_own_thread() const { return own_thread_ == std::this_thread::get_id(); }
  /// Asks the source to read tables while it streams; returns the snapshot's id. kRetry before the
  /// first connection. Must not be called while `stop` runs.
  Result<uint64_t> request_snapshot(const SnapshotRequest& request);
  Status control_snapshot(Source::SnapshotControl control);
  /// Ends for good: the thread is gone and all that was committed is durable when it returns.
  Status stop();

  /// Waits until the changelog can be read: it is made once the source's kind is known. kStopped
  /// when `stop` asks first; the source's error when it failed before that.
  Status wait_until_readable(std::stop_token stop);
  /// After `start`: waits until the source reads from its server, so that its start is known, or
  /// tries that again, or has ended. The error that ended it before it read anything.
  Status wait_until_reading();
  /// A reader on the changelog.
  [[nodiscard]] Result<std::unique_ptr<changelog::Reader>> reader(
      const changelog::ReaderOptions& options) const;
  [[nodiscard]] SourceKind kind() const { return kind_; }

  /// Whether the source came to its configured end or failed: nothing more will come.
  [[nodiscard]] bool ended() const;
  /// The error that ended it, if one did.
  [[nodiscard]] Status result() const;
  [[nodiscard]] RunningSourceStatus status() const;
  [[nodiscard]] const std::string& name() const { return config_.name; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  RunningSource(SourceConfig config, std::string folder)
      : config_(std::move(config)), folder_(std::move(folder)) {}
  Status prepare();
  Status prepare_with_retry(const std::stop_token& stop);
  void run(const std::stop_token& stop);
  Result<Source*> connected_source();
  void end(RunningSourceStatus::Phase phase, Status result);
  void tell_stopped(const Status& result) const;

  SourceConfig config_;
  std::string folder_;
  SourceKind kind_ = SourceKind::kMysql;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::unique_ptr<changelog::Writer> writer_;
  std::unique_ptr<Source> source_;
  RunningSourceStatus::Phase phase_ = RunningSourceStatus::Phase::kRunning;
  Status result_;
  std::string prepare_error_;
  int64_t started_us_ = 0;
  std::function<void()> on_end_;
  std::atomic<std::thread::id> own_thread_;
  std::jthread thread_;
};

}  // namespace tailwater::pipeline
