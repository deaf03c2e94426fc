// Code points as UTF-8.
#pragma once

#include <cstdint>

namespace tailwater::mysql {

/// Writes one to four bytes and returns the end. `point` must not be above 0x10ffff.
inline uint8_t* put_utf8(uint32_t point, uint8_t* to) {
  if (point < 0x80) {
    *to++ = static_cast<uint8_t>(point);
    return to;
  }
  if (point < 0x800) {
    *to++ = static_cast<uint8_t>(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      *to++ = static_cast<uint8_t>(0xe0 | point >> 12);
    } else {
      *to++ = static_cast<uint8_t>(0xf0 | point >> 18);
      *to++ = static_cast<uint8_t>(0x80 | (point >> 12 & 0x3f));
    }
    *to++ = static_cast<uint8_t>(0x80 | (point >> 6 & 0x3f));
  }
  *to++ = static_cast<uint8_t>(0x80 | (point & 0x3f));
  return to;
}

}  // namespace tailwater::mysql
