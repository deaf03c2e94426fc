#include "db/mysql/key_range.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tailwater::mysql {
namespace {

// The rows beyond the bound in its first column, or equal there and beyond it in the rest; `last`
// compares the last column.
std::string beyond(const std::vector<std::string>& columns, const KeyBound& bound,
                   const char* first, const char* last) {
  std::string text;
  for (size_t i = bound.size(); i-- > 0;) {
    if (text.empty()) {
      text = fmt::format("{} {} {}", columns[i], last, bound[i]);
    } else {
      text = fmt::format("{0} {1} {2} OR ({0} = {2} AND ({3}))", columns[i], first, bound[i], text);
    }
  }
  // What the optimizer sees at once, whatever it makes of the rest.
  if (bound.size() > 1) {
    text = fmt::format("{} {}= {} AND ({})", columns[0], first, bound[0], text);
  }
  return text;
}

}  // namespace

std::string KeyRange::describe() const {
  if (!only.empty()) return only;
  return fmt::format("({}, {}]", after.empty() ? "…" : fmt::format("{}", fmt::join(after, ":")),
                     upto.empty() ? "…" : fmt::format("{}", fmt::join(upto, ":")));
}

std::string key_condition(const std::vector<std::string>& columns, const KeyRange& range) {
  if (!range.only.empty()) return "(" + range.only + ")";
  std::string text;
  if (!range.after.empty()) text = "(" + beyond(columns, range.after, ">", ">") + ")";
  if (range.upto.empty()) return text;
  if (!text.empty()) text += " AND ";
  return text + "(" + beyond(columns, range.upto, "<", "<=") + ")";
}

}  // namespace tailwater::mysql
