#include "pipeline/running_source.h"

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log_line.h"
#include "base/own_thread.h"
#include "base/text.h"
#include "pipeline/source_factory.h"

namespace tailwater::pipeline {
namespace {

using Phase = RunningSourceStatus::Phase;

bool is_fatal(const Error& error) {
  return error.kind != ErrorKind::kRetry;
}

std::string silence(int64_t last_us) {
  if (last_us == 0) return "nothing was received yet";
  const int64_t age_us = Clock::system().steady_us() - last_us;
  return fmt::format("no data and no heartbeat for {}", describe_duration_us(age_us));
}

}  // namespace

Result<std::unique_ptr<RunningSource>> RunningSource::open(const SourceConfig& config,
                                                           const std::string& folder,
                                                           bool fail_fast) {
  std::unique_ptr<RunningSource> running(new RunningSource(config, folder));
  running->started_us_ = Clock::system().steady_us();
  const Status prepared = running->prepare();
  if (!prepared.has_value()) {
    if (fail_fast || is_fatal(prepared.error())) return fail(prepared.error());
    running->prepare_error_ = prepared.error().describe();
    log_lines().warn("source {}: {}", config.name, prepared.error().describe());
  }
  return running;
}

RunningSource::~RunningSource() {
  (void)stop();
}

Status RunningSource::prepare() {
  TW_ASSIGN(const SourceKind kind, find_source_kind(config_, folder_));
  TW_ASSIGN(auto writer, changelog::Writer::open(FileSystem::posix(), folder_, config_.log,
                                                 {kind, "", config_.name}));
  TW_ASSIGN(auto source, make_source(config_, kind, folder_, *writer));
  const std::scoped_lock lock(mutex_);
  kind_ = kind;
  writer_ = std::move(writer);
  source_ = std::move(source);
  prepare_error_.clear();
  changed_.notify_all();
  return {};
}

Status RunningSource::prepare_with_retry(const std::stop_token& stop) {
  Backoff backoff(config_.retry_min_us, config_.retry_max_us);
  while (source_ == nullptr) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, std::chrono::microseconds(backoff.next_us()),
                        [] { return false; });
    }
    if (stop.stop_requested()) return fail(ErrorKind::kStopped, "stopped");
    const Status prepared = prepare();
    if (prepared.has_value()) break;
    if (is_fatal(prepared.error())) return prepared;
    const std::scoped_lock lock(mutex_);
    prepare_error_ = prepared.error().describe();
  }
  return {};
}

void RunningSource::start() {
  const std::scoped_lock lock(mutex_);
  phase_ = Phase::kRunning;
  result_ = {};
  thread_ = std::jthread([this](std::stop_token stop) {
    begin_own_thread("tw-source");
    own_thread_ = std::this_thread::get_id();
    run(stop);
    own_thread_ = std::thread::id();
  });
}

void RunningSource::run(const std::stop_token& stop) {
  Status result = prepare_with_retry(stop);
  if (result.has_value()) result = source_->run(stop);
  if (stop.stop_requested()) {
    if (writer_ != nullptr) (void)writer_->flush();
    tell_stopped({});
    return;
  }
  if (result.has_value()) result = writer_->flush();
  end(result.has_value() ? Phase::kFinished : Phase::kFailed, std::move(result));
}

void RunningSource::tell_stopped(const Status& result) const {
  if (!config_.on_event) return;
  StreamEvent event{.kind = StreamEvent::Kind::kStopped};
  if (!result.has_value()) event.error = result.error();
  config_.on_event(event);
}

void RunningSource::end(Phase phase, Status result) {
  tell_stopped(result);
  {
    const std::scoped_lock lock(mutex_);
    phase_ = phase;
    result_ = std::move(result);
    changed_.notify_all();
  }
  if (on_end_) on_end_();
}

