#include "pipeline/temporary_folder.h"

#include <cstdlib>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

namespace tailwater::pipeline {
namespace {

constexpr const char* kPrefix = "tailwater-stream-";
constexpr const char* kLock = "in-use";

std::string parent_folder() {
  const char* base = std::getenv("TMPDIR");
  return base != nullptr && *base != 0 ? base : "/tmp";
}

bool is_own_folder(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) &&
         found.st_uid == ::geteuid();
}

void remove_all(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

// A process that was killed holds no lock any more. Whatever cannot be looked at stays.
void remove_left_behind(const std::string& parent) {
  FileSystem& files = FileSystem::posix();
  const auto names = files.list(parent);
  if (!names.has_value()) return;
  for (const std::string& name : *names) {
    const std::string path = join_path(parent, name);
    if (!name.starts_with(kPrefix) || !is_own_folder(path)) continue;
    const auto lock = files.open(join_path(path, kLock), OpenMode::kWrite);
    if (lock.has_value() && (*lock)->lock().has_value()) remove_all(path);
  }
}

}  // namespace

Result<std::unique_ptr<TemporaryFolder>> TemporaryFolder::make() {
  FileSystem& files = FileSystem::posix();
  const std::string parent = parent_folder();
  remove_left_behind(parent);
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    std::string path = join_path(parent, std::string(kPrefix) + "XXXXXX");
    if (::mkdtemp(path.data()) == nullptr) {
      return fail(ErrorKind::kUserFix, "making a temporary folder like " + path + " failed",
                  "set TMPDIR to a folder that this user may write to");
    }
    const std::string lock_path = join_path(path, kLock);
    auto lock = files.open(lock_path, OpenMode::kCreate);
    // Another process may take the folder for one left behind before the lock is ours.
    const bool ours =
        lock.has_value() && (*lock)->lock().has_value() && files.exists(lock_path).value_or(false);
    if (ours) {
      return std::unique_ptr<TemporaryFolder>(
          new TemporaryFolder(std::move(path), std::move(*lock)));
    }
    remove_all(path);
  }
  return fail(ErrorKind::kUserFix, "no temporary folder could be locked in " + parent,
              "set TMPDIR to a folder on a file system with locks");
}

TemporaryFolder::~TemporaryFolder() {
  remove_all(path_);
}

}  // namespace tailwater::pipeline
