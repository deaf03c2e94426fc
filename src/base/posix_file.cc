// FileSystem::posix(): the machine's files.
#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/file.h"

namespace tailwater {
namespace {

constexpr size_t kPiecesPerCall = 64;
constexpr uint32_t kDirectAlignment = 4096;  // at least the logical block of every disk

tl::unexpected<Error> system_error(std::string_view what, const std::string& path, int code) {
  ErrorKind kind = ErrorKind::kIo;
  std::string hint;
  if (code == ENOENT) kind = ErrorKind::kNotFound;
  if (code == ENOSPC || code == EDQUOT) {
    kind = ErrorKind::kFull;
    hint = "free disk space, then start again: nothing that was reported durable is lost";
  }
  if (code == EACCES || code == EPERM || code == EROFS) {
    kind = ErrorKind::kUserFix;
    hint = "give this user the right to read and write " + path;
  }
  std::string message(what);
  message.append(" ").append(path).append(" failed: ").append(std::strerror(code));
  return fail(kind, std::move(message), std::move(hint));
}

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override { ::close(fd_); }

  Result<size_t> read_at(uint64_t offset, std::span<uint8_t> into) override {
    size_t done = 0;
    while (done < into.size()) {
      const ssize_t count =
          ::pread(fd_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return system_error("reading", path_, errno);
      if (count == 0) break;
      done += static_cast<size_t>(count);
    }
    return done;
  }

  Status write_at(uint64_t offset, std::span<const Bytes> pieces) override {
    std::array<iovec, kPiecesPerCall> vectors;
    while (!pieces.empty()) {
      const size_t count = std::min(pieces.size(), kPiecesPerCall);
      for (size_t i = 0; i < count; ++i) {
        vectors[i] = {const_cast<uint8_t*>(pieces[i].data()), pieces[i].size()};
      }
      TW_TRY(write_all(offset, {vectors.data(), count}));
      for (size_t i = 0; i < count; ++i) offset += pieces[i].size();
      pieces = pieces.subspan(count);
    }
    return {};
  }

  Status sync() override {
    if (::fdatasync(fd_) != 0) return system_error("syncing", path_, errno);
    return {};
  }

  Status resize(uint64_t bytes) override {
    if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) {
      return system_error("resizing", path_, errno);
    }
    return {};
  }

  Status allocate(uint64_t bytes) override {
    const int code = ::posix_fallocate(fd_, 0, static_cast<off_t>(bytes));
    if (code == EOPNOTSUPP || code == EINVAL) return resize(bytes);
    if (code != 0) return system_error("setting aside space for", path_, code);
    return {};
  }

  Result<uint64_t> size() override {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) return system_error("asking the size of", path_, errno);
    return static_cast<uint64_t>(info.st_size);
  }

  uint32_t bypass_cache() override {
    const int flags = ::fcntl(fd_, F_GETFL);
    if (flags < 0 || ::fcntl(fd_, F_SETFL, flags | O_DIRECT) != 0) return 1;
    return kDirectAlignment;
  }

  Status lock() override {
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return {};
    if (errno == EWOULDBLOCK)
      return fail(ErrorKind::kBusy, path_ + " is locked by another process");
    return system_error("locking", path_, errno);
  }

 private:
  Status write_all(uint64_t offset, std::span<iovec> vectors) {
    while (!vectors.empty()) {
      const ssize_t count = ::pwritev(fd_, vectors.data(), static_cast<int>(vectors.size()),
                                      static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return system_error("writing", path_, errno);
      offset += static_cast<uint64_t>(count);
      auto left = static_cast<size_t>(count);
      while (!vectors.empty() && left >= vectors.front().iov_len) {
        left -= vectors.front().iov_len;
        vectors = vectors.subspan(1);
      }
      if (!vectors.empty()) {
        vectors.front().iov_base = static_cast<char*>(vectors.front().iov_base) + left;
        vectors.front().iov_len -= left;
      }
    }
    return {};
  }

  int fd_;
  std::string path_;
};

class PosixSharedPage final : public SharedPage {
 public:
  PosixSharedPage(void* at, size_t bytes) : at_(at), bytes_(bytes) {}
  PosixSharedPage(const PosixSharedPage&) = delete;
  PosixSharedPage& operator=(const PosixSharedPage&) = delete;
  ~PosixSharedPage() override { ::munmap(at_, bytes_); }
  [[nodiscard]] std::span<uint8_t> memory() override {
    return {static_cast<uint8_t*>(at_), bytes_};
  }

 private:
  void* at_;
  size_t bytes_;
};

int open_flags(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT;
    case OpenMode::kCreateNew:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const int fd = ::open(path.c_str(), open_flags(mode) | O_CLOEXEC, 0644);
    if (fd < 0) return system_error("opening", path, errno);
    return std::make_unique<PosixFile>(fd, path);
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return system_error("removing", path, errno);
    return {};
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return system_error("renaming", from, errno);
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& folder) override {
    DIR* stream = ::opendir(folder.c_str());
    if (stream == nullptr) return system_error("listing", folder, errno);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    ::closedir(stream);
    std::sort(names.begin(), names.end());
    return names;
  }

  Status make_folder(const std::string& path) override {
    std::error_code code;
    std::filesystem::create_directories(path, code);
    if (code) return system_error("making the folder", path, code.value());
    return {};
  }

  Status sync_directory(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return system_error("opening the folder", path, errno);
    const int code = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    if (code != 0) return system_error("syncing the folder", path, code);
    return {};
  }

  Result<bool> exists(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return system_error("looking for", path, errno);
  }

  Result<std::unique_ptr<SharedPage>> map_shared(const std::string& path, size_t bytes,
                                                 bool writable) override {
    const int fd = ::open(path.c_str(), (writable ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0644);
    if (fd < 0) return system_error("opening", path, errno);
    auto page = map_open(fd, path, bytes, writable);
    ::close(fd);
    return page;
  }

  std::string boot_id() override {
    // A file of /proc has no size: it is read until it ends.
    auto file = open("/proc/sys/kernel/random/boot_id", OpenMode::kRead);
    std::array<uint8_t, 64> bytes{};
    if (!file.has_value()) return {};
    const auto count = (*file)->read_at(0, bytes);
    return std::string(as_text(Bytes(bytes).first(count.value_or(0))));
  }

 private:
  static Result<std::unique_ptr<SharedPage>> map_open(int fd, const std::string& path, size_t bytes,
                                                      bool writable) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) return system_error("asking the size of", path, errno);
    if (static_cast<size_t>(info.st_size) < bytes) {
      if (!writable) return fail(ErrorKind::kNotFound, path + " is shorter than it must be");
      // Allocated, not only extended: a store into a hole of a full disk would kill the process.
      if (const int code = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes)); code != 0) {
        return system_error("extending", path, code);
      }
    }
    void* at =
        ::mmap(nullptr, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) return system_error("mapping", path, errno);
    return std::make_unique<PosixSharedPage>(at, bytes);
  }
};

}  // namespace

FileSystem& FileSystem::posix() {
  static PosixFileSystem files;
  return files;
}

}  // namespace tailwater
