// Settings of a changelog. Every one is a setting of the user too (docs/configuration.md).
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "model/position.h"

namespace tailwater::changelog {

enum class Compression : uint8_t { kNone = 0, kLz4 = 1, kZstd = 2 };

/// When written frames are made durable. Readers see a transaction only after that.
enum class SyncPolicy : uint8_t {
  kCommit,    ///< every group of commits, before anybody sees it (default)
  kInterval,  ///< at least every `sync_interval_us`
  kNone,      ///< never: for changelogs that need not outlive the machine's next crash
};

/// What to do when the log reaches `log_max_bytes` because a cursor lags.
enum class OnFull : uint8_t {
  kPauseSource,  ///< stop taking changes until the cursor moves
  kDetachSink,   ///< mark the cursor detached and delete what only it needed
};

struct WriterOptions {
  uint64_t segment_bytes = 128 << 20;  ///< a segment is closed at about this size
  uint64_t frame_bytes = 1 << 20;      ///< a frame's body is closed at about this size
  Compression compression = Compression::kNone;
  SyncPolicy sync = SyncPolicy::kCommit;
  int64_t sync_interval_us = 100000;
  /// Writes of at least this many bytes go around the page cache: it costs more than it gives
  /// there, while readers of fresh small frames find them in it.
  uint64_t direct_write_bytes = 128 << 10;
  int64_t group_us = 1000;       ///< how long a commit may wait for company
  int64_t retention_age_us = 0;  ///< 0: no limit
  uint64_t retention_bytes = 0;  ///< 0: no limit
  uint64_t log_max_bytes = 0;    ///< 0: no limit
  OnFull on_full = OnFull::kPauseSource;
  const Clock* clock = &Clock::system();
};

/// Whose changes a changelog holds; written into every segment and checked at every open.
struct SourceIdentity {
  SourceKind kind = SourceKind::kMysql;
  std::string server;  ///< as Position::server; empty where the server has no identity
  std::string name;    ///< the user's name for the source

  bool operator==(const SourceIdentity&) const = default;
};

}  // namespace tailwater::changelog
