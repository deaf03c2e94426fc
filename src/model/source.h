// Source: what reads a database's change log and writes it to a changelog.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/position.h"

namespace tailwater {

/// What a snapshot that runs is doing.
struct SnapshotStatus {
  enum class State : uint8_t { kReading, kPaused, kFailed, kDone };
  State state = State::kReading;
  uint64_t id = 0;
  std::string audience = {};  ///< the one sink that it is for; "": all
  size_t tables = 0;
  size_t tables_done = 0;
  std::vector<std::string> reading = {};  ///< the tables that are being read
  uint64_t rows = 0;                      ///< in the changelog
  uint64_t rows_expected = 0;             ///< as the source estimates; 0: not known
  int64_t started_us = 0;                 ///< steady clock; of this process
  int64_t ended_us = 0;                   ///< the same; 0 while it runs
  uint64_t rows_at_start = 0;             ///< that were in the changelog then
  std::string last_error = {};

  /// How many rows came in each second since the start in this process, up to the end or, while it
  /// runs, to this moment of the steady clock.
  [[nodiscard]] double rows_per_second(int64_t now_us) const;
};

/// "reading", "paused", …
std::string_view to_string(SnapshotStatus::State state);

/// Which tables to read while streaming goes on.
struct SnapshotRequest {
  /// Regular expressions that match the whole of "database.table"; empty: all that are captured.
  std::vector<std::string> tables = {};
  std::string where = {};     ///< a condition in SQL for all of them; "": all rows
  std::string audience = {};  ///< the one sink that it is for; "": all
};

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
  int64_t behind_bytes = -1;                    ///< of the source's log not yet read; -1: not known
  std::string last_error = {};                  ///< the newest trouble, "" when streaming
  std::optional<SnapshotStatus> snapshot = {};  ///< the one that runs, or ran last
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

  // Snapshots of tables while the stream goes on. From any thread. kUnsupported where the source
  // has none.

  /// Starts one when the one that runs is done. It goes on after a restart until it is done.
  /// Returns its id.
  virtual Result<uint64_t> request_snapshot(const SnapshotRequest& request);
  enum class SnapshotControl : uint8_t { kPause, kResume, kCancel };
  /// kNotFound when no snapshot runs.
  virtual Status control_snapshot(SnapshotControl control);
};

}  // namespace tailwater
