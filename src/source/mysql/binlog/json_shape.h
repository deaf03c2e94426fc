// JsonShape: what the keys of a column's documents looked like. Documents of one column mostly have
// the same keys, so their text is kept and need not be made again for each.
#pragma once

#include <array>

#include "base/bytes.h"

namespace tailwater::mysql {

/// The keys of one small JSON object of MySQL's binary form. Not thread-safe.
class JsonShape {
 public:
  static constexpr size_t kMembersMax = 16;
  /// What copying one text writes.
  static constexpr size_t kTextBytes = 32;

  /// Whether the object at `from`, of `bytes` bytes and `count` members, has exactly these keys.
  /// The caller has seen that its entries lie in `bytes`, and that eight bytes more can be read.
  [[nodiscard]] bool matches(const uint8_t* from, size_t bytes, size_t count) const {
    return count == count_ && count != 0 && keys_at_ + keys_bytes_ <= bytes &&
           has_entries(from + kHeadBytes) && has_keys(from + keys_at_);
  }
  /// What is printed before the value of member `i`, from the brace or comma to the colon and
  /// blank. Writes kTextBytes at `to` and returns where the text ends.
  uint8_t* put(size_t i, uint8_t* to) const {
    std::memcpy(to, texts_[i].data(), kTextBytes);
    return to + text_bytes_[i];
  }

  /// Whether a document that did not match is to be learnt: ever seldomer if none ever matches.
  bool worth_learning() {
    ++misses_;
    return (misses_ & (misses_ - 1)) == 0;
  }
  void matched() { misses_ = 0; }
  /// Forgets, and takes over the keys of a sound object if there are not too many nor too long
  /// ones.
  void learn(const uint8_t* from, size_t count);

 private:
  static constexpr size_t kHeadBytes = 4;   // count, size
  static constexpr size_t kEntryBytes = 4;  // of a key: offset, length
  static constexpr size_t kKeysMax = 256;
  static constexpr size_t kWord = sizeof(uint64_t);

  [[nodiscard]] bool has_entries(const uint8_t* from) const {
    uint32_t difference = 0;
    for (size_t i = 0; i < count_; ++i)
      difference |= load<uint32_t>(from + i * kEntryBytes) ^ entries_[i];
    return difference == 0;
  }
  [[nodiscard]] bool has_keys(const uint8_t* from) const {
    uint64_t difference = 0;
    const size_t words = keys_bytes_ / kWord;
    for (size_t i = 0; i < words; ++i) difference |= load<uint64_t>(from + i * kWord) ^ keys_[i];
    const uint64_t last = load<uint64_t>(from + words * kWord) ^ keys_[words];
    return (difference | (last & last_mask_)) == 0;
  }

  size_t count_ = 0;
  size_t keys_at_ = 0;
  size_t keys_bytes_ = 0;
  uint32_t misses_ = 0;
  std::array<uint32_t, kMembersMax> entries_{};
  std::array<uint64_t, kKeysMax / kWord + 1> keys_{};
  uint64_t last_mask_ = 0;
  std::array<std::array<uint8_t, kTextBytes>, kMembersMax> texts_{};
  std::array<uint8_t, kMembersMax> text_bytes_{};
};

}  // namespace tailwater::mysql
