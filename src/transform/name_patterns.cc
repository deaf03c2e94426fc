#include "transform/name_patterns.h"

#include <regex>

namespace tailwater {

struct NamePatterns::Rules {
  std::vector<std::regex> expressions;
};

namespace {

constexpr size_t kExpressionBytesMax =
    10000;  // std::regex recurses on the length of the expression

}  // namespace

Result<NamePatterns> NamePatterns::compile(const std::vector<std::string>& expressions,
                                           const Words& words) {
  NamePatterns patterns;
  if (expressions.empty()) return patterns;
  auto rules = std::make_shared<Rules>();
  for (const std::string& text : expressions) {
    const auto refuse = [&](std::string_view why) {
      return fail(ErrorKind::kUserFix,
                  std::string(words.setting) + ": '" + text.substr(0, 80) +
                      "' is not a regular expression: " + std::string(why),
                  "it must match " + std::string(words.form) + " as a whole, for example " +
                      std::string(words.example));
    };
    if (text.size() > kExpressionBytesMax) return refuse("too long");
    try {
      rules->expressions.emplace_back(text, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error& error) {
      return refuse(error.what());
    }
  }
  patterns.rules_ = std::move(rules);
  return patterns;
}

std::optional<size_t> NamePatterns::find(const std::string& name) const {
  if (rules_ == nullptr) return {};
  for (size_t i = 0; i < rules_->expressions.size(); ++i) {
    if (std::regex_match(name, rules_->expressions[i])) return i;
  }
  return {};
}

}  // namespace tailwater
