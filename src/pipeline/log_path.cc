#include "pipeline/log_path.h"

#include "base/file.h"
#include "pipeline/runner.h"

namespace tailwater::pipeline {

Result<std::string> find_log(const std::string& text, const std::string& data_dir) {
  FileSystem& files = FileSystem::posix();
  std::string folder = text.starts_with("log:") ? text.substr(4) : text;
  if (folder == text && text.find('/') == std::string::npos) {
    std::string of_source = log_folder(data_dir, text);
    if (files.exists(of_source).value_or(false)) return of_source;
  }
  if (files.exists(folder).value_or(false)) return folder;
  return fail(ErrorKind::kNotFound, "there is no changelog '" + text + "'",
              "write log:FOLDER, or the name of a source in the data folder (--data-dir, now " +
                  data_dir + ")");
}

}  // namespace tailwater::pipeline
