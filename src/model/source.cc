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

}  // namespace tailwater
