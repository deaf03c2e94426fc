#include "changelog/appender.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace tailwater::changelog {
namespace {

// Some more than a frame of the default size.
constexpr size_t kBufferBytes = 1280 << 10;

}  // namespace

Appender::Appender(std::unique_ptr<File> file, const AppenderOptions& options)
    : file_(std::move(file)),
      reserve_bytes_(options.reserve_bytes / kBlockBytes * kBlockBytes),
      direct_write_bytes_(options.direct_write_bytes),
      buffer_(static_cast<uint8_t*>(std::aligned_alloc(kBlockBytes, kBufferBytes))) {
  if (buffer_ == nullptr) throw std::bad_alloc();
}

Appender::~Appender() {
  std::free(buffer_);
}

Result<std::unique_ptr<Appender>> Appender::open(FileSystem& files, const std::string& path,
                                                 uint64_t position,
                                                 const AppenderOptions& options) {
  TW_ASSIGN(auto file, files.open(path, OpenMode::kWrite));
  TW_ASSIGN(const uint64_t size, file->size());
  TW_ASSIGN(auto direct, files.open(path, OpenMode::kWrite));
  const uint32_t alignment = direct->bypass_cache();
  std::unique_ptr<Appender> appender(new Appender(std::move(file), options));
  if (alignment > 1 && kBlockBytes % alignment == 0) appender->direct_ = std::move(direct);
  appender->reserved_ = size;
  TW_TRY(appender->load_tail(position));
  return appender;
}

// The block that the next byte falls into is rewritten with it, so its first bytes must be known.
Status Appender::load_tail(uint64_t position) {
  start_ = position / kBlockBytes * kBlockBytes;
  used_ = written_ = static_cast<size_t>(position - start_);
  TW_ASSIGN(const size_t count, file_->read_at(start_, {buffer_, used_}));
  if (count != used_) return fail(ErrorKind::kIo, "a segment became shorter while it was opened");
  return {};
}

Status Appender::append(Bytes bytes) {
  while (!bytes.empty()) {
    const size_t count = std::min(bytes.size(), kBufferBytes - used_);
    std::memcpy(buffer_ + used_, bytes.data(), count);
    used_ += count;
    bytes = bytes.subspan(count);
    if (used_ == kBufferBytes) TW_TRY(flush());
  }
  return {};
}

Result<uint8_t*> Appender::extend(uint64_t count) {
  if (count > kBufferBytes - kBlockBytes) return nullptr;
  if (count > kBufferBytes - used_) TW_TRY(flush());
  uint8_t* const at = buffer_ + used_;
  used_ += static_cast<size_t>(count);
  return at;
}

Status Appender::reserve(uint64_t end) {
  if (end <= reserved_ || reserve_bytes_ == 0) return {};
  const uint64_t wanted = (end + reserve_bytes_ - 1) / reserve_bytes_ * reserve_bytes_;
  auto status = file_->allocate(wanted);
  if (!status.has_value() && status.error().kind == ErrorKind::kFull) {
    // The last room of the disk is still used; the write itself then says whether there is any.
    status = file_->allocate((end + kBlockBytes - 1) / kBlockBytes * kBlockBytes);
    reserved_ = (end + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
    return status;
  }
  reserved_ = wanted;
  return status;
}

Status Appender::flush() {
  if (written_ == used_) return {};
  TW_TRY(reserve(position()));
  TW_TRY(write_pending());
  const size_t tail = used_ % kBlockBytes;
  std::memmove(buffer_, buffer_ + used_ - tail, tail);
  start_ += used_ - tail;
  used_ = written_ = tail;
  return {};
}

Status Appender::write_pending() {
  if (direct_ == nullptr || used_ - written_ < direct_write_bytes_) {
    return file_->write_at(start_ + written_, Bytes(buffer_ + written_, used_ - written_));
  }
  const size_t from = written_ / kBlockBytes * kBlockBytes;
  const size_t to = (used_ + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  std::memset(buffer_ + used_, 0, to - used_);
  return direct_->write_at(start_ + from, Bytes(buffer_ + from, to - from));
}

}  // namespace tailwater::changelog
