// SkippedOperations: the kinds of change that a source does not keep.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/change.h"

namespace tailwater {

/// A plain value.
struct SkippedOperations {
  bool inserts = false;
  bool updates = false;
  bool deletes = false;
  bool truncates = false;
  bool ddl = false;  ///< statements that change a schema, but for TRUNCATE

  /// Some of insert, update, delete, truncate, ddl. kUserFix, with the nearest word, for others.
  static Result<SkippedOperations> parse(const std::vector<std::string>& words);

  [[nodiscard]] bool skips(Op op) const;
};

}  // namespace tailwater
