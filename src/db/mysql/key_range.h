// Key ranges: parts of a table, as conditions on its key that the server can answer from the index.
#pragma once

#include <string>
#include <vector>

namespace tailwater::mysql {

/// A key's values as SQL literals, one for each key column; empty: no bound.
using KeyBound = std::vector<std::string>;

/// The rows whose keys are greater than `after` and not greater than `upto`, in the server's own
/// order of the key.
struct KeyRange {
  KeyBound after;
  KeyBound upto;
  /// Instead of bounds: a condition in SQL that one row fits.
  std::string only = {};

  bool operator==(const KeyRange&) const = default;
  /// "(5, 100]", "(…, …]": for people.
  [[nodiscard]] std::string describe() const;
};

/// The condition of a WHERE clause for `range` on `columns` (quoted names, in key order); "" when
/// it has no bounds. Row comparisons are written out, since the servers do not look those up in an
/// index.
std::string key_condition(const std::vector<std::string>& columns, const KeyRange& range);

}  // namespace tailwater::mysql
