// Cursor: reads integers and runs of bytes from memory that may be hostile.
//
// A read past the end returns zero (or an empty view) and marks the cursor as failed, for good. A
// decoder reads a group of fields, then asks `ok()` once: nothing outside the given bytes is ever
// touched, and no read needs a branch of its own in the caller.
#pragma once

#include "base/bytes.h"

namespace tailwater {

class Cursor {
 public:
  Cursor() = default;
  explicit Cursor(Bytes bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  [[nodiscard]] bool at_end() const { return at_ == end_; }
  [[nodiscard]] const uint8_t* position() const { return at_; }
  [[nodiscard]] Bytes rest() const { return {at_, remaining()}; }
  void mark_failed() {
    failed_ = true;
    at_ = end_;
  }

  /// A little-endian value of T's size.
  template <typename T>
  T le() {
    if (remaining() < sizeof(T)) [[unlikely]] {
      mark_failed();
      return T{};
    }
    T value = load<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  uint8_t u8() { return le<uint8_t>(); }

  /// A little-endian unsigned integer of `width` bytes, 1 to 8.
  uint64_t le_uint(unsigned width) {
    const Bytes bytes = take(width);
    uint64_t value = 0;
    for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
    return value;
  }
  /// A big-endian unsigned integer of `width` bytes, 1 to 8.
  uint64_t be_uint(unsigned width) {
    uint64_t value = 0;
    for (const uint8_t byte : take(width)) value = value << 8 | byte;
    return value;
  }

  /// The next `count` bytes, in place; empty (and failed) when there are fewer.
  Bytes take(size_t count) {
    if (remaining() < count) [[unlikely]] {
      mark_failed();
      return {};
    }
    const Bytes bytes{at_, count};
    at_ += count;
    return bytes;
  }
  void skip(size_t count) { (void)take(count); }
  std::string_view text(size_t count) { return as_text(take(count)); }
  /// What ByteBuffer::put_sized wrote.
  std::string_view sized_text() {
    const auto count = le<uint32_t>();
    return text(count);
  }

 private:
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  bool failed_ = false;
};

}  // namespace tailwater
