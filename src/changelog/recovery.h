// Recovery: what a changelog's files hold after anything may have happened to them. Only reads; the
// writer does the cutting.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "changelog/index.h"
#include "changelog/segment.h"
#include "model/position.h"

namespace tailwater::changelog {

/// A segment that belongs to the log.
struct SegmentInfo {
  SegmentHeader header;
  uint64_t bytes = 0;  ///< of the file
};

struct Recovered {
  /// The segments of the log, oldest first, up to the one that holds its end. Empty: a new log.
  std::vector<SegmentInfo> segments;
  /// The end of the committed log: the next frame goes here.
  LogPlace end = {};
  std::optional<Position> position;  ///< after the last commit; nothing when there was none yet
  std::string state;                 ///< the source's own, with that position
  std::vector<uint64_t> spools;      ///< of the transactions that are prepared there
  std::vector<uint64_t> before;  ///< segments, by base, that lie before the first whole transaction
  std::vector<uint64_t>
      after;                ///< segments, by base, newest first, that hold nothing but cut bytes
  uint64_t torn_bytes = 0;  ///< cut at the end of the last segment (zeros do not count)
  uint64_t epoch = 0;       ///< the highest seen
  uint32_t next_schema_id = 1;
  bool all_durable = true;  ///< earlier segments are known to be durable

  [[nodiscard]] const SegmentHeader& last() const { return segments.back().header; }
};

/// Finds the end of the log in `folder`. kNotFound when there is no folder; kCorrupt, with
/// segment:byte and offsets, when bytes are damaged that had been durable; a log without segments
/// is no error.
Result<Recovered> recover(FileSystem& files, const std::string& folder);

/// The error for damaged bytes at `place`.
Error corruption(const LogPlace& place, std::string_view what);

}  // namespace tailwater::changelog
