// Selection: which tables a source captures.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "transform/name_patterns.h"

namespace tailwater {

/// Include and exclude rules: regular expressions (ECMAScript) that must match the whole of
/// "database.table". A table is selected when it matches one of the includes (or there are none)
/// and none of the excludes. Immutable; copies share the compiled expressions.
class Selection {
 public:
  /// Selects every table.
  Selection() = default;
  /// kUserFix, naming the expression, when one does not compile.
  static Result<Selection> compile(const std::vector<std::string>& include,
                                   const std::vector<std::string>& exclude);

  [[nodiscard]] bool selects(std::string_view database, std::string_view table) const;

 private:
  NamePatterns include_;
  NamePatterns exclude_;
};

}  // namespace tailwater
