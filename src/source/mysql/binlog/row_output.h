// RowOutput: raw access to the end of a ByteBuffer while one row is written.
#pragma once

#include <cstring>
#include <string_view>

#include "base/bytes.h"

namespace tailwater::mysql {

/// Writes at the end of a buffer through a plain pointer. `ensure` before writing; `finish` when
/// done. If it is not finished, the buffer keeps what it had.
class RowOutput {
 public:
  RowOutput(ByteBuffer& out, size_t first_bytes) : out_(&out), start_(out.size()) {
    uint8_t* row = out.extend(first_bytes);
    at = row;
    end_ = row + first_bytes;
  }
  RowOutput(const RowOutput&) = delete;
  RowOutput& operator=(const RowOutput&) = delete;
  ~RowOutput() { out_->truncate(finished_ ? static_cast<size_t>(at - out_->data()) : start_); }

  uint8_t* at;  ///< where the next byte goes

  [[nodiscard]] uint8_t* row() const { return out_->data() + start_; }
  void ensure(size_t bytes) {
    if (static_cast<size_t>(end_ - at) < bytes) [[unlikely]]
      grow(bytes);
  }
  void finish() { finished_ = true; }

  /// Needs room, like everything below.
  void put(char c) { *at++ = static_cast<uint8_t>(c); }
  void put(std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  }

 private:
  void grow(size_t bytes) {
    const auto used = static_cast<size_t>(at - out_->data());
    out_->truncate(used);
    // Some more than asked, so that a row of many small pieces comes here seldom.
    const size_t more = bytes + bytes / 2 + 256;
    at = out_->extend(more);
    end_ = at + more;
  }

  ByteBuffer* out_;
  size_t start_;
  uint8_t* end_;
  bool finished_ = false;
};

}  // namespace tailwater::mysql
