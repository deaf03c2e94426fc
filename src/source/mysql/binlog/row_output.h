// RowOutput: raw access to the end of a ByteBuffer while rows are written.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/bytes.h"

namespace tailwater::mysql {

/// Writes at the end of a buffer through a plain pointer. `ensure` before writing; `commit` when a
/// whole was written. What is not committed at its end goes. Nobody else may touch the buffer
/// meanwhile.
class RowOutput {
 public:
  explicit RowOutput(ByteBuffer& out) : out_(&out), committed_(out.size()) {
    at = row_ = end_ = out.data() + committed_;
  }
  RowOutput(const RowOutput&) = delete;
  RowOutput& operator=(const RowOutput&) = delete;
  ~RowOutput() { out_->truncate(committed_); }

  uint8_t* at;  ///< where the next byte goes

  /// Starts a row here, with room for its first bytes.
  void start_row(size_t first_bytes) {
    ensure(first_bytes);
    row_ = at;
  }
  [[nodiscard]] uint8_t* row() const { return row_; }
  /// How far `to` is behind the row's start.
  [[nodiscard]] size_t written(const uint8_t* to) const { return static_cast<size_t>(to - row_); }
  /// The buffer's size with all that was written.
  [[nodiscard]] size_t size() const { return static_cast<size_t>(at - out_->data()); }
  /// Where the room ends.
  [[nodiscard]] const uint8_t* end() const { return end_; }
  void ensure(size_t bytes) {
    if (static_cast<size_t>(end_ - at) < bytes) [[unlikely]]
      grow(bytes);
  }
  void commit() { committed_ = size(); }

  /// Needs room, like everything below.
  void put(char c) { *at++ = static_cast<uint8_t>(c); }
  void put(std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  }

 private:
  void grow(size_t bytes) {
    const size_t used = size();
    const size_t row = used - written(at);
    out_->truncate(used);
    // Some more than asked, so that a row of many small pieces comes here seldom.
    const size_t more = std::max(bytes + bytes / 2 + 256, out_->capacity() - used);
    at = out_->extend(more);
    end_ = at + more;
    row_ = out_->data() + row;
  }

  ByteBuffer* out_;
  size_t committed_;
  uint8_t* row_;
  uint8_t* end_;
};

}  // namespace tailwater::mysql
