// RowMasker: rows as they may be kept, from rows as the source has them.
#pragma once

#include <string>
#include <vector>

#include "model/row.h"
#include "model/schema.h"
#include "transform/column_selection.h"
#include "transform/mask.h"

namespace tailwater {

/// Made once for each version of a table. Not thread-safe: reuses its buffer.
class RowMasker {
 public:
  /// `unmasked` and `masked`: of TableColumns::unmasked and ::schema; `masks`: one for each column.
  RowMasker(SchemaPtr unmasked, SchemaPtr masked, std::vector<Mask> masks);

  /// The schema of the rows that `append` takes, and of those that it makes.
  [[nodiscard]] const SchemaPtr& unmasked() const { return unmasked_; }
  [[nodiscard]] const SchemaPtr& masked() const { return masked_; }

  /// Whether the values of a column are replaced.
  [[nodiscard]] bool masks(size_t column) const {
    return masks_[column].kind() != Mask::Kind::kNone;
  }

  /// Appends the masked form of a row. NULL stays NULL, unavailable stays unavailable.
  void append(const RowView& row, ByteBuffer& out);

 private:
  void append_masked(const RowView& row, size_t column, RowWriter& to);

  SchemaPtr unmasked_;
  SchemaPtr masked_;
  std::vector<Mask> masks_;
  std::string text_;
};

}  // namespace tailwater
