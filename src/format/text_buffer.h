// TextBuffer: where formatters write. Memory that is reserved in large steps and then filled
// through a bare pointer: a row costs no allocation and no bounds check per character.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "base/digits.h"

namespace tailwater::format {

/// Text that is not UTF-8 is written as a JSON string of this and the base64 of its bytes.
inline constexpr std::string_view kNotUtf8Marker = "tailwater:base64:";

/// Text that is written again and again: padded, so that it is copied in steps of a fixed size.
class Fragment {
 public:
  Fragment() : Fragment(std::string_view()) {}
  explicit Fragment(std::string_view text) : bytes_(text), size_(text.size()) {
    bytes_.resize((size_ + kStep - 1) / kStep * kStep, ' ');
  }
  [[nodiscard]] std::string_view view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  friend class TextBuffer;
  static constexpr size_t kStep = 16;
  std::string bytes_;
  size_t size_;
};

/// Not thread-safe. A view of it is valid until the next write.
class TextBuffer {
 public:
  TextBuffer() { grow(4096); }

  [[nodiscard]] std::string_view view() const { return {begin_.get(), size()}; }
  [[nodiscard]] size_t size() const { return static_cast<size_t>(at_ - begin_.get()); }
  void clear() { at_ = begin_.get(); }
  void truncate(size_t size) { at_ = begin_.get() + size; }

  /// Makes room for `count` more characters and returns where they go; the caller fills as many as
  /// it likes and hands the end to `advance`.
  char* room(size_t count) {
    if (static_cast<size_t>(end_ - at_) < count) [[unlikely]]
      grow(count);
    return at_;
  }
  void advance(const char* to) { at_ += to - at_; }

  void put(char c) {
    *room(1) = c;
    ++at_;
  }
  void put(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(room(text.size()), text.data(), text.size());
    at_ += text.size();
  }
  void put(const Fragment& fragment) {
    char* to = room(fragment.size_ + Fragment::kStep);
    const char* from = fragment.bytes_.data();
    for (size_t i = 0; i < fragment.size_; i += Fragment::kStep)
      std::memcpy(to + i, from + i, Fragment::kStep);
    at_ += fragment.size_;
  }
  template <typename T>
  void number(T value) {
    using Wide = std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>;
    at_ = write_number(room(kNumberRoom), static_cast<Wide>(value));
  }
  /// Exactly `digits` digits, with leading zeros.
  void padded(uint64_t value, unsigned digits) {
    char* at = room(digits);
    for (unsigned i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
    at_ += digits;
  }
  /// A JSON string with its quotes; see kNotUtf8Marker for what is not UTF-8 or starts like the
  /// marker.
  void json_string(std::string_view text);
  /// The same without quotes, for UTF-8 that is known to need no marker.
  void json_escaped(std::string_view text);
  /// Base64 with padding, without quotes. `url_safe`: RFC 4648 §5.
  void base64(Bytes bytes, bool url_safe = false);
  void hex(Bytes bytes);
  /// As Java's Double.toString and Float.toString print them; see java_number.h.
  void java_double(double value);
  void java_float(float value);

 private:
  void grow(size_t count);
  void escape(unsigned char c);
  void copy_escaped(std::string_view text);

  std::unique_ptr<char[]> begin_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace tailwater::format
