// Quoting of names in SQL.
#pragma once

#include <string>
#include <string_view>

namespace tailwater::mysql {

/// `name` in backticks; MySQL Reference Manual, "Schema Object Names".
inline std::string quote_name(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out += '`';
}

/// `database`.`table`.
inline std::string quote_name(std::string_view database, std::string_view table) {
  return quote_name(database) + "." + quote_name(table);
}

}  // namespace tailwater::mysql
