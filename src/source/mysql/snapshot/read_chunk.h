// ReadChunk: rows of one table that were read in one view of the server's data, on their way into
// the changelog as one transaction.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "base/bytes.h"
#include "db/mysql/key_range.h"
#include "model/schema.h"
#include "source/mysql/snapshot/visibility.h"

namespace tailwater::mysql {

/// Row images as the changelog's writer takes them: each after its length (u32).
struct ReadBatch {
  ByteBuffer images;
  uint32_t rows = 0;
};

struct ReadChunk {
  // Set before it is offered to the junction.
  size_t table = 0;       ///< in the snapshot's list
  uint64_t range_id = 0;  ///< which part of it
  Visibility visibility;
  std::shared_ptr<const TableSchema> schema;
  int64_t read_us = 0;  ///< when the view was opened, UTC

  // Set before it is complete.
  KeyBound last_key = {};  ///< of its last row; the part goes on behind it
  bool exhausted = false;  ///< there is nothing more in its part
  uint64_t rows = 0;

  // Guarded by the junction's mutex.
  enum class State : uint8_t { kReading, kComplete, kGone };
  State state = State::kReading;
  bool taken = false;     ///< it is in the changelog
  bool draining = false;  ///< its rows are being taken
  size_t queued_bytes = 0;
  std::deque<ReadBatch> batches = {};
};
using ReadChunkPtr = std::shared_ptr<ReadChunk>;

}  // namespace tailwater::mysql
