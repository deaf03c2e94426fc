// Bytes: views of memory, loads and stores of integers at any alignment, and a growing buffer.
#pragma once

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace tailwater {

static_assert(std::endian::native == std::endian::little,
              "Tailwater's in-place formats are little-endian, and so must the machine be");

/// A borrowed run of bytes. Whoever returns one says how long it stays valid.
using Bytes = std::span<const uint8_t>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Little-endian load and store of a trivially copyable value at any alignment; no bounds check.
template <typename T>
inline T load(const uint8_t* from) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}
template <typename T>
inline void store(uint8_t* to, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::memcpy(to, &value, sizeof(T));
}

/// A growing byte buffer that does not clear what it reserves. Not thread-safe. Offsets stay valid
/// when it grows, pointers do not.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  explicit ByteBuffer(size_t capacity_bytes) { reserve(capacity_bytes); }
  ByteBuffer(ByteBuffer&& other) noexcept { swap(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;
  ~ByteBuffer() { std::free(data_); }

  [[nodiscard]] uint8_t* data() { return data_; }
  [[nodiscard]] const uint8_t* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t capacity() const { return capacity_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] Bytes view() const { return {data_, size_}; }
  [[nodiscard]] Bytes view(size_t from) const { return {data_ + from, size_ - from}; }

  void clear() { size_ = 0; }
  void truncate(size_t size) { size_ = size < size_ ? size : size_; }
  void reserve(size_t capacity_bytes) {
    if (capacity_bytes > capacity_) grow(capacity_bytes);
  }
  /// Frees the memory if more than `keep_bytes` of it are held; empties the buffer either way.
  void shrink(size_t keep_bytes) {
    size_ = 0;
    if (capacity_ <= keep_bytes) return;
    std::free(data_);
    data_ = nullptr;
    capacity_ = 0;
  }
  void swap(ByteBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  /// Makes room for `count` more bytes and returns where they go; the caller fills them.
  uint8_t* extend(size_t count) {
    if (size_ + count > capacity_) grow(size_ + count);
    uint8_t* at = data_ + size_;
    size_ += count;
    return at;
  }
  void append(Bytes bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }
  void append(std::string_view text) { append(as_bytes(text)); }
  void append_zeros(size_t count) {
    if (count != 0) std::memset(extend(count), 0, count);
  }
  template <typename T>
  void put(T value) {
    store<T>(extend(sizeof(T)), value);
  }
  /// A u32 length and then the bytes.
  void put_sized(std::string_view text) {
    put<uint32_t>(static_cast<uint32_t>(text.size()));
    append(text);
  }

 private:
  void grow(size_t needed);

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace tailwater
