#include "source/mysql/ddl/sql_name.h"

namespace tailwater::mysql {
namespace {

// Pairs of an even capital and the odd small letter behind it, or the other way round.
uint32_t fold_latin_extended(uint32_t code) {
  if (code == 0x178) return 0xFF;
  const bool odd_capitals = (code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17E);
  const bool none =
      code == 0x130 || code == 0x131 || code == 0x138 || code == 0x149 || code == 0x17F;
  if (none) return code;
  if (odd_capitals) return (code & 1) != 0 ? code + 1 : code;
  return (code & 1) == 0 ? code + 1 : code;
}

uint32_t fold(uint32_t code) {
  if (code >= 'A' && code <= 'Z') return code + 0x20;
  if (code < 0xC0) return code;
  if (code <= 0xDE) return code == 0xD7 ? code : code + 0x20;
  if (code >= 0x100 && code <= 0x17F) return fold_latin_extended(code);
  if (code >= 0x391 && code <= 0x3A9) return code + 0x20;
  if (code >= 0x400 && code <= 0x40F) return code + 0x50;
  if (code >= 0x410 && code <= 0x42F) return code + 0x20;
  return code;
}

}  // namespace

std::string folded(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    const auto next = static_cast<unsigned char>(i + 1 < name.size() ? name[i + 1] : 0);
    if ((byte & 0xE0) == 0xC0 && (next & 0xC0) == 0x80) {
      const uint32_t code = fold((byte & 0x1FU) << 6 | (next & 0x3FU));
      out += static_cast<char>(0xC0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 0x3F));
      ++i;
    } else {
      out += static_cast<char>(byte < 0x80 ? fold(byte) : byte);
    }
  }
  return out;
}

bool same_name(std::string_view left, std::string_view right) {
  return left == right || (left.size() == right.size() && folded(left) == folded(right));
}

}  // namespace tailwater::mysql
