#include "support/temp_folder.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace tailwater::test {

TempFolder::TempFolder(const std::string& name) {
  const char* base = std::getenv("TMPDIR");
  path_ = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/" + name + "-XXXXXX";
  if (mkdtemp(path_.data()) == nullptr) {
    std::perror(("cannot make the folder " + path_).c_str());
    std::abort();
  }
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tailwater::test
