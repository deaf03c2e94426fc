// Option file: the `~/.my.cnf` of the mysql client.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tailwater::mysql {

/// The options of some sections of an option file. `_` and `-` in names are the same. Includes
/// (`!include`) are not followed. Format: MySQL Reference Manual, "Using Option Files".
class OptionFile {
 public:
  /// Reads the named sections of `text`; where two give the same option, the later section of the
  /// list wins, within a section the later line.
  OptionFile(std::string_view text, std::initializer_list<std::string_view> sections);

  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;

 private:
  std::map<std::string, std::pair<size_t, std::string>, std::less<>> options_;
};

}  // namespace tailwater::mysql
