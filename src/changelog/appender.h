// Appender: adds bytes to the end of a file, large runs around the page cache, small ones through
// it (docs/adr/0005 has the figures). Used by one thread.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"

namespace tailwater::changelog {

class Appender {
 public:
  /// Goes on at `position` of a file that is at least so long. Disk space is set aside in steps of
  /// at most `reserve_bytes`; 0: not at all. `files` must outlive this object.
  static Result<std::unique_ptr<Appender>> open(FileSystem& files, const std::string& path,
                                                uint64_t position, uint64_t reserve_bytes);
  ~Appender();
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  /// Takes the bytes; they are written now or by the next `flush`.
  Status append(Bytes bytes);
  /// Writes all that was taken. Not yet durable.
  Status flush();
  Status sync() { return file_->sync(); }
  /// Cuts the file after what was taken: no space is set aside any more. Flush first.
  Status trim() { return file_->resize(position()); }

  [[nodiscard]] uint64_t position() const { return start_ + used_; }

 private:
  Appender(std::unique_ptr<File> file, uint64_t reserve_bytes);
  Status load_tail(uint64_t position);
  Status reserve(uint64_t end);
  Status write_pending();

  std::unique_ptr<File> file_;
  std::unique_ptr<File> direct_;  // the same file around the page cache; null where that is refused
  uint64_t reserve_bytes_;
  uint64_t reserved_ = 0;
  uint8_t* buffer_;     // kBufferBytes, aligned
  uint64_t start_ = 0;  // file offset of buffer_[0], a multiple of the block
  size_t used_ = 0;     // bytes in the buffer
  size_t written_ = 0;  // of these, in the file
};

}  // namespace tailwater::changelog
