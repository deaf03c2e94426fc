// Source: what reads a database's change log and writes it to a changelog.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "model/position.h"

namespace tailwater {

/// What a source is doing, for status pages and health.
struct SourceStatus {
  enum class State : uint8_t {
    kStarting,
    kConnecting,
    kStreaming,
    kWaitingToRetry,
    kStopped,
    kFailed
  };
  State state = State::kStarting;
  Position position = {};     ///< after the last transaction handed to the changelog
  std::string server = {};    ///< "MariaDB 10.11.19 at db.example:3306"
  int64_t last_input_us = 0;  ///< when anything, heartbeats too, was last received; 0: never
  int64_t last_transaction_ts_us = 0;  ///< source time of the last transaction
  int64_t caught_up_us = 0;            ///< when the source last had nothing more to send; 0: never
  uint64_t bytes_received = 0;         ///< since the start of the source
  uint64_t reconnects = 0;
  int64_t behind_bytes = -1;    ///< of the source's log not yet read; -1: not known
  std::string last_error = {};  ///< the newest trouble, "" when streaming
};

/// "starting", "connecting", "streaming", …
std::string_view to_string(SourceStatus::State state);

class Source {
 public:
  virtual ~Source() = default;
  /// Reads until `stop` asks (no error), the configured end is reached (no error), or there is an
  /// error that trying again does not cure. Passing trouble is retried inside. May be called again
  /// after it returned: goes on at the changelog's last position.
  virtual Status run(std::stop_token stop) = 0;
  /// From any thread.
  [[nodiscard]] virtual SourceStatus status() const = 0;
};

}  // namespace tailwater
