// Sinks: what takes changes (ChangeSink) or finished records (RecordSink) to somewhere else.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "model/tail.h"

namespace tailwater {

/// Takes changes in commit order. Called from one thread.
class ChangeSink {
 public:
  virtual ~ChangeSink() = default;
  /// Takes one entry. May buffer it; what is in the entry is not valid after the call.
  virtual Status take(const TailEntry& entry) = 0;
  /// Makes durable, wherever the sink leads, all that was taken; after it the cursor may move.
  virtual Status flush() = 0;
};

/// An opaque payload on a lane: what streams carry.
struct Record {
  std::string_view lane = {};
  std::string_view key = {};
  Bytes payload = {};
  int64_t ts_us = 0;
};

/// Takes records in order per lane. Called from one thread.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  /// Takes records; may keep them in flight, but copies what it keeps.
  virtual Status take(std::span<const Record> records) = 0;
  /// Waits until all that was taken is durable at the destination.
  virtual Status flush() = 0;
};

}  // namespace tailwater
