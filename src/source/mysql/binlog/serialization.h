// The variable-length integers of mysql::serialization: as many ones at the low end of the first
// byte as further bytes follow. Source: MySQL libs/mysql/serialization, variable_length_integers.h.
#pragma once

#include <bit>

#include "base/cursor.h"

namespace tailwater::mysql {

inline uint64_t serialized_uint(Cursor& cursor) {
  const uint8_t first = cursor.u8();
  const auto more = static_cast<unsigned>(std::countr_one(first));
  if (more == 0) return first >> 1;
  if (more == 8) return cursor.le<uint64_t>();
  const uint64_t rest = cursor.le_uint(more);
  return rest << (7 - more) | uint64_t{first} >> (more + 1);
}

/// Signed: the sign is the lowest bit, the rest is the value, or its complement where negative.
inline int64_t serialized_int(Cursor& cursor) {
  const uint64_t value = serialized_uint(cursor);
  const auto magnitude = static_cast<int64_t>(value >> 1);
  return (value & 1) == 0 ? magnitude : ~magnitude;
}

}  // namespace tailwater::mysql
