// Files, as an interface: the machine's own (`FileSystem::posix()`), or one that tests make forget,
// tear and fail. Everything durable in Tailwater goes through it.
//
// Durability, as everywhere on POSIX: what was written is durable after `File::sync`; a file's name
// (its creation, removal or rename) only after `FileSystem::sync_directory`.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tailwater {

/// An open file. One thread at a time may write; `read_at` may run in several threads at once.
class File {
 public:
  virtual ~File() = default;
  /// Reads up to `into.size()` bytes at `offset`; fewer only at the end of the file. Returns the
  /// count.
  virtual Result<size_t> read_at(uint64_t offset, std::span<uint8_t> into) = 0;
  /// Writes all pieces, one after the other, at `offset`. kFull when the disk is full.
  virtual Status write_at(uint64_t offset, std::span<const Bytes> pieces) = 0;
  /// Makes the file's contents and size durable (fdatasync). After a failure the state of unsynced
  /// bytes is unknown: never retry, reopen instead.
  virtual Status sync() = 0;
  /// Cuts or extends (with zeros) the file.
  virtual Status resize(uint64_t bytes) = 0;
  /// Sets disk space aside and extends the file to `bytes`; new bytes read as zero. kFull when
  /// there is no space.
  virtual Status allocate(uint64_t bytes) = 0;
  virtual Result<uint64_t> size() = 0;
  /// Sends this object's writes around the page cache (O_DIRECT) where the file system allows it.
  /// Returns the number of bytes that the offset, the length and the memory of every later read and
  /// write of this object must be a multiple of: 1 where it does not, and nothing changes.
  virtual uint32_t bypass_cache() { return 1; }
  /// Takes an exclusive lock that ends with this object or its process. kBusy when somebody has it.
  virtual Status lock() = 0;

  Status write_at(uint64_t offset, Bytes bytes) { return write_at(offset, std::span(&bytes, 1)); }
};

/// A small piece of memory that all processes which open the same file share. Not durable.
class SharedPage {
 public:
  virtual ~SharedPage() = default;
  [[nodiscard]] virtual std::span<uint8_t> memory() = 0;
};

enum class OpenMode {
  kRead,       ///< must exist
  kWrite,      ///< must exist; read and write
  kCreate,     ///< made if it does not exist; read and write
  kCreateNew,  ///< must not exist
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  /// kNotFound when the file (or, on creation, its folder) does not exist.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  virtual Status remove(const std::string& path) = 0;
  /// Replaces `to` if it exists.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  /// The names in a folder, sorted, without `.` and `..`.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  /// Makes the folder and its missing parents; no error if it exists.
  virtual Status make_folder(const std::string& path) = 0;
  virtual Status sync_directory(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  /// Maps `bytes` bytes of a file as shared memory; `writable` makes the file when it is missing.
  virtual Result<std::unique_ptr<SharedPage>> map_shared(const std::string& path, size_t bytes,
                                                         bool writable) = 0;

  /// Names this run of the machine: another text when unsynced bytes may have been lost since.
  /// Empty where that cannot be known.
  virtual std::string boot_id() = 0;

  /// The machine's own. Thread-safe, lives for ever.
  static FileSystem& posix();
};

/// Reads a whole file of at most `limit_bytes`.
Result<std::string> read_file(FileSystem& files, const std::string& path,
                              size_t limit_bytes = 64 << 20);

/// Replaces a small file durably: written aside, synced, renamed, its folder synced. After a crash
/// it holds either the old text or the new one.
Status replace_file(FileSystem& files, const std::string& path, std::string_view text);

/// Makes a folder whose name is durable; no error if it exists. The folder above it must exist.
Status make_durable_folder(FileSystem& files, const std::string& path);

/// `folder/name`.
std::string join_path(std::string_view folder, std::string_view name);

}  // namespace tailwater
