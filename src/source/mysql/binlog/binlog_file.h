// BinlogFile: reads a binlog file from disk, event by event, in memory bounded by its largest
// event.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/file.h"
#include "source/mysql/binlog/event.h"
#include "source/mysql/binlog/format_description.h"

namespace tailwater::mysql {

class BinlogFile {
 public:
  /// kCorrupt when the file is no binlog, kUnsupported when it is encrypted (MySQL) or of a version
  /// that is not read. `files` must outlive this.
  static Result<BinlogFile> open(FileSystem& files, const std::string& path);

  /// The next event, valid until the next call; nothing at the end. A file that a server still
  /// writes, or that a crash cut, may end in the middle of an event: then nothing is given, and
  /// `ends_inside_event` says so. Errors have the position `name:offset`.
  Result<std::optional<Event>> next();

  /// Where the event that `next` gave last starts.
  [[nodiscard]] uint64_t position() const { return position_; }
  /// Where the next one starts.
  [[nodiscard]] uint64_t next_position() const { return next_position_; }
  /// Known after the first event.
  [[nodiscard]] const FormatDescription& format() const { return format_; }
  /// Whether the file stops before the end of its last event.
  [[nodiscard]] bool ends_inside_event() const { return torn_; }
  /// Whether the server had the file open when it was last written (no clean shutdown or rotation).
  [[nodiscard]] bool was_in_use() const { return in_use_; }

 private:
  BinlogFile(std::unique_ptr<File> file, std::string name)
      : file_(std::move(file)), name_(std::move(name)) {}
  Result<bool> fill(size_t wanted_bytes);
  Result<std::optional<Event>> read();

  std::unique_ptr<File> file_;
  std::string name_;
  FormatDescription format_;
  ByteBuffer buffer_;        // what is read ahead
  size_t at_ = 0;            // the next event in it
  uint64_t read_until_ = 0;  // file offset of its end
  uint64_t position_ = 0;
  uint64_t next_position_ = 0;
  bool torn_ = false;
  bool in_use_ = false;
};

}  // namespace tailwater::mysql
