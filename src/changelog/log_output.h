// LogOutput: the writing half of a changelog. Takes sealed frames and makes them a log: segments,
// chain, sync, head page, index. Not thread-safe: its caller sees to one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "changelog/appender.h"
#include "changelog/codec.h"
#include "changelog/frame.h"
#include "changelog/head.h"
#include "changelog/index.h"
#include "changelog/recovery.h"
#include "changelog/retention.h"

namespace tailwater::changelog {

/// A frame on its way to the file. The writer fills what it knows of the header: kind, flags,
/// changes, offsets, times, tables, transactions.
struct FrameJob {
  FrameHeader header = {};
  ByteBuffer declarations;  ///< schema records, before the body
  ByteBuffer body;
  bool pooled = false;          ///< the body's buffer goes back to the pool
  bool new_segment = false;     ///< the frame starts a segment
  uint32_t next_schema_id = 1;  ///< for that segment's header
  uint64_t serial = 0;          ///< the writer's count of frames
  /// Files that must be durable, and their names, before the frame is written; and the folder of
  /// these.
  std::vector<std::shared_ptr<File>> spools = {};
  std::string spool_folder = {};
  std::vector<std::string> ended_spools = {};  ///< files that may go once the frame is durable
};

class LogOutput {
 public:
  /// Goes on where `recovered` ends: cuts what must go, or makes the first segment of a new log.
  static Result<std::unique_ptr<LogOutput>> open(FileSystem& files, const std::string& folder,
                                                 const WriterOptions& options,
                                                 const SourceIdentity& identity,
                                                 const Recovered& recovered);

  /// Writes one frame; it may stay in a buffer until `finish`.
  Status write(FrameJob& job);
  /// Ends a group: all frames are in the file, synced as the policy says (`force`: in any case, but
  /// for SyncPolicy::kNone), and what is committed and synced is visible.
  Status finish(bool force);
  /// When `finish` should be called again though no frame comes, on the steady clock; 0: no need.
  [[nodiscard]] int64_t due_us() const;
  /// Takes back all frames after the last commit.
  Status cut_transaction();
  /// Takes back all frames of the open transaction after the one with this serial.
  Status cut_after(uint64_t serial);
  /// Deletes what retention allows. Sets `paused_full`.
  Status retain();
  /// A segment was closed since the last `retain`.
  [[nodiscard]] bool wants_retention() const { return retain_now_; }
  /// Everything is finished: gives back spare disk space and says so on the head page.
  Status close();

  [[nodiscard]] const LogPlace& place() const { return place_; }
  [[nodiscard]] const HeadState& head() const { return head_state_; }
  [[nodiscard]] bool has_unpublished() const { return unpublished_; }
  [[nodiscard]] uint64_t log_bytes() const;
  [[nodiscard]] bool paused_full() const { return paused_full_; }

 private:
  LogOutput(FileSystem& files, const std::string& folder, const WriterOptions& options,
            const SourceIdentity& identity);
  Status start(const Recovered& recovered);
  Status start_new(uint64_t epoch);
  Status sync_recovered(const Recovered& recovered);
  [[nodiscard]] Result<RetentionPlan> plan() const;
  Status sync_segments(size_t from);
  Status make_segment(SegmentHeader header);
  Status open_segment(uint64_t base, uint64_t position);
  Status remove_segment(uint64_t base);
  Status append_frame(FrameHeader& header, Bytes declarations, Bytes body);
  Status roll(const FrameJob& job);
  Status sync();
  Status sync_spools(const FrameJob& job);
  void remove_ended_spools();
  Status publish();
  Status cut(LogPlace place);
  [[nodiscard]] std::string path_of(uint64_t base) const;

  FileSystem& files_;
  std::string folder_;
  WriterOptions options_;
  SourceIdentity identity_;
  uint64_t epoch_ = 0;
  std::vector<SegmentInfo> segments_;
  std::unique_ptr<Appender> appender_;
  std::vector<std::unique_ptr<IndexWriter>> indexes_;  // the last is the open segment's
  std::unique_ptr<Head> head_page_;
  HeadState head_state_;
  Codec codec_;
  ByteBuffer compressed_;
  ByteBuffer joined_;
  LogPlace place_;      // after the last frame
  LogPlace committed_;  // after the last frame that ends a transaction
  struct PartEnd {
    uint64_t serial = 0;
    LogPlace place = {};
  };
  std::vector<PartEnd> parts_;             // of the open transaction
  std::vector<std::string> ended_spools_;  // of frames that are not published
  uint64_t synced_bytes_ = 0;              // of the open segment: committed and durable
  int64_t synced_at_us_ = 0;
  bool earlier_durable_ = true;
  bool unpublished_ = false;
  bool paused_full_ = false;
  bool retain_now_ = false;
};

}  // namespace tailwater::changelog
