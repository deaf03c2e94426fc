// StreamEvent: what happens to a stream beside its changes (StreamOptions::on_event).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tailwater/result.h>

namespace tailwater {

struct StreamEvent {
  enum class Kind : uint8_t {
    kConnected,         ///< the server sends its binlog; see `server`
    kCaughtUp,          ///< all that the server had when it was connected to is captured
    kDisconnected,      ///< the connection was lost; see `error`
    kRetrying,          ///< it is tried again in `retry_in_us`; see `error`
    kSnapshotStarted,   ///< tables are read from now on
    kSnapshotFinished,  ///< all of them are read and captured
    kStopped,  ///< nothing more is captured; `error` says why, nothing for stop and `until`
  };
  Kind kind = Kind::kConnected;
  std::string server = {};  ///< kConnected: "MariaDB 10.11.19 at user@db.example:3306"
  std::optional<Error> error = {};
  int64_t retry_in_us = 0;
};

/// "connected", "caught_up", "disconnected", "retrying", "snapshot_started", "snapshot_finished",
/// "stopped".
std::string_view to_string(StreamEvent::Kind kind);

}  // namespace tailwater
