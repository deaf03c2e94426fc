// The key of a row before and after an update.
#pragma once

#include <vector>

#include "format/column_writer.h"
#include "model/change.h"

namespace tailwater::format {

/// Whether an update gave the row another key. A key column that the image after the change leaves
/// out has not changed.
inline bool key_changed(const ChangeView& change, const std::vector<const ColumnWriter*>& key) {
  for (const ColumnWriter* column : key) {
    if (change.after.presence(column->index) == Presence::kUnavailable) continue;
    if (!same_value(change.before, change.after, *column->column, column->index)) return true;
  }
  return false;
}

/// The image that knows a column of the row after an update: `row`, or `before`, from which an
/// image leaves out only what did not change. The column may still be unavailable there.
inline const RowView& image_with(const RowView& row, const RowView& before, size_t column) {
  const bool known = row.presence(column) != Presence::kUnavailable || before.empty();
  return known ? row : before;
}

}  // namespace tailwater::format
