#include "base/result.h"

namespace tailwater {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kRetry:
      return "retry";
    case ErrorKind::kResync:
      return "resync";
    case ErrorKind::kUserFix:
      return "user_fix";
    case ErrorKind::kUnsupported:
      return "unsupported";
    case ErrorKind::kCorrupt:
      return "corrupt";
    case ErrorKind::kIo:
      return "io";
    case ErrorKind::kFull:
      return "full";
    case ErrorKind::kBusy:
      return "busy";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kStopped:
      return "stopped";
    case ErrorKind::kBug:
      return "bug";
  }
  return "unknown";
}

std::string Error::describe() const {
  std::string text = message;
  if (!position.empty()) text.append(" (at ").append(position).append(")");
  if (!hint.empty()) text.append("\n  what to do: ").append(hint);
  return text;
}

}  // namespace tailwater
