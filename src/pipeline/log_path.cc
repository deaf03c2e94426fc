#include "pipeline/log_path.h"

#include "base/file.h"
#include "pipeline/runner.h"

namespace tailwater::pipeline {

std::string find_log(const std::string& text, const std::string& data_dir) {
  if (text.starts_with("log:")) return text.substr(4);
  if (text.find('/') == std::string::npos) {
    const std::string folder = log_folder(data_dir, text);
    if (FileSystem::posix().exists(folder).value_or(false)) return folder;
  }
  return text;
}

}  // namespace tailwater::pipeline
