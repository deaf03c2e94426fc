#include "source/mysql/binlog/binlog_file.h"

#include <algorithm>
#include <array>

namespace tailwater::mysql {
namespace {

constexpr std::array<uint8_t, 4> kMagic = {0xfe, 'b', 'i', 'n'};
constexpr std::array<uint8_t, 4> kEncryptedMagic = {0xfd, 'b', 'i', 'n'};
constexpr size_t kReadAhead = 1 << 20;
constexpr size_t kEventBytesMax = (size_t{1} << 30) + (1 << 20);  // max_allowed_packet, and a head

}  // namespace

Result<BinlogFile> BinlogFile::open(FileSystem& files, const std::string& path) {
  TW_ASSIGN(auto opened, files.open(path, OpenMode::kRead));
  const size_t slash = path.rfind('/');
  BinlogFile file(std::move(opened), slash == std::string::npos ? path : path.substr(slash + 1));
  TW_ASSIGN(const bool enough, file.fill(kMagic.size()));
  if (enough && std::ranges::equal(file.buffer_.view().first(kMagic.size()), kEncryptedMagic)) {
    return fail(ErrorKind::kUnsupported, path + " is encrypted",
                "read it through its server, which sends it in clear");
  }
  if (!enough || !std::ranges::equal(file.buffer_.view().first(kMagic.size()), kMagic)) {
    return fail(ErrorKind::kCorrupt, path + " is not a binlog file");
  }
  file.at_ = kMagic.size();
  file.next_position_ = kMagic.size();
  return file;
}

// Whether `wanted_bytes` are in the buffer from the next event on, after reading.
Result<bool> BinlogFile::fill(size_t wanted_bytes) {
  if (buffer_.size() - at_ >= wanted_bytes) return true;
  const size_t rest = buffer_.size() - at_;
  if (rest != 0) std::memmove(buffer_.data(), buffer_.data() + at_, rest);
  buffer_.truncate(rest);
  at_ = 0;
  while (buffer_.size() < wanted_bytes) {
    // In steps, so that a lie about a length costs no more memory than the file has bytes.
    const size_t start = buffer_.size();
    uint8_t* to = buffer_.extend(kReadAhead);
    auto count = file_->read_at(read_until_, {to, kReadAhead});
    buffer_.truncate(start + count.value_or(0));
    if (!count) return fail(std::move(count).error());
    read_until_ += *count;
    if (*count == 0) return false;
  }
  return true;
}

Result<std::optional<Event>> BinlogFile::next() {
  auto event = read();
  if (!event)
    return fail(std::move(event).error().at(name_ + ":" + std::to_string(next_position_)));
  return event;
}

Result<std::optional<Event>> BinlogFile::read() {
  TW_ASSIGN(const bool has_header, fill(kEventHeaderBytes));
  if (!has_header) {
    torn_ = buffer_.size() != at_;
    return std::nullopt;
  }
  TW_ASSIGN(const EventHeader header, parse_event_header(buffer_.view(at_)));
  if (header.length > kEventBytesMax) return damaged(header.type, "it is too long");
  TW_ASSIGN(const bool complete, fill(header.length));
  if (!complete) {
    torn_ = true;
    return std::nullopt;
  }
  const Bytes whole = buffer_.view(at_).first(header.length);
  TW_ASSIGN(const Event event, open_event(whole, format_.checksum));
  if (header.type == EventType::kFormatDescription) {
    TW_ASSIGN(format_, parse_format_description(event));
    in_use_ = (header.flags & kFlagBinlogInUse) != 0;
  }
  if (header.type == EventType::kMariadbStartEncryption) {
    return fail(ErrorKind::kUnsupported, name_ + " is encrypted",
                "read it through its server, which sends it in clear");
  }
  position_ = next_position_;
  at_ += header.length;
  next_position_ += header.length;
  return event;
}

}  // namespace tailwater::mysql
