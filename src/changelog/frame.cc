#include "changelog/frame.h"

#include "base/crc32c.h"

namespace tailwater::changelog {
namespace {

// Where the fields lie; docs/changelog_format.md.
enum At : size_t {
  kAtMagic = 0,
  kAtCrc = 4,
  kAtBodyBytes = 8,
  kAtBodyCrc = 12,
  kAtRawBytes = 16,
  kAtPreviousCrc = 20,
  kAtKind = 24,
  kAtCodec = 25,
  kAtFlags = 26,
  kAtZero = 27,
  kAtChanges = 28,
  kAtBaseOffset = 32,
  kAtEpoch = 40,
  kAtFirstTs = 48,
  kAtLastTs = 56,
  kAtSynced = 64,
  kAtTables = 72,
  kAtTransactions = 80,
  kAtZero2 = 84,
  kAtTransactionOffset = 88,
};

uint32_t header_crc(const uint8_t* bytes, uint32_t seed) {
  const uint32_t zero = 0;
  uint32_t crc = crc32c({bytes, kAtCrc}, seed);
  crc = crc32c({reinterpret_cast<const uint8_t*>(&zero), sizeof(zero)}, crc);
  return crc32c({bytes + kAtBodyBytes, kFrameHeaderBytes - kAtBodyBytes}, crc);
}

}  // namespace

std::string_view to_string(FrameKind kind) {
  switch (kind) {
    case FrameKind::kWhole:
      return "whole";
    case FrameKind::kFirst:
      return "first";
    case FrameKind::kMiddle:
      return "middle";
    case FrameKind::kLast:
      return "last";
  }
  return "unknown";
}

uint32_t frame_seed(const Incarnation& incarnation) {
  return crc32c(Bytes(incarnation));
}

void encode_frame_header(FrameHeader& header, uint32_t seed, uint8_t* out) {
  store<uint32_t>(out + kAtMagic, kFrameMagic);
  store<uint32_t>(out + kAtBodyBytes, header.body_bytes);
  store<uint32_t>(out + kAtBodyCrc, header.body_crc);
  store<uint32_t>(out + kAtRawBytes, header.raw_bytes);
  store<uint32_t>(out + kAtPreviousCrc, header.previous_crc);
  out[kAtKind] = static_cast<uint8_t>(header.kind);
  out[kAtCodec] = static_cast<uint8_t>(header.codec);
  out[kAtFlags] = header.flags;
  out[kAtZero] = 0;
  store<uint32_t>(out + kAtChanges, header.changes);
  store<uint64_t>(out + kAtBaseOffset, header.base_offset);
  store<uint64_t>(out + kAtEpoch, header.epoch);
  store<int64_t>(out + kAtFirstTs, header.first_ts_us);
  store<int64_t>(out + kAtLastTs, header.last_ts_us);
  store<uint64_t>(out + kAtSynced, header.synced_bytes);
  store<uint64_t>(out + kAtTables, header.tables);
  store<uint32_t>(out + kAtTransactions, header.transactions);
  store<uint32_t>(out + kAtZero2, 0);
  store<uint64_t>(out + kAtTransactionOffset, header.transaction_offset);
  header.crc = header_crc(out, seed);
  store<uint32_t>(out + kAtCrc, header.crc);
}

std::optional<FrameHeader> decode_frame_header(Bytes bytes, uint32_t seed) {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  const uint8_t* at = bytes.data();
  if (load<uint32_t>(at + kAtMagic) != kFrameMagic) return std::nullopt;
  FrameHeader header;
  header.crc = load<uint32_t>(at + kAtCrc);
  if (header.crc != header_crc(at, seed)) return std::nullopt;
  header.body_bytes = load<uint32_t>(at + kAtBodyBytes);
  header.body_crc = load<uint32_t>(at + kAtBodyCrc);
  header.raw_bytes = load<uint32_t>(at + kAtRawBytes);
  header.previous_crc = load<uint32_t>(at + kAtPreviousCrc);
  header.kind = static_cast<FrameKind>(at[kAtKind]);
  header.codec = static_cast<Compression>(at[kAtCodec]);
  header.flags = at[kAtFlags];
  header.changes = load<uint32_t>(at + kAtChanges);
  header.base_offset = load<uint64_t>(at + kAtBaseOffset);
  header.epoch = load<uint64_t>(at + kAtEpoch);
  header.first_ts_us = load<int64_t>(at + kAtFirstTs);
  header.last_ts_us = load<int64_t>(at + kAtLastTs);
  header.synced_bytes = load<uint64_t>(at + kAtSynced);
  header.tables = load<uint64_t>(at + kAtTables);
  header.transactions = load<uint32_t>(at + kAtTransactions);
  header.transaction_offset = load<uint64_t>(at + kAtTransactionOffset);
  const bool possible =
      at[kAtKind] >= 1 && at[kAtKind] <= 4 && at[kAtCodec] <= 2 &&
      header.raw_bytes <= kFrameRawBytesMax && header.body_bytes <= kFrameRawBytesMax &&
      (header.codec != Compression::kNone || header.raw_bytes == header.body_bytes);
  if (!possible) return std::nullopt;
  return header;
}

namespace {

// FNV-1a, 64 bits: short keys, no seed, the same on every machine for ever.
constexpr uint64_t kHashStart = 0xcbf29ce484222325;

uint64_t hash(uint64_t state, std::string_view text) {
  for (const char c : text) state = (state ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return state;
}

uint64_t bits_of(uint64_t hash) {
  hash ^= hash >> 32;
  return uint64_t{1} << (hash & 63) | uint64_t{1} << (hash >> 6 & 63) |
         uint64_t{1} << (hash >> 12 & 63);
}

}  // namespace

uint64_t table_bits(std::string_view database, std::string_view table) {
  return bits_of(hash(hash(hash(kHashStart, database), "."), table));
}

uint64_t table_bits(std::string_view full_name) {
  return bits_of(hash(kHashStart, full_name));
}

}  // namespace tailwater::changelog
