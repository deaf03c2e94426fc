// Looking at, checking and mending a changelog from outside. docs/changelog_format.md has the
// rules.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "changelog/cursor.h"
#include "changelog/options.h"
#include "changelog/spool.h"
#include "model/change.h"
#include "model/position.h"

namespace tailwater::changelog {

/// What is in one segment.
struct SegmentReport {
  std::string name;
  uint64_t bytes = 0;        ///< of the file
  uint64_t valid_bytes = 0;  ///< header and good frames
  uint64_t frames = 0;
  uint64_t transactions = 0;
  uint64_t changes = 0;
  Offset first_offset = {};
  Offset end_offset = {};   ///< after its last change
  int64_t first_ts_us = 0;  ///< the lowest and the highest commit time; 0 without transactions
  int64_t last_ts_us = 0;
};

struct LogReport {
  std::vector<SegmentReport> segments;
  SourceIdentity identity = {};
  Offset first_offset = {};
  Offset end_offset = {};            ///< after the last committed change
  std::optional<Position> position;  ///< after the last commit
  uint64_t torn_bytes = 0;           ///< after the last commit: the next writer cuts them
  std::optional<Error> corruption;   ///< the first damage, with segment:byte
  std::vector<SinkCursor> cursors;
  std::vector<SpoolInfo> prepared;   ///< transactions that wait for their commit
  std::vector<Error> lost_prepared;  ///< those whose changes are lost: spools that are damaged
};

/// Reads every byte of a changelog and checks it. Damage is in the report, not an error; kNotFound
/// when there is no changelog. May run while a writer works: it then looks at what is visible.
Result<LogReport> verify_log(FileSystem& files, const std::string& folder);

/// The same from segment headers, the newest segment and the cursors only: quick. Frames,
/// transactions and times are not counted.
Result<LogReport> describe_log(FileSystem& files, const std::string& folder);

struct RepairReport {
  bool changed = false;
  Offset first_lost = {};            ///< offsets from here on are gone, up to
  std::optional<Offset> end_lost;    ///< here; nothing when that cannot be known
  std::optional<Position> position;  ///< where the source goes on
  std::vector<std::string> aside;    ///< the files that hold what was cut
};

/// Cuts a damaged changelog after its last good commit. Everything after that is moved into
/// `damaged-<n>/` beside the segments, never deleted. kBusy when a writer has the log open. A log
/// without damage is left alone.
Result<RepairReport> repair_log(FileSystem& files, const std::string& folder);

/// Gives every frame and record as one line of text, from `from` on; `line` returns false to stop.
/// kCorrupt at the first damage.
Status dump_log(FileSystem& files, const std::string& folder, Offset from,
                const std::function<bool(std::string_view line)>& line);

}  // namespace tailwater::changelog
