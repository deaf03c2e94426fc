#include "db/mysql/option_file.h"

#include <algorithm>

#include "base/text.h"

namespace tailwater::mysql {
namespace {

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    switch (next) {
      case 'b':
        out += '\b';
        break;
      case 't':
        out += '\t';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 's':
        out += ' ';
        break;
      case '\\':
        out += '\\';
        break;
      case '"':
      case '\'':
        out += next;
        break;
      default:
        out.append({'\\', next});
    }
  }
  return out;
}

// The value after `=`: quoted as a whole, or up to a ` #` comment.
std::string option_value(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && (text[0] == '"' || text[0] == '\'')) {
    const size_t close = text.find(text[0], 1);
    if (close != std::string_view::npos) return unescape(text.substr(1, close - 1));
  }
  const size_t comment = text.find(" #");
  return unescape(trim(text.substr(0, comment)));
}

std::string option_name(std::string_view text) {
  std::string name(trim(text));
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

}  // namespace

OptionFile::OptionFile(std::string_view text, std::initializer_list<std::string_view> sections) {
  size_t section = 0;  // 1 + its place in the list; 0: not ours
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.empty() || line[0] == '#' || line[0] == ';' || line[0] == '!') continue;
    if (line[0] == '[') {
      const std::string_view name = trim(line.substr(1, line.find(']') - 1));
      const auto* found = std::find(sections.begin(), sections.end(), name);
      section = found == sections.end() ? 0 : static_cast<size_t>(found - sections.begin()) + 1;
      continue;
    }
    if (section == 0) continue;
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    auto& slot = options_[option_name(line.substr(0, equals))];
    if (slot.first <= section) slot = {section, option_value(line.substr(equals + 1))};
  }
}

std::optional<std::string> OptionFile::get(std::string_view name) const {
  const auto found = options_.find(name);
  if (found == options_.end()) return std::nullopt;
  return found->second.second;
}

}  // namespace tailwater::mysql
