// The characters of the East Asian multi-byte sets. Their tables are unpacked at first use.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace tailwater::mysql {

/// A character at the start of some bytes: its code point, and how many bytes it has; 0: none.
struct MultiByteChar {
  uint32_t point = 0;
  uint32_t bytes = 0;
};

/// One of big5, cp932, eucjpms, euckr, gb2312, gb18030, gbk, sjis, ujis. Cheap to make.
class MultiByteSet {
 public:
  explicit MultiByteSet(std::string_view name);

  /// The first character of `text`, which must not be empty nor start with ASCII.
  [[nodiscard]] MultiByteChar next(Bytes text) const;
  /// The same for gb18030, which has four-byte characters too.
  [[nodiscard]] MultiByteChar next_gb18030(Bytes text) const;

 private:
  const uint16_t* table_ = nullptr;  // see MultiByteTable in the source
  bool has_triples_ = false;
};

}  // namespace tailwater::mysql
