// Charsets: the character sets of MySQL and MariaDB, and their text as UTF-8.
// The tables were taken from running servers: scripts/generate_charsets.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace tailwater::mysql {

/// A character set. All live for ever and are never changed; any thread may use them.
class Charset {
 public:
  enum class Form : uint8_t {
    kBinary,      ///< bytes, not text
    kUtf8,        ///< utf8mb3, utf8mb4, ascii: copied as it is, valid or not
    kSingleByte,  ///< a table of 128 characters for the bytes from 0x80
    kUtf16,
    kUtf16le,
    kUcs2,
    kUtf32,
    kMultiByte,  ///< a table of two- and three-byte characters
    kGb18030,
  };

  std::string_view name;
  Form form = Form::kBinary;
  uint8_t char_bytes_max = 1;  ///< the server's MAXLEN
  /// kSingleByte: the code points of the bytes from 0x80; 0: no such character.
  const uint16_t* upper = nullptr;
  const uint16_t* lower = nullptr;  ///< kSingleByte: of the bytes below 0x80; null for ASCII

  /// No text of this set gets longer in UTF-8 than its bytes times this.
  static constexpr size_t kExpansion = 3;

  [[nodiscard]] bool is_binary() const { return form == Form::kBinary; }
  /// Whether text is taken over byte by byte.
  [[nodiscard]] bool is_copied() const { return form <= Form::kUtf8; }
  /// Whether text of bytes below 0x80 is ASCII.
  [[nodiscard]] bool has_ascii() const {
    return (form == Form::kSingleByte && lower == nullptr) || form >= Form::kMultiByte;
  }

  /// Writes `text` as UTF-8 to `to`, which has room for kExpansion times its size, and returns the
  /// end; null when `text` has bytes that are no character of this set.
  uint8_t* write_utf8(Bytes text, uint8_t* to) const;
  /// The same, appended; false, and nothing appended, when `text` has such bytes.
  bool append_utf8(Bytes text, ByteBuffer& out) const;
};

/// The character set of a collation's number, in MySQL up to 9.7 or MariaDB up to 12; null when the
/// number is not known.
const Charset* charset_of_collation(uint32_t collation);
/// The character set of a name ("utf8" is utf8mb3), or null.
const Charset* charset_named(std::string_view name);

}  // namespace tailwater::mysql
