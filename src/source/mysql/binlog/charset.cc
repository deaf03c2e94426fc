#include "source/mysql/binlog/charset.h"

#include <algorithm>
#include <array>

#include "source/mysql/binlog/ascii_copy.h"
#include "source/mysql/binlog/charset_multi_byte.h"
#include "source/mysql/binlog/utf8_writer.h"

namespace tailwater::mysql {
namespace {

#include "source/mysql/binlog/charset_single_byte.inc"

constexpr Charset kOtherSets[] = {
    {"binary", Charset::Form::kBinary, 1},     {"ascii", Charset::Form::kUtf8, 1},
    {"utf8mb3", Charset::Form::kUtf8, 3},      {"utf8mb4", Charset::Form::kUtf8, 4},
    {"ucs2", Charset::Form::kUcs2, 2},         {"utf16", Charset::Form::kUtf16, 4},
    {"utf16le", Charset::Form::kUtf16le, 4},   {"utf32", Charset::Form::kUtf32, 4},
    {"big5", Charset::Form::kMultiByte, 2},    {"cp932", Charset::Form::kMultiByte, 2},
    {"eucjpms", Charset::Form::kMultiByte, 3}, {"euckr", Charset::Form::kMultiByte, 2},
    {"gb2312", Charset::Form::kMultiByte, 2},  {"gbk", Charset::Form::kMultiByte, 2},
    {"sjis", Charset::Form::kMultiByte, 2},    {"ujis", Charset::Form::kMultiByte, 3},
    {"gb18030", Charset::Form::kGb18030, 4},
};

struct CollationRun {
  uint32_t first;
  uint32_t last;
  std::string_view charset;
};
constexpr CollationRun kCollations[] = {
#include "source/mysql/binlog/charset_collations.inc"
};

// MariaDB 10.10 and later number the UCA 14.0.0 collations from here, 256 for each character set.
constexpr uint32_t kUca1400First = 2048;
constexpr std::array<std::string_view, 5> kUca1400Sets = {"utf8mb3", "utf8mb4", "ucs2", "utf16",
                                                          "utf32"};

std::string_view charset_name_of(uint32_t collation) {
  if (collation >= kUca1400First) {
    const uint32_t set = (collation - kUca1400First) / 256;
    return set < kUca1400Sets.size() ? kUca1400Sets[set] : std::string_view{};
  }
  const auto* const run = std::ranges::lower_bound(kCollations, collation, {}, &CollationRun::last);
  if (run == std::end(kCollations) || run->first > collation) return {};
  return run->charset;
}

uint8_t* write_single_byte(const Charset& charset, Bytes text, uint8_t* to) {
  size_t at = 0;
  while (at < text.size()) {
    if (charset.lower == nullptr) {
      const size_t ascii = copy_ascii_start(text.subspan(at), to);
      at += ascii;
      to += ascii;
      if (at == text.size()) break;
    }
    const uint8_t byte = text[at++];
    const uint16_t point = byte >= 0x80 ? charset.upper[byte - 0x80] : charset.lower[byte];
    if (point == 0 && byte != 0) return nullptr;
    to = put_utf8(point, to);
  }
  return to;
}

constexpr bool is_surrogate(uint32_t unit) {
  return unit >= 0xd800 && unit < 0xe000;
}

uint8_t* write_utf16(Bytes text, bool little_endian, bool pairs, uint8_t* to) {
  if (text.size() % 2 != 0) return nullptr;
  const auto unit_at = [&](size_t at) -> uint32_t {
    return little_endian ? text[at] | text[at + 1] * 0x100u : text[at] * 0x100u | text[at + 1];
  };
  for (size_t at = 0; at < text.size(); at += 2) {
    uint32_t point = unit_at(at);
    if (is_surrogate(point)) {
      if (!pairs || point >= 0xdc00 || text.size() - at < 4) return nullptr;
      const uint32_t low = unit_at(at + 2);
      if (low < 0xdc00 || low >= 0xe000) return nullptr;
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      at += 2;
    }
    to = put_utf8(point, to);
  }
  return to;
}

uint8_t* write_utf32(Bytes text, uint8_t* to) {
  if (text.size() % 4 != 0) return nullptr;
  for (size_t at = 0; at < text.size(); at += 4) {
    const uint32_t point = __builtin_bswap32(load<uint32_t>(text.data() + at));
    if (point > 0x10ffff || is_surrogate(point)) return nullptr;
    to = put_utf8(point, to);
  }
  return to;
}

template <typename Next>
uint8_t* write_mixed(Bytes text, uint8_t* to, Next next) {
  while (!text.empty()) {
    const size_t ascii = copy_ascii_start(text, to);
    text = text.subspan(ascii);
    to += ascii;
    if (text.empty()) break;
    const MultiByteChar found = next(text);
    if (found.bytes == 0) return nullptr;
    to = put_utf8(found.point, to);
    text = text.subspan(found.bytes);
  }
  return to;
}

}  // namespace

uint8_t* Charset::write_utf8(Bytes text, uint8_t* to) const {
  switch (form) {
    case Form::kBinary:
    case Form::kUtf8:
      return std::ranges::copy(text, to).out;
    case Form::kSingleByte:
      return write_single_byte(*this, text, to);
    case Form::kUtf16:
      return write_utf16(text, false, true, to);
    case Form::kUtf16le:
      return write_utf16(text, true, true, to);
    case Form::kUcs2:
      return write_utf16(text, false, false, to);
    case Form::kUtf32:
      return write_utf32(text, to);
    case Form::kMultiByte: {
      const MultiByteSet set(name);
      return write_mixed(text, to, [&set](Bytes rest) { return set.next(rest); });
    }
    case Form::kGb18030: {
      const MultiByteSet set(name);
      return write_mixed(text, to, [&set](Bytes rest) { return set.next_gb18030(rest); });
    }
  }
  return nullptr;
}

bool Charset::append_utf8(Bytes text, ByteBuffer& out) const {
  const size_t start = out.size();
  uint8_t* const to = out.extend(text.size() * kExpansion);
  const uint8_t* const end = write_utf8(text, to);
  out.truncate(end == nullptr ? start : start + static_cast<size_t>(end - to));
  return end != nullptr;
}

const Charset* charset_named(std::string_view name) {
  if (name == "utf8") name = "utf8mb3";
  const auto* const other = std::ranges::find(kOtherSets, name, &Charset::name);
  if (other != std::end(kOtherSets)) return other;
  const auto* const single = std::ranges::find(kSingleByteSets, name, &Charset::name);
  return single == std::end(kSingleByteSets) ? nullptr : single;
}

const Charset* charset_of_collation(uint32_t collation) {
  const std::string_view name = charset_name_of(collation);
  return name.empty() ? nullptr : charset_named(name);
}

}  // namespace tailwater::mysql
