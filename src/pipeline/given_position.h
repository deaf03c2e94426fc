// GivenPosition: where the source was after what a reader of its changelog has been given.
//
// The changelog has a whole position once for each frame, and for each transaction its GTID and
// place. What is between is kept here as it comes, and put together only when somebody asks.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "changelog/reader.h"
#include "model/change.h"
#include "model/position.h"

namespace tailwater::pipeline {

/// For the thread that reads.
class GivenPosition {
 public:
  /// After each call of the reader's `next`, before `note`.
  void look(const changelog::Reader& reader);
  /// A whole transaction was given, or passed over; or the source moved on without one.
  void note(const TransactionInfo& transaction);
  /// kNotFound when nothing is known. Without the GTIDs where the reader started behind the place
  /// that tells those before it: then it is a place on `server`.
  [[nodiscard]] Result<Position> position(SourceKind kind, const std::string& server) const;

 private:
  uint64_t number_ = 0;   ///< of the stored position
  ByteBuffer stored_;     ///< encode_position; empty: none yet
  std::string gtids_;     ///< of transactions since, each with a line end
  BinlogPosition place_;  ///< of the last of them, or where the source moved to
  bool moved_ = false;    ///< since the stored position
};

}  // namespace tailwater::pipeline
