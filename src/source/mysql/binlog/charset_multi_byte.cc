#include "source/mysql/binlog/charset_multi_byte.h"

#include <algorithm>
#include <string>
#include <vector>

#include <libdeflate.h>

namespace tailwater::mysql {
namespace {

// Where a set's code points are in the unpacked words: 128 for the bytes from 0x80 alone, then 128
// times 192 for lead bytes from 0x80 and trail bytes from 0x40, then, in the sets that have
// three-byte characters, 94 times 94 for what follows 0x8f.
struct MultiByteTable {
  std::string_view name;
  uint32_t offset;
  uint32_t count;
};
// Four-byte characters of gb18030 as runs of consecutive numbers and code points.
struct Gb18030Run {
  uint32_t first;
  uint32_t count;
  uint32_t point;
};

#include "source/mysql/binlog/charset_multi_byte.inc"

constexpr uint32_t kLeads = 128;
constexpr uint32_t kTrails = 192;
constexpr uint32_t kPairsAt = kLeads;
constexpr uint32_t kTriplesAt = kPairsAt + kLeads * kTrails;
constexpr uint32_t kRow = 94;
// gb18030: the number of the four-byte character that is U+10000.
constexpr uint32_t kSupplementaryFirst = (0x90 - 0x81) * 12600;
constexpr uint32_t kSupplementaryCount = 0x100000;

uint8_t base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<uint8_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<uint8_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0' + 52);
  return c == '+' ? 62 : 63;
}

std::vector<uint8_t> packed_tables() {
  std::vector<uint8_t> bytes;
  uint32_t bits = 0;
  unsigned count = 0;
  for (const std::string_view part : kMultiBytePacked) {
    for (const char c : part) {
      if (c == '=') return bytes;
      bits = bits << 6 | base64_digit(c);
      count += 6;
      if (count < 8) continue;
      count -= 8;
      bytes.push_back(static_cast<uint8_t>(bits >> count));
    }
  }
  return bytes;
}

// Unpacks all tables; zeros (no character at all) if that fails, which a test would see.
std::vector<uint16_t> unpack_tables() {
  const std::vector<uint8_t> packed = packed_tables();
  std::vector<uint16_t> words(kMultiByteBytes / sizeof(uint16_t));
  libdeflate_decompressor* unpacker = libdeflate_alloc_decompressor();
  if (unpacker == nullptr) return words;
  libdeflate_zlib_decompress(unpacker, packed.data(), packed.size(), words.data(), kMultiByteBytes,
                             nullptr);
  libdeflate_free_decompressor(unpacker);
  return words;
}

const std::vector<uint16_t>& tables() {
  static const std::vector<uint16_t> kWords = unpack_tables();
  return kWords;
}

bool is_four_bytes(Bytes text) {
  return text.size() >= 4 && text[1] >= 0x30 && text[1] <= 0x39 && text[2] >= 0x81 &&
         text[2] <= 0xfe && text[3] >= 0x30 && text[3] <= 0x39;
}

}  // namespace

MultiByteSet::MultiByteSet(std::string_view name) {
  const auto* const found = std::ranges::find(kMultiByteTables, name, &MultiByteTable::name);
  if (found == std::end(kMultiByteTables)) return;
  table_ = tables().data() + found->offset;
  has_triples_ = found->count > kTriplesAt;
}

MultiByteChar MultiByteSet::next(Bytes text) const {
  if (table_ == nullptr) return {};
  const uint32_t lead = text[0] - 0x80u;
  if (has_triples_ && text[0] == 0x8f) {
    if (text.size() < 3) return {};
    const uint32_t row = text[1] - 0xa1u;
    const uint32_t cell = text[2] - 0xa1u;
    if (row >= kRow || cell >= kRow) return {};
    const uint16_t point = table_[kTriplesAt + row * kRow + cell];
    return point == 0 ? MultiByteChar{} : MultiByteChar{point, 3};
  }
  if (const uint16_t alone = table_[lead]; alone != 0) return {alone, 1};
  if (text.size() < 2 || text[1] < 0x40) return {};
  const uint16_t point = table_[kPairsAt + lead * kTrails + (text[1] - 0x40u)];
  return point == 0 ? MultiByteChar{} : MultiByteChar{point, 2};
}

MultiByteChar MultiByteSet::next_gb18030(Bytes text) const {
  if (!is_four_bytes(text)) return next(text);
  if (text[0] < 0x81) return {};
  const uint32_t number = (text[0] - 0x81u) * 12600 + (text[1] - 0x30u) * 1260 +
                          (text[2] - 0x81u) * 10 + (text[3] - 0x30u);
  if (number >= kSupplementaryFirst) {
    const uint32_t above = number - kSupplementaryFirst;
    return above < kSupplementaryCount ? MultiByteChar{0x10000 + above, 4} : MultiByteChar{};
  }
  const auto* const run = std::ranges::upper_bound(kGb18030Runs, number, {}, &Gb18030Run::first);
  if (run == std::begin(kGb18030Runs)) return {};
  const Gb18030Run& before = *(run - 1);
  if (number - before.first >= before.count) return {};
  return {before.point + (number - before.first), 4};
}

}  // namespace tailwater::mysql
