// Sparse indexes: beside each segment, where in it a reader may start, and where schemas are. An
// index only saves time: it can be lost or damaged and is then passed over.
// The bytes are docs/changelog_format.md, "Index".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "changelog/frame.h"

namespace tailwater::changelog {

inline constexpr uint64_t kIndexEveryBytes = 64 << 10;

struct IndexEntry {
  static constexpr uint8_t kStart = 1;    ///< a frame that starts outside of any transaction
  static constexpr uint8_t kSchemas = 2;  ///< a frame that declares schemas
  static constexpr uint8_t kDurable =
      4;  ///< all up to this frame was durable when this was written

  uint64_t position = 0;
  uint64_t base_offset = 0;
  int64_t max_commit_ts_us = 0;  ///< the highest commit time before the frame, in the whole log
  uint64_t tables = 0;  ///< Bloom set of all frames from the start entry before up to this frame
  uint32_t chain = 0;   ///< CRC of the header before the frame
  uint8_t flags = 0;

  [[nodiscard]] bool is_start() const { return (flags & kStart) != 0; }
  [[nodiscard]] bool has_schemas() const { return (flags & kSchemas) != 0; }
  [[nodiscard]] bool is_durable() const { return (flags & kDurable) != 0; }
};

/// The entries of a segment's index that are whole, in order of position; none when there is no
/// index.
std::vector<IndexEntry> load_index(FileSystem& files, const std::string& folder,
                                   const SegmentHeader& segment);

/// The place before the frame of a start entry.
LogPlace place_of(const SegmentHeader& segment, const IndexEntry& entry);

/// Adds entries to a segment's index as frames become visible. Used by one thread.
class IndexWriter {
 public:
  /// Takes the index of `segment` as far as `end_position`, and notes what frames it misses up to
  /// there; the rest of the file is dropped.
  static Result<std::unique_ptr<IndexWriter>> open(FileSystem& files, const std::string& folder,
                                                   const SegmentHeader& segment,
                                                   uint64_t end_position);

  /// A frame was written, `before` being the place before it.
  void note(const FrameHeader& header, const LogPlace& before);
  /// The noted frames before `limit` are visible: writes their entries.
  Status publish(uint64_t limit, bool durable);
  /// The segment that this is the index of.
  [[nodiscard]] uint64_t base() const { return base_; }
  Status sync() { return file_->sync(); }

 private:
  IndexWriter(std::unique_ptr<File> file, uint64_t base) : file_(std::move(file)), base_(base) {}
  Status catch_up(FileSystem& files, const std::string& folder, const SegmentHeader& segment,
                  const LogPlace& from, bool mid_transaction, uint64_t end_position);

  std::unique_ptr<File> file_;
  uint64_t base_;
  uint64_t end_bytes_ = 0;
  uint64_t last_start_ = 0;  ///< position of the newest start entry, published or not
  uint64_t tables_ = 0;      ///< of the frames since
  std::vector<IndexEntry> pending_;
  ByteBuffer bytes_;
};

}  // namespace tailwater::changelog
