#include "changelog/retention.h"

#include <algorithm>

namespace tailwater::changelog {
namespace {

// Segments go in groups: one whose first frame goes on with a transaction goes with the one before
// it.
size_t group_end(const std::vector<SegmentInfo>& segments, size_t first) {
  size_t end = first + 1;
  while (end < segments.size() && segments[end].header.mid_transaction()) ++end;
  return end;
}

}  // namespace

bool has_retention(const WriterOptions& options) {
  return options.retention_age_us != 0 || options.retention_bytes != 0 ||
         options.log_max_bytes != 0;
}

RetentionPlan plan_retention(const WriterOptions& options, const std::vector<SegmentInfo>& segments,
                             size_t keep_from, const std::vector<SinkCursor>& cursors,
                             std::optional<Offset> pin, int64_t now_us) {
  RetentionPlan plan;
  uint64_t bytes = 0;
  for (const SegmentInfo& segment : segments) bytes += segment.bytes;
  for (size_t end = 0; plan.remove < segments.size(); plan.remove = end) {
    end = group_end(segments, plan.remove);
    if (end > keep_from || end >= segments.size()) break;
    const uint64_t end_offset = segments[end].header.base_offset;
    const bool too_old = options.retention_age_us != 0 &&
                         segments[end].header.created_us < now_us - options.retention_age_us;
    const bool too_large = options.retention_bytes != 0 && bytes > options.retention_bytes;
    const bool full = options.log_max_bytes != 0 && bytes > options.log_max_bytes;
    if (!too_old && !too_large && !full) break;
    if (pin && raw(*pin) < end_offset) break;
    std::vector<std::string> behind;
    for (const SinkCursor& cursor : cursors) {
      const bool listed = std::count(plan.detach.begin(), plan.detach.end(), cursor.name) != 0;
      if (!cursor.detached && !listed && raw(cursor.next) < end_offset)
        behind.push_back(cursor.name);
    }
    if (!behind.empty() && (!full || options.on_full == OnFull::kPauseSource)) {
      plan.paused = full;
      break;
    }
    plan.detach.insert(plan.detach.end(), behind.begin(), behind.end());
    for (size_t i = plan.remove; i < end; ++i) bytes -= segments[i].bytes;
  }
  return plan;
}

}  // namespace tailwater::changelog
