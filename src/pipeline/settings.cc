#include "pipeline/settings.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/file.h"
#include "base/text.h"

namespace tailwater::pipeline {
namespace {

std::string variable_name(std::string_view key) {
  std::string name = "TAILWATER_";
  for (const char c : key) {
    name +=
        c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

Result<std::string> scalar_text(const toml::node& node, const std::string& origin) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  return fail(ErrorKind::kUserFix, origin + ": a text, a number, true or false is expected here");
}

Status flatten(const toml::table& table, const std::string& prefix, const std::string& file,
               std::map<std::string, Setting>& out, std::vector<std::string>& tables) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const auto* child = node.as_table()) {
      tables.push_back(key);
      TW_TRY(flatten(*child, key + ".", file, out, tables));
      continue;
    }
    Setting setting;
    setting.origin = fmt::format("{}:{}", file, node.source().begin.line);
    if (const auto* items = node.as_array()) {
      setting.is_list = true;
      for (const toml::node& item : *items) {
        TW_ASSIGN(std::string text, scalar_text(item, setting.origin));
        setting.values.push_back(std::move(text));
      }
    } else {
      TW_ASSIGN(std::string text, scalar_text(node, setting.origin));
      setting.values.push_back(std::move(text));
    }
    out[key] = std::move(setting);
  }
  return {};
}

tl::unexpected<Error> wrong(const Setting& setting, const std::string& key, Error error) {
  error.message = fmt::format("{}: {}: {}", setting.origin, key, error.message);
  return fail(std::move(error));
}

// Items between commas, but not those inside brackets: an item may be a regular expression.
std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  size_t start = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') --depth;
    if (i < text.size() && (c != ',' || depth > 0)) continue;
    const std::string_view item = trim(text.substr(start, i - start));
    if (!item.empty()) items.emplace_back(item);
    start = i + 1;
  }
  return items;
}

Result<std::string> single(const Setting& setting, const std::string& key) {
  if (setting.values.size() != 1 || setting.is_list) {
    return fail(ErrorKind::kUserFix, fmt::format("{}: {} takes one value, not {}", setting.origin,
                                                 key, setting.values.empty() ? "none" : "a list"));
  }
  return setting.values.front();
}

}  // namespace

Status Settings::load_toml(const std::string& path) {
  auto text = read_file(FileSystem::posix(), path);
  if (!text.has_value()) {
    Error error = std::move(text).error().advise("name a configuration file with --config FILE");
    error.kind = ErrorKind::kUserFix;
    return fail(std::move(error));
  }
  return parse_toml(*text, path);
}

Status Settings::parse_toml(std::string_view text, const std::string& name) {
  toml::table table;
  try {
    table = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    const auto& where = error.source().begin;
    return fail(ErrorKind::kUserFix,
                fmt::format("{}:{}:{}: {}", name, where.line, where.column, error.description()));
  }
  return flatten(table, "", name, file_, tables_);
}

void Settings::set_flag(const std::string& key, const std::string& value) {
  Setting& setting = flags_[key];
  setting.origin = "flag --" + key;
  setting.values.push_back(value);
  setting.is_list = setting.values.size() > 1;
}

std::vector<std::string> Settings::names(const std::string& group) const {
  std::vector<std::string> found;
  const std::string prefix = group + ".";
  const auto add = [&](const std::string& key) {
    if (!key.starts_with(prefix)) return;
    const std::string name =
        key.substr(prefix.size(), key.find('.', prefix.size()) - prefix.size());
    if (std::find(found.begin(), found.end(), name) == found.end()) found.push_back(name);
  };
  for (const std::string& table : tables_) add(table);
  for (const auto& [key, setting] : flags_) {
    if (key.find('.', prefix.size()) != std::string::npos) add(key);
  }
  return found;
}

