// NamePatterns: regular expressions on dotted names, such as database.table.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tailwater {

/// Regular expressions (ECMAScript), each of which must match a name as a whole. Immutable; copies
/// share the compiled expressions.
class NamePatterns {
 public:
  /// What error messages say: the setting, the form of the names, and an expression that works.
  struct Words {
    std::string_view setting;
    std::string_view form;
    std::string_view example;
  };

  /// No expressions.
  NamePatterns() = default;
  /// kUserFix, naming the expression, when one does not compile.
  static Result<NamePatterns> compile(const std::vector<std::string>& expressions,
                                      const Words& words);

  [[nodiscard]] bool empty() const { return rules_ == nullptr; }
  [[nodiscard]] bool match(const std::string& name) const { return find(name).has_value(); }
  /// The index of the first expression that matches.
  [[nodiscard]] std::optional<size_t> find(const std::string& name) const;

 private:
  struct Rules;
  std::shared_ptr<const Rules> rules_;
};

}  // namespace tailwater