void RunningSource::pause() {
  {
    const std::scoped_lock lock(mutex_);
    if (phase_ != Phase::kRunning) return;
    phase_ = Phase::kPaused;
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void RunningSource::request_pause() {
  const std::scoped_lock lock(mutex_);
  if (phase_ != Phase::kRunning) return;
  phase_ = Phase::kPaused;
  thread_.request_stop();
}

void RunningSource::resume() {
  {
    const std::scoped_lock lock(mutex_);
    if (phase_ != Phase::kPaused && phase_ != Phase::kFailed) return;
  }
  if (thread_.joinable()) thread_.join();
  start();
}

Result<Source*> RunningSource::connected_source() {
  const std::scoped_lock lock(mutex_);
  if (source_ != nullptr) return source_.get();
  return fail(ErrorKind::kRetry, "the source '" + name() + "' has not been reached yet");
}

// Without the lock: the source may have to ask its server.
Result<uint64_t> RunningSource::request_snapshot(const SnapshotRequest& request) {
  TW_ASSIGN(Source* const source, connected_source());
  return source->request_snapshot(request);
}

Status RunningSource::control_snapshot(Source::SnapshotControl control) {
  TW_ASSIGN(Source* const source, connected_source());
  return source->control_snapshot(control);
}

Status RunningSource::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  const std::scoped_lock lock(mutex_);
  if (writer_ == nullptr) return {};
  auto closed = writer_->close();  // asks the source for its position once more
  source_.reset();
  writer_.reset();
  return closed;
}

Status RunningSource::wait_until_readable(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] { return writer_ != nullptr || phase_ == Phase::kFailed; });
  if (writer_ != nullptr) return {};
  if (phase_ == Phase::kFailed) return result_;
  return fail(ErrorKind::kStopped, "stopped");
}

Status RunningSource::wait_until_reading() {
  constexpr auto kLook = std::chrono::milliseconds(1);  // nobody says when; it takes a few
  using State = SourceStatus::State;
  for (;;) {
    const RunningSourceStatus now = status();
    const bool reads = !now.source.server.empty() || now.source.state == State::kWaitingToRetry;
    if (reads || now.phase == Phase::kPaused || now.phase == Phase::kFinished) return {};
    if (now.phase == Phase::kFailed) return result();
    std::this_thread::sleep_for(kLook);
  }
}

Result<std::unique_ptr<changelog::Reader>> RunningSource::reader(
    const changelog::ReaderOptions& options) const {
  return changelog::Reader::open(FileSystem::posix(), folder_, options);
}

bool RunningSource::ended() const {
  const std::scoped_lock lock(mutex_);
  return phase_ == Phase::kFinished || phase_ == Phase::kFailed;
}

Status RunningSource::result() const {
  const std::scoped_lock lock(mutex_);
  return result_;
}

RunningSourceStatus RunningSource::status() const {
  const std::scoped_lock lock(mutex_);
  RunningSourceStatus status;
  status.phase = phase_;
  if (source_ != nullptr) status.source = source_->status();
  if (writer_ != nullptr) status.log = writer_->status();
  if (!result_.has_value()) status.error = result_.error();
  if (!prepare_error_.empty()) status.source.last_error = prepare_error_;
  if (phase_ == Phase::kFailed) {
    status.why_unhealthy = status.error ? status.error->message : "failed";
  } else if (phase_ == Phase::kRunning) {
    const int64_t last_us =
        status.source.last_input_us != 0 ? status.source.last_input_us : started_us_;
    const bool silent = Clock::system().steady_us() - last_us > config_.deadline_us;
    if (status.log.paused_full) {
      status.why_unhealthy = "the changelog is full and capture waits for a cursor";
    } else if (status.source.state != SourceStatus::State::kStreaming &&
               !status.source.last_error.empty()) {
      status.why_unhealthy = status.source.last_error;
    } else if (silent) {
      status.why_unhealthy = silence(status.source.last_input_us);
    }
  }
  status.healthy = status.why_unhealthy.empty();
  return status;
}

}  // namespace tailwater::pipeline
