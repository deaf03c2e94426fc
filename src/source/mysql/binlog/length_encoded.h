// Length-encoded integers of the MySQL protocol: one byte up to 250, else 252/253/254 and 2/3/8
// bytes.
#pragma once

#include "base/cursor.h"

namespace tailwater::mysql {

inline uint64_t length_encoded(Cursor& cursor) {
  const uint8_t first = cursor.u8();
  if (first < 251) [[likely]]
    return first;
  if (first == 252) return cursor.le<uint16_t>();
  if (first == 253) return cursor.le_uint(3);
  if (first == 254) return cursor.le<uint64_t>();
  cursor.mark_failed();
  return 0;
}

/// A length-encoded integer, then as many bytes.
inline std::string_view length_encoded_text(Cursor& cursor) {
  const uint64_t length = length_encoded(cursor);
  if (length > cursor.remaining()) {
    cursor.mark_failed();
    return {};
  }
  return cursor.text(length);
}

}  // namespace tailwater::mysql
