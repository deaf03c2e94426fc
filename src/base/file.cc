#include "base/file.h"

namespace tailwater {

Result<std::string> read_file(FileSystem& files, const std::string& path, size_t limit_bytes) {
  TW_ASSIGN(auto file, files.open(path, OpenMode::kRead));
  TW_ASSIGN(const uint64_t bytes, file->size());
  if (bytes > limit_bytes) {
    return fail(ErrorKind::kUserFix, path + " is too large: " + std::to_string(bytes) + " bytes");
  }
  std::string text(bytes, '\0');
  TW_ASSIGN(const size_t count,
            file->read_at(0, {reinterpret_cast<uint8_t*>(text.data()), text.size()}));
  text.resize(count);
  return text;
}

Status make_durable_folder(FileSystem& files, const std::string& path) {
  TW_ASSIGN(const bool there, files.exists(path));
  if (there) return {};
  TW_TRY(files.make_folder(path));
  const size_t slash = path.rfind('/');
  const bool at_root = slash == 0;
  return files.sync_directory(slash == std::string::npos ? "."
                              : at_root                  ? "/"
                                                         : path.substr(0, slash));
}

Status replace_file(FileSystem& files, const std::string& path, std::string_view text) {
  const std::string aside = path + ".new";
  {
    TW_ASSIGN(auto file, files.open(aside, OpenMode::kCreate));
    TW_TRY(file->resize(0));
    TW_TRY(file->write_at(0, as_bytes(text)));
    TW_TRY(file->sync());
  }
  TW_TRY(files.rename(aside, path));
  const size_t slash = path.rfind('/');
  return files.sync_directory(slash == std::string::npos ? "." : path.substr(0, slash));
}

std::string join_path(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

}  // namespace tailwater