std::vector<std::string> Settings::keys_under(const std::string& prefix) const {
  std::set<std::string> found;
  for (const auto* keys : {&file_, &flags_}) {
    for (const auto& [key, setting] : *keys) {
      if (key.starts_with(prefix)) found.insert(key);
    }
  }
  return {found.begin(), found.end()};
}

std::optional<Setting> Settings::find(const std::string& key,
                                      const std::vector<std::string>& also) {
  known_.insert(key);
  if (const auto at = flags_.find(key); at != flags_.end()) return at->second;
  std::vector<std::string> variables = {variable_name(key)};
  variables.insert(variables.end(), also.begin(), also.end());
  for (const std::string& name : variables) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr) return Setting{{value}, false, "variable " + name};
  }
  if (const auto at = file_.find(key); at != file_.end()) return at->second;
  return std::nullopt;
}

Result<std::string> Settings::text(const std::string& key, std::string fallback,
                                   const std::vector<std::string>& also) {
  const auto setting = find(key, also);
  if (!setting) return fallback;
  return single(*setting, key);
}

Result<std::vector<std::string>> Settings::list(const std::string& key,
                                                const std::vector<std::string>& also) {
  const auto setting = find(key, also);
  if (!setting) return std::vector<std::string>{};
  if (setting->is_list) return setting->values;
  return split_list(setting->values.front());
}

Result<uint64_t> Settings::number(const std::string& key, uint64_t fallback,
                                  const std::vector<std::string>& also) {
  const auto setting = find(key, also);
  if (!setting) return fallback;
  TW_ASSIGN(const std::string text, single(*setting, key));
  auto value = parse_number(text);
  if (!value.has_value()) return wrong(*setting, key, std::move(value).error());
  return value;
}

Result<uint64_t> Settings::size_bytes(const std::string& key, uint64_t fallback,
                                      const std::vector<std::string>& also) {
  const auto setting = find(key, also);
  if (!setting) return fallback;
  TW_ASSIGN(const std::string text, single(*setting, key));
  auto value = parse_size_bytes(text);
  if (!value.has_value()) return wrong(*setting, key, std::move(value).error());
  return value;
}

Result<int64_t> Settings::duration_us(const std::string& key, int64_t fallback,
                                      const std::vector<std::string>& also) {
  const auto setting = find(key, also);
  if (!setting) return fallback;
  TW_ASSIGN(const std::string text, single(*setting, key));
  auto value = parse_duration_us(text);
  if (!value.has_value()) return wrong(*setting, key, std::move(value).error());
  return value;
}

Result<bool> Settings::boolean(const std::string& key, bool fallback,
                               const std::vector<std::string>& also) {
  TW_ASSIGN(const size_t index, choice(key, fallback ? 0 : 1, {"true", "false"}, also));
  return index == 0;
}

Result<size_t> Settings::choice(const std::string& key, size_t fallback,
                                const std::vector<std::string>& choices,
                                const std::vector<std::string>& also) {
  const auto setting = find(key, also);
  if (!setting) return fallback;
  TW_ASSIGN(const std::string text, single(*setting, key));
  const auto at = std::find(choices.begin(), choices.end(), text);
  if (at == choices.end()) {
    return fail(ErrorKind::kUserFix,
                fmt::format("{}: {} cannot be '{}'", setting->origin, key, text),
                fmt::format("write one of: {}", fmt::join(choices, ", ")));
  }
  return static_cast<size_t>(at - choices.begin());
}

Status Settings::refuse_unknown() const {
  for (const auto* keys : {&flags_, &file_}) {
    for (const auto& [key, setting] : *keys) {
      if (known_.contains(key)) continue;
      const std::string close = nearest(key, {known_.begin(), known_.end()});
      return fail(ErrorKind::kUserFix,
                  fmt::format("{}: there is no setting '{}'", setting.origin, key),
                  close.empty() ? "docs/configuration.md lists all settings"
                                : fmt::format("did you mean '{}'?", close));
    }
  }
  return {};
}

}  // namespace tailwater::pipeline
