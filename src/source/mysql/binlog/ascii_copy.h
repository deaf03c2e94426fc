// Copies of short runs of bytes in blocks, cheaper than a call for a handful of bytes; and of text
// that is ASCII.
#pragma once

#include <array>

#include "base/bytes.h"

namespace tailwater::mysql {

/// The bits of a word that no ASCII character has.
inline constexpr uint64_t kNotAscii = 0x8080808080808080;
/// Blocks may read and write so many bytes more than asked, less one.
inline constexpr size_t kCopyBlockBytes = 32;

/// Copies `count` bytes. Reads and writes whole blocks.
inline void copy_blocks(const uint8_t* from, uint8_t* to, size_t count) {
  constexpr size_t kLong = 256;
  if (count > kLong) [[unlikely]] {
    std::memcpy(to, from, count);
    return;
  }
  for (size_t done = 0; done < count; done += kCopyBlockBytes) {
    std::memcpy(to + done, from + done, kCopyBlockBytes);
  }
}

/// The same, and whether all of it was ASCII.
inline bool copy_ascii_blocks(const uint8_t* from, uint8_t* to, size_t count) {
  using Block = std::array<uint64_t, kCopyBlockBytes / sizeof(uint64_t)>;
  // A block of high bits and one of none: from its middle on, less `n` bytes, the first n count.
  alignas(kCopyBlockBytes) static constexpr std::array<uint64_t, 8> kMasks = {kNotAscii, kNotAscii,
                                                                              kNotAscii, kNotAscii};
  const auto* const masks = reinterpret_cast<const uint8_t*>(kMasks.data()) + kCopyBlockBytes;
  uint64_t bits = 0;
  while (count > kCopyBlockBytes) {
    const auto block = load<Block>(from);
    store(to, block);
    bits |= block[0] | block[1] | block[2] | block[3];
    from += kCopyBlockBytes;
    to += kCopyBlockBytes;
    count -= kCopyBlockBytes;
  }
  const auto block = load<Block>(from);
  const auto mask = load<Block>(masks - count);
  store(to, block);
  const uint64_t last =
      (block[0] & mask[0]) | (block[1] & mask[1]) | (block[2] & mask[2]) | (block[3] & mask[3]);
  return ((bits & kNotAscii) | last) == 0;
}

/// Copies the ASCII that `text` begins with, and returns how many bytes that were. Reads and writes
/// no byte too many.
inline size_t copy_ascii_start(Bytes text, uint8_t* to) {
  size_t at = 0;
  while (text.size() - at >= sizeof(uint64_t)) {
    const auto word = load<uint64_t>(text.data() + at);
    if ((word & kNotAscii) != 0) break;
    store(to + at, word);
    at += sizeof(uint64_t);
  }
  while (at < text.size() && text[at] < 0x80) {
    to[at] = text[at];
    ++at;
  }
  return at;
}

}  // namespace tailwater::mysql
