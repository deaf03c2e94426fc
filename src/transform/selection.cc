#include "transform/selection.h"

namespace tailwater {

Result<Selection> Selection::compile(const std::vector<std::string>& include,
                                     const std::vector<std::string>& exclude) {
  NamePatterns::Words words{"table_include", "database.table",
                            R"('shop\.(orders|items)' or 'shop\..*')"};
  Selection selection;
  TW_ASSIGN(selection.include_, NamePatterns::compile(include, words));
  words.setting = "table_exclude";
  TW_ASSIGN(selection.exclude_, NamePatterns::compile(exclude, words));
  return selection;
}

bool Selection::selects(std::string_view database, std::string_view table) const {
  if (include_.empty() && exclude_.empty()) return true;
  std::string name(database);
  name.append(".").append(table);
  return (include_.empty() || include_.match(name)) && !exclude_.match(name);
}

}  // namespace tailwater
