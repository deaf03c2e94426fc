// Tail: a live reader of changes, transaction by transaction, in commit order.
#pragma once

#include <optional>
#include <stop_token>

#include "base/result.h"
#include "model/change.h"
#include "model/position.h"

namespace tailwater {

/// One thing that a tail gives. What it points to is valid until the tail's next call.
struct TailEntry {
  enum class Kind : uint8_t {
    kBegin,     ///< a transaction starts; `transaction` is set
    kChange,    ///< a change of it; `transaction` and `change` are set
    kCommit,    ///< it is over; `transaction` is set
    kPosition,  ///< the source moved on without a change for us; `transaction` has commit_ts_us,
                ///< file, end_pos
  };
  Kind kind = Kind::kBegin;
  const TransactionInfo* transaction = nullptr;
  const ChangeView* change = nullptr;
};

class Tail {
 public:
  virtual ~Tail() = default;
  /// The next entry, or nothing when all that is visible now has been read. Whole transactions
  /// only: once a begin was given, its changes and its commit follow without a gap.
  virtual Result<std::optional<TailEntry>> next() = 0;
  /// Waits, without polling, until there may be more, the time is over, or a stop is asked for.
  virtual Status wait(std::stop_token stop, int64_t timeout_us) = 0;
  /// The offset of the next change that `next` will give.
  [[nodiscard]] virtual Offset offset() const = 0;
};

}  // namespace tailwater
