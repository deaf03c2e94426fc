#include "model/source.h"

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
