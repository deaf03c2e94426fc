#include "transform/skipped_operations.h"

#include <array>

#include "base/text.h"

namespace tailwater {

Result<SkippedOperations> SkippedOperations::parse(const std::vector<std::string>& words) {
  struct Word {
    std::string_view name;
    bool SkippedOperations::*member;
  };
  constexpr std::array kWords = {
      Word{"insert", &SkippedOperations::inserts}, Word{"update", &SkippedOperations::updates},
      Word{"delete", &SkippedOperations::deletes}, Word{"truncate", &SkippedOperations::truncates},
      Word{"ddl", &SkippedOperations::ddl}};
  SkippedOperations skipped;
  for (const std::string& word : words) {
    std::vector<std::string> names;
    bool known = false;
    for (const Word& one : kWords) {
      names.emplace_back(one.name);
      if (word != one.name) continue;
      skipped.*one.member = true;
      known = true;
    }
    if (known) continue;
    const std::string near = nearest(word, names);
    return fail(ErrorKind::kUserFix, "skip_operations: there is no operation '" + word + "'",
                near.empty() ? "they are insert, update, delete, truncate and ddl"
                             : "did you mean '" + near + "'?");
  }
  return skipped;
}

bool SkippedOperations::skips(Op op) const {
  switch (op) {
    case Op::kInsert:
      return inserts;
    case Op::kUpdate:
      return updates;
    case Op::kDelete:
      return deletes;
    case Op::kTruncate:
      return truncates;
    case Op::kSchemaChange:
      return ddl;
    case Op::kRead:
    case Op::kReadStart:
    case Op::kReadEnd:
    case Op::kStatement:
      break;
  }
  return false;
}

}  // namespace tailwater
