#include "model/source.h"

#include <algorithm>

namespace tailwater {

std::string_view to_string(SourceStatus::State state) {
  switch (state) {
    case SourceStatus::State::kStarting:
      return "starting";
    case SourceStatus::State::kConnecting:
      return "connecting";
    case SourceStatus::State::kStreaming:
      return "streaming";
    case SourceStatus::State::kWaitingToRetry:
      return "waiting_to_retry";
    case SourceStatus::State::kStopped:
      return "stopped";
    case SourceStatus::State::kFailed:
      return "failed";
  }
  return "unknown";
}

double SnapshotStatus::rows_per_second(int64_t now_us) const {
  const int64_t running_us = (ended_us != 0 ? ended_us : now_us) - started_us;
  if (running_us <= 0) return 0;
  const uint64_t read = rows - std::min(rows, rows_at_start);
  return static_cast<double>(read) * 1e6 / static_cast<double>(running_us);
}

std::string_view to_string(SnapshotStatus::State state) {
  switch (state) {
    case SnapshotStatus::State::kReading:
      return "reading";
    case SnapshotStatus::State::kPaused:
      return "paused";
    case SnapshotStatus::State::kFailed:
      return "failed";
    case SnapshotStatus::State::kDone:
      return "done";
  }
  return "unknown";
}

Result<uint64_t> Source::request_snapshot(const SnapshotRequest& request) {
  (void)request;
  return fail(ErrorKind::kUnsupported, "this source has no tables to take a snapshot of");
}

Status Source::control_snapshot(SnapshotControl control) {
  (void)control;
  return fail(ErrorKind::kNotFound, "no snapshot runs");
}

}  // namespace tailwater
