// Retention: which segments may go, and which cursors are in the way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "changelog/cursor.h"
#include "changelog/options.h"
#include "changelog/recovery.h"

namespace tailwater::changelog {

struct RetentionPlan {
  size_t remove = 0;                ///< how many of the oldest segments
  std::vector<std::string> detach;  ///< cursors that must be marked first
  bool paused = false;              ///< the log is full and must wait for a cursor
};

/// Whether any setting asks for it.
bool has_retention(const WriterOptions& options);

/// Decides. `keep_from` is the index of the first segment that must stay whatever the settings say.
RetentionPlan plan_retention(const WriterOptions& options, const std::vector<SegmentInfo>& segments,
                             size_t keep_from, const std::vector<SinkCursor>& cursors,
                             std::optional<Offset> pin, int64_t now_us);

}  // namespace tailwater::changelog
