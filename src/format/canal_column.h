// Columns of canal's flat messages: every value is text, and each column has a number of
// java.sql.Types. Facts: LogEventConvert and RowsLogBuffer of canal 1.1.7.
#pragma once

#include <cstdint>

#include "format/column_writer.h"
#include "model/position.h"

namespace tailwater::format {

/// Writes values as JSON strings.
ColumnWriter make_canal_column(const Column& column, size_t index);

/// Which number of java.sql.Types a value has. canal decides it for each value.
struct CanalType {
  int value = 0;       ///< of a value
  int null_value = 0;  ///< of NULL
  int large = 0;       ///< of an unsigned integer above `limit`: one size up
  uint64_t limit = UINT64_MAX;

  /// `column`: the writer of the column.
  [[nodiscard]] int of(const ColumnWriter& column, const RowView& row) const;
};
CanalType make_canal_type(const Column& column, SourceKind source);

}  // namespace tailwater::format
