#include "pipeline/runner.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <tailwater/version.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_line.h"

namespace tailwater::pipeline {
namespace {

using nlohmann::json;
using Phase = RunningSourceStatus::Phase;

constexpr int64_t kSampleEveryUs = 1'000'000;

std::string_view phase_text(const RunningSourceStatus& status) {
  switch (status.phase) {
    case Phase::kRunning:
      return to_string(status.source.state);
    case Phase::kPaused:
      return "paused";
    case Phase::kFinished:
      return "finished";
    case Phase::kFailed:
      return "failed";
  }
  return "unknown";
}

json error_json(const Error& error) {
  return {{"error",
           {{"kind", to_string(error.kind)},
            {"message", error.message},
            {"position", error.position},
            {"hint", error.hint}}}};
}

// How old the newest transaction is; 0 when the source had nothing more to send.
int64_t lag_ms(const SourceStatus& source) {
  if (source.caught_up_us != 0 && source.caught_up_us >= source.last_input_us) return 0;
  if (source.last_transaction_ts_us == 0) return -1;
  return std::max<int64_t>(0, Clock::system().now_us() - source.last_transaction_ts_us) / 1000;
}

int64_t age_ms(int64_t steady_us) {
  return steady_us == 0 ? -1 : (Clock::system().steady_us() - steady_us) / 1000;
}

json snapshot_json(const SnapshotStatus& status) {
  const int64_t running_us = Clock::system().steady_us() - status.started_us;
  const uint64_t read = status.rows - std::min(status.rows, status.rows_at_start);
  const double per_second =
      running_us > 0 ? static_cast<double>(read) * 1e6 / static_cast<double>(running_us) : 0;
  const bool ahead = status.rows_expected > status.rows && per_second > 0;
  const double left = ahead ? static_cast<double>(status.rows_expected - status.rows) : 0;
  return {{"id", status.id},
          {"state", to_string(status.state)},
          {"sink", status.audience},
          {"tables", status.tables},
          {"tables_done", status.tables_done},
          {"reading", status.reading},
          {"rows", status.rows},
          {"rows_expected", status.rows_expected},
          {"rows_per_s", per_second},
          {"eta_ms", ahead ? static_cast<int64_t>(left * 1000 / per_second) : -1},
          {"last_error", status.last_error}};
}

json source_json(const RunningSource& source, const Rates& rates) {
  const RunningSourceStatus status = source.status();
  json snapshot;  // null: none since the start
  if (status.source.snapshot) snapshot = snapshot_json(*status.source.snapshot);
  return {{"name", source.name()},
          {"state", phase_text(status)},
          {"healthy", status.healthy},
          {"why", status.why_unhealthy},
          {"server", status.source.server},
          {"position", status.source.position.describe()},
          {"lag_ms", lag_ms(status.source)},
          {"behind_bytes", status.source.behind_bytes},
          {"last_input_ms_ago", age_ms(status.source.last_input_us)},
          {"bytes_received", status.source.bytes_received},
          {"bytes_per_s", rates.bytes.per_second()},
          {"transactions", status.log.transactions},
          {"changes", status.log.changes},
          {"changes_per_s", rates.changes.per_second()},
          {"next_offset", raw(status.log.next_visible)},
          {"log_bytes", status.log.log_bytes},
          {"log_full", status.log.paused_full},
          {"prepared", status.log.prepared},
          {"prepared_since_us", status.log.prepared_since_us},
          {"reconnects", status.source.reconnects},
          {"snapshot", std::move(snapshot)},
          {"last_error", status.source.last_error}};
}

}  // namespace

std::string log_folder(const std::string& data_dir, const std::string& source) {
  return join_path(join_path(data_dir, source), "log");
}

Result<std::unique_ptr<Runner>> Runner::start(const Config& config) {
  std::unique_ptr<Runner> runner(new Runner());
  TW_TRY(runner->open(config));
  return runner;
}

Status Runner::open(const Config& config) {
  FileSystem& files = FileSystem::posix();
  started_us_ = Clock::system().steady_us();
  data_dir_ = config.data_dir;
  TW_TRY(files.make_folder(data_dir_));
  TW_ASSIGN(lock_, files.open(join_path(data_dir_, "tailwater.lock"), OpenMode::kCreate));
  if (!lock_->lock().has_value()) {
    return fail(ErrorKind::kBusy, "another tailwater runs in the data folder " + data_dir_,
                "stop it, or give this one another data_dir");
  }
  for (SourceConfig source : config.sources) {
    source.watch_end = true;
    TW_ASSIGN(auto running, RunningSource::open(source, log_folder(data_dir_, source.name), false));
    sources_.push_back(std::move(running));
    rates_.emplace_back();
  }
  for (const SinkConfig& sink : config.sinks) {
    const auto source = std::find_if(sources_.begin(), sources_.end(),
                                     [&](const auto& s) { return s->name() == sink.source; });
    sinks_.push_back(std::make_unique<RunningSink>(sink, **source));
  }
  TW_ASSIGN(control_, ControlServer::listen(control_path(data_dir_), [this](const json& request) {
              return handle(request);
            }));
  for (const auto& source : sources_) {
    source->on_end([this] { ended_.notify(); });
    source->start();
  }
  for (const auto& sink : sinks_) {
    sink->on_end([this] { ended_.notify(); });
    sink->start();
  }
  return {};
}

Runner::~Runner() {
  control_.reset();
  for (const auto& source : sources_) {
    const Status stopped = source->stop();
    if (!stopped.has_value()) {
      log_lines().error("source {}: {}", source->name(), stopped.error().describe());
    }
  }
  for (const auto& sink : sinks_) sink->stop();
}

Status Runner::wait(std::stop_token stop) {
  while (!stop.stop_requested() && !all_ended()) {
    sample_rates();
    report_failures();
    ended_.wait(stop, kSampleEveryUs / 10);
  }
  for (const auto& source : sources_) {
    if (!source->result().has_value()) return source->result();
  }
  for (const auto& sink : sinks_) {
    const Status result = sink->result();
    // A reader of the console that went away has read enough.
    if (!result.has_value() && result.error().kind != ErrorKind::kStopped) return result;
  }
  return {};
}

// One failed source does not end the others; what ends them all is reported by the caller.
void Runner::report_failures() {
  if (all_ended()) return;
  for (const auto& source : sources_) {
    const Status result = source->result();
    if (result.has_value()) {
      reported_.erase(source->name());
    } else if (reported_.insert(source->name()).second) {
      log_lines().error("source {}: {}", source->name(), result.error().describe());
    }
  }
}

void Runner::sample_rates() {
  const int64_t now_us = Clock::system().steady_us();
  const std::scoped_lock lock(rates_mutex_);
  if (now_us - sampled_us_ < kSampleEveryUs) return;
  sampled_us_ = now_us;
  for (size_t i = 0; i < sources_.size(); ++i) {
    const RunningSourceStatus status = sources_[i]->status();
    rates_[i].bytes.sample(now_us, status.source.bytes_received);
    rates_[i].changes.sample(now_us, status.log.changes);
  }
  for (const auto& sink : sinks_) sink->sample_rate(now_us);
}

bool Runner::all_ended() const {
  return std::all_of(sources_.begin(), sources_.end(), [](const auto& s) { return s->ended(); }) &&
         std::all_of(sinks_.begin(), sinks_.end(), [](const auto& s) { return s->ended(); });
}

json Runner::handle(const json& request) {
  const std::string command = request["command"].get<std::string>();
  if (command == "status") return status_answer();
  if (command == "pause" || command == "resume") return pause_or_resume(command, request);
  if (command == "snapshot") return snapshot(request);
  return error_json({ErrorKind::kUserFix,
                     "there is no command '" + command + "'",
                     {},
                     "status, pause, resume, snapshot"});
}

json Runner::snapshot(const json& request) {
  const std::string name = request.value("source", "");
  const auto refuse = [](std::string message, std::string hint) {
    return error_json({ErrorKind::kUserFix, std::move(message), {}, std::move(hint)});
  };
  RunningSource* source = name.empty() && sources_.size() == 1 ? sources_[0].get() : nullptr;
  for (const auto& each : sources_) {
    if (each->name() == name) source = each.get();
  }
  if (source == nullptr) {
    return refuse(name.empty() ? "there are several sources" : "there is no source '" + name + "'",
                  "name one of those that 'tailwater status' lists with --source");
  }
  const std::string action = request.value("action", "start");
  if (action == "start") {
    SnapshotRequest wanted{request.value("tables", std::vector<std::string>()),
                           request.value("where", ""), request.value("sink", "")};
    const bool known =
        wanted.audience.empty() || std::any_of(sinks_.begin(), sinks_.end(), [&](const auto& sink) {
          return sink->name() == wanted.audience && sink->source() == source->name();
        });
    if (!known) {
      return refuse("the source '" + source->name() + "' has no sink '" + wanted.audience + "'",
                    "'tailwater status' lists the sinks");
    }
    const auto id = source->request_snapshot(wanted);
    if (!id.has_value()) return error_json(id.error());
    return {{"source", source->name()}, {"snapshot", *id}};
  }
  using Control = Source::SnapshotControl;
  const std::map<std::string, Control> controls = {
      {"pause", Control::kPause}, {"resume", Control::kResume}, {"cancel", Control::kCancel}};
  const auto control = controls.find(action);
  if (control == controls.end()) return refuse("there is no action '" + action + "'", "");
  const Status done = source->control_snapshot(control->second);
  if (!done.has_value()) return error_json(done.error());
  return {{"source", source->name()}, {"action", action}};
}

json Runner::status_answer() const {
  json sources = json::array();
  json sinks = json::array();
  bool healthy = true;
  {
    const std::scoped_lock lock(rates_mutex_);
    for (size_t i = 0; i < sources_.size(); ++i) {
      sources.push_back(source_json(*sources_[i], rates_[i]));
      healthy = healthy && sources.back()["healthy"].get<bool>();
    }
  }
  for (const auto& sink : sinks_) {
    sinks.push_back(sink->status());
    healthy = healthy && sinks.back()["healthy"].get<bool>();
  }
  return {{"version", kVersion},
          {"healthy", healthy},
          {"pid", ::getpid()},
          {"data_dir", data_dir_},
          {"uptime_ms", age_ms(started_us_)},
          {"sources", std::move(sources)},
          {"sinks", std::move(sinks)}};
}

json Runner::pause_or_resume(const std::string& command, const json& request) {
  const std::string name = request.value("source", "");
  json done = json::array();
  for (const auto& source : sources_) {
    if (!name.empty() && source->name() != name) continue;
    if (command == "pause") {
      source->pause();
    } else {
      source->resume();
    }
    done.push_back(source->name());
  }
  if (done.empty()) {
    return error_json({ErrorKind::kUserFix,
                       "there is no source '" + name + "'",
                       {},
                       "'tailwater status' lists them"});
  }
  return {{"sources", std::move(done)}};
}

}  // namespace tailwater::pipeline
