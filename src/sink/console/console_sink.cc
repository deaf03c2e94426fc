#include "sink/console/console_sink.h"

#include <cerrno>
#include <cstring>

#include <poll.h>
#include <unistd.h>

namespace tailwater::sink {
namespace {

constexpr size_t kBufferBytes = 256 << 10;
constexpr size_t kKeepBytes = 4 << 20;  // one very long line must not hold its memory for ever

}  // namespace

Status ConsoleSink::take(const TailEntry& entry) {
  if (entry.kind == TailEntry::Kind::kChange) {
    TW_TRY(formatter_->append(*entry.transaction, *entry.change, buffer_));
  } else if (entry.kind == TailEntry::Kind::kCommit) {
    TW_TRY(formatter_->end_transaction(*entry.transaction, buffer_));
  }
  return buffer_.size() >= kBufferBytes ? flush() : Status{};
}

Status ConsoleSink::flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t count = ::write(fd_, left.data(), left.size());
    if (count >= 0) {
      left.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd ready{fd_, POLLOUT, 0};
      (void)::poll(&ready, 1, -1);
    } else if (errno == EPIPE) {
      buffer_.clear();
      return fail(ErrorKind::kStopped, "nobody reads the output any more");
    } else if (errno != EINTR) {
      return fail(ErrorKind::kIo,
                  std::string("writing the output failed: ") + std::strerror(errno));
    }
  }
  buffer_.clear();
  if (buffer_.capacity() > kKeepBytes) buffer_.shrink_to_fit();
  return {};
}

}  // namespace tailwater::sink
