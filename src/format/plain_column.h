// Columns of the formats dumpa and plainview: JSON values as Clojure programs print them.
#pragma once

#include "format/column_writer.h"

namespace tailwater::format {

/// dumpa: what the rows of a table load are in JSON. Dates that no calendar has a place for (zero
/// year, month or day) are null.
ColumnWriter make_dumpa_column(const Column& column, size_t index);

/// plainview's records with column names.
ColumnWriter make_named_column(const Column& column, size_t index);

/// plainview's first records: INT, MEDIUMINT, decimals, floats and ENUM (its number) are JSON
/// numbers, all else is the text that the original's Java objects print.
ColumnWriter make_legacy_column(const Column& column, size_t index);

/// Writes a value or `null`; not for an unavailable one. Writers of this file have a form for every
/// value.
inline void put_json_value(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  if (row.presence(column.index) == Presence::kPresent) {
    (void)column.write(column, row, out);
  } else {
    out.put("null");
  }
}

}  // namespace tailwater::format
