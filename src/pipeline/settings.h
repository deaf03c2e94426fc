// Settings: keys and texts from a TOML file, the environment and flags, before they mean anything.
//
// Precedence: flag > environment > file > default. A key is dotted: "log.segment_bytes",
// "source.shop.url". Its flag is `--source.shop.url`, its variable TAILWATER_SOURCE_SHOP_URL.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace tailwater::pipeline {

/// One setting's text and where it was written.
struct Setting {
  std::vector<std::string> values;  ///< one, or the items of a list
  bool is_list = false;
  std::string origin;  ///< "tailwater.toml:12", "flag --data-dir", "variable TAILWATER_DATA_DIR"
};

class Settings {
 public:
  /// Reads a TOML file: tables become dotted keys. kUserFix with line and column when it is not
  /// TOML, kNotFound when it cannot be read.
  Status load_toml(const std::string& path);
  /// The same from text; `name` stands in origins.
  Status parse_toml(std::string_view text, const std::string& name);
  /// Sets a key as by a flag. A second value of the same key makes a list.
  void set_flag(const std::string& key, const std::string& value);

  /// The names in a group: for "source" the NAMEs of all keys "source.NAME.…", in order.
  [[nodiscard]] std::vector<std::string> names(const std::string& group) const;

  /// The keys that start with `prefix` and were set in the file or by flags, in order.
  [[nodiscard]] std::vector<std::string> keys_under(const std::string& prefix) const;

  /// The setting, looked up in flags, the environment (`TAILWATER_` + the key in capitals, dots as
  /// underscores; then each of `also`), and the file. Remembers that the key is known.
  std::optional<Setting> find(const std::string& key, const std::vector<std::string>& also = {});

  // Typed getters: the default when the key is not set; kUserFix with the origin when it is wrong.
  Result<std::string> text(const std::string& key, std::string fallback,
                           const std::vector<std::string>& also = {});
  Result<std::vector<std::string>> list(const std::string& key,
                                        const std::vector<std::string>& also = {});
  Result<uint64_t> number(const std::string& key, uint64_t fallback,
                          const std::vector<std::string>& also = {});
  Result<uint64_t> size_bytes(const std::string& key, uint64_t fallback,
                              const std::vector<std::string>& also = {});
  Result<int64_t> duration_us(const std::string& key, int64_t fallback,
                              const std::vector<std::string>& also = {});
  Result<bool> boolean(const std::string& key, bool fallback,
                       const std::vector<std::string>& also = {});
  /// One of `choices`; returns its index.
  Result<size_t> choice(const std::string& key, size_t fallback,
                        const std::vector<std::string>& choices,
                        const std::vector<std::string>& also = {});

  /// kUserFix for the first key that was set but never asked for, with the nearest known key.
  [[nodiscard]] Status refuse_unknown() const;

 private:
  std::map<std::string, Setting> file_;
  std::map<std::string, Setting> flags_;
  std::set<std::string> known_;
  std::vector<std::string> tables_;  ///< "source.shop": of the file, in order, also when empty
};

}  // namespace tailwater::pipeline
