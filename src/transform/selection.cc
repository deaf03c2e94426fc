#include "transform/selection.h"

#include <algorithm>
#include <regex>

namespace tailwater {

struct Selection::Rules {
  std::vector<std::regex> include;
  std::vector<std::regex> exclude;
};

namespace {

constexpr size_t kExpressionBytesMax =
    10000;  // std::regex recurses on the length of the expression

Result<std::vector<std::regex>> compile_all(const std::vector<std::string>& expressions,
                                            std::string_view setting) {
  std::vector<std::regex> compiled;
  for (const std::string& text : expressions) {
    const auto refuse = [&](std::string_view why) {
      return fail(ErrorKind::kUserFix,
                  std::string(setting) + ": '" + text.substr(0, 80) +
                      "' is not a regular expression: " + std::string(why),
                  "it must match database.table as a whole, for example 'shop\\.(orders|items)' or "
                  "'shop\\..*'");
    };
    if (text.size() > kExpressionBytesMax) return refuse("too long");
    try {
      compiled.emplace_back(text, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error& error) {
      return refuse(error.what());
    }
  }
  return compiled;
}

bool matches_any(const std::vector<std::regex>& expressions, const std::string& name) {
  return std::any_of(expressions.begin(), expressions.end(),
                     [&](const std::regex& regex) { return std::regex_match(name, regex); });
}

}  // namespace

Result<Selection> Selection::compile(const std::vector<std::string>& include,
                                     const std::vector<std::string>& exclude) {
  auto rules = std::make_shared<Rules>();
  TW_ASSIGN(rules->include, compile_all(include, "table_include"));
  TW_ASSIGN(rules->exclude, compile_all(exclude, "table_exclude"));
  Selection selection;
  selection.rules_ = std::move(rules);
  return selection;
}

bool Selection::selects(std::string_view database, std::string_view table) const {
  if (rules_ == nullptr) return true;
  std::string name(database);
  name.append(".").append(table);
  if (!rules_->include.empty() && !matches_any(rules_->include, name)) return false;
  return !matches_any(rules_->exclude, name);
}

}  // namespace tailwater
