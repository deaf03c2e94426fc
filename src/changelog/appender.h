// Appender: adds bytes to the end of a file, large runs around the page cache, small ones through
// it (docs/adr/0005 has the figures). Used by one thread.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"

namespace tailwater::changelog {

/// Files are written and grow in blocks of this size.
constexpr size_t kBlockBytes = 4096;

struct AppenderOptions {
  uint64_t reserve_bytes = 0;       ///< disk space is set aside in steps of whole blocks up to this
  uint64_t direct_write_bytes = 0;  ///< runs of at least this many bytes go around the page cache
};

class Appender {
 public:
  /// Goes on at `position` of a file that is at least so long. `files` must outlive this object.
  static Result<std::unique_ptr<Appender>> open(FileSystem& files, const std::string& path,
                                                uint64_t position, const AppenderOptions& options);
  ~Appender();
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  /// Takes the bytes; they are written now or by the next `flush`.
  Status append(Bytes bytes);
  /// Room for so many bytes at the end of what was taken, in one piece, for the caller to fill at
  /// once; null when that is more than there ever is.
  Result<uint8_t*> extend(uint64_t count);
  /// Writes all that was taken. Not yet durable.
  Status flush();
  Status sync() { return file_->sync(); }
  /// Cuts the file after what was taken: no space is set aside any more. Flush first.
  Status trim() { return file_->resize(position()); }

  [[nodiscard]] uint64_t position() const { return start_ + used_; }

 private:
  Appender(std::unique_ptr<File> file, const AppenderOptions& options);
  Status load_tail(uint64_t position);
  Status reserve(uint64_t end);
  Status write_pending();

  std::unique_ptr<File> file_;
  std::unique_ptr<File> direct_;  // the same file around the page cache; null where that is refused
  uint64_t reserve_bytes_;
  uint64_t direct_write_bytes_;
  uint64_t reserved_ = 0;
  uint8_t* buffer_;     // kBufferBytes, aligned
  uint64_t start_ = 0;  // file offset of buffer_[0], a multiple of the block
  size_t used_ = 0;     // bytes in the buffer
  size_t written_ = 0;  // of these, in the file
};

}  // namespace tailwater::changelog
