// TemporaryFolder: where the changelog of a stream lives that nobody will need again.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace tailwater::pipeline {

/// A new empty folder under TMPDIR (or /tmp), removed with this object. Those that processes of
/// this user left there when they were killed are removed when one is made. Not thread-safe.
class TemporaryFolder {
 public:
  /// kUserFix when there can be none under TMPDIR.
  static Result<std::unique_ptr<TemporaryFolder>> make();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  /// The path of `name` in it.
  [[nodiscard]] std::string file(const std::string& name) const { return join_path(path_, name); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  TemporaryFolder(std::string path, std::unique_ptr<File> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  std::unique_ptr<File> lock_;  ///< held as long as the folder is in use
};

}  // namespace tailwater::pipeline
