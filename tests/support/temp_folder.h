// A temporary folder that goes away with its object.
#pragma once

#include <string>

namespace tailwater::test {

class TempFolder {
 public:
  /// Makes a folder `NAME-XXXXXX` under $TMPDIR (else /tmp). Ends the process if it cannot.
  explicit TempFolder(const std::string& name = "tailwater-test");
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// `path()/name`.
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace tailwater::test
