// Cache: rows by table and key, in memory and in one file.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <tailwater/change.h>
#include <tailwater/result.h>

/// Thread-safe. A row is text: "name=value" of each column with tabs between, NULL as \N; tabs,
/// line ends and backslashes in it have a backslash before them.
class Cache {
 public:
  /// Takes a change of a row in. Tables without a key are not kept.
  void apply(const tailwater::Change& change);
  [[nodiscard]] std::optional<std::string> get(const std::string& table,
                                               const std::string& key) const;
  [[nodiscard]] size_t size() const;
  void clear();

  /// Writes the rows and the position up to which they are, both or neither, so that a crash leaves
  /// the old file or the new one.
  tailwater::Status save(const std::string& path, const std::string& position) const;
  /// Reads such a file: the position; nothing when there is no whole one.
  std::optional<std::string> restore(const std::string& path);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, std::string>> tables_;  // row by key by "db.table"
};
