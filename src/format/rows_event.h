// RowsEvent: which changes came in one rows event of the source, for formats that make one record
// of them.
#pragma once

#include "model/change.h"

namespace tailwater::format {

/// Not thread-safe. Changes must come in log order.
class RowsEvent {
 public:
  /// Whether `change` stands behind the one before in the same event: its next row, of the same
  /// table and operation. Remembers the change.
  bool goes_on(const TransactionInfo& transaction, const ChangeView& change) {
    const Place place{change.schema->id(), transaction.first_offset, change.source_pos, change.op};
    const bool on = open_ && place == place_ && change.source_row == next_row_;
    place_ = place;
    next_row_ = change.source_row + 1;
    open_ = true;
    return on;
  }
  /// Whatever comes next starts anew.
  void end() { open_ = false; }

 private:
  struct Place {
    SchemaId schema = SchemaId::kNone;
    Offset transaction = {};
    uint64_t pos = 0;
    Op op = Op::kInsert;

    bool operator==(const Place&) const = default;
  };

  Place place_;
  uint32_t next_row_ = 0;
  bool open_ = false;
};

}  // namespace tailwater::format
