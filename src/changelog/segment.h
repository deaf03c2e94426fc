// Segments: the files of a changelog, named by the offset of their first change.
// The bytes are docs/changelog_format.md, "Segment".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"
#include "changelog/options.h"
#include "model/change.h"

namespace tailwater::changelog {

inline constexpr size_t kSegmentHeaderBytes = 4096;
inline constexpr uint32_t kFormatVersion = 1;

/// Set in a segment or frame header: all of the earlier segments was durable when it was written.
inline constexpr uint8_t kFlagEarlierDurable = 2;
/// Set in a segment header: its first frame goes on with a transaction of the segment before.
inline constexpr uint8_t kFlagMidTransaction = 4;

/// A changelog's own random number, the same in all of its segments.
using Incarnation = std::array<uint8_t, 16>;

/// What the first 4,096 bytes of a segment say.
struct SegmentHeader {
  Incarnation incarnation = {};
  uint64_t base_offset = 0;     ///< the offset of its first change
  uint64_t number = 0;          ///< 0 for the log's first segment, then one more for each
  uint64_t epoch = 0;           ///< of the writer that made it
  int64_t created_us = 0;       ///< UTC
  uint32_t next_schema_id = 1;  ///< no schema of an earlier segment has this number or a higher one
  uint32_t previous_chain = 0;  ///< header CRC of the last frame before it (0 in segment 0)
  uint64_t previous_end_bytes = 0;       ///< length of the segment before it (0 in segment 0)
  int64_t max_commit_ts_us = INT64_MIN;  ///< the highest commit time before it
  uint8_t flags = 0;
  SourceIdentity identity = {};
  uint32_t crc = 0;  ///< of these bytes; starts the chain of the segment's frames

  [[nodiscard]] bool earlier_durable() const { return (flags & kFlagEarlierDurable) != 0; }
  [[nodiscard]] bool mid_transaction() const { return (flags & kFlagMidTransaction) != 0; }
};

/// Writes the 4,096 bytes at `out` and sets `header.crc`. kUserFix when the identity is too long.
Status encode_segment_header(SegmentHeader& header, uint8_t* out);
/// kCorrupt when the bytes are no such header; kUnsupported when a newer version wrote them.
Result<SegmentHeader> decode_segment_header(Bytes bytes);
/// The same from a file.
Result<SegmentHeader> read_segment_header(File& file);

/// "00000000000000000042.log".
std::string segment_name(uint64_t base_offset);
/// "00000000000000000042.index".
std::string index_name(uint64_t base_offset);
/// The base offsets of the segments in a folder, ascending. Other files are passed over.
Result<std::vector<uint64_t>> list_segments(FileSystem& files, const std::string& folder);

/// A place between two frames: all that is needed to go on from there.
struct LogPlace {
  uint64_t segment_base = 0;
  uint64_t segment_number = 0;
  uint64_t position = kSegmentHeaderBytes;  ///< byte in the segment
  uint32_t chain = 0;                       ///< CRC of the header before
  Offset next_offset = {};
  int64_t max_commit_ts_us = INT64_MIN;  ///< the highest commit time before

  /// "00000000000000000042.log:4096".
  [[nodiscard]] std::string describe() const;
};

/// The place before a segment's first frame.
LogPlace start_of(const SegmentHeader& header);

}  // namespace tailwater::changelog
