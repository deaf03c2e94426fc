// Frames: the unit of writing, checking and skipping. A frame holds whole transactions, or one part
// of a single transaction. The bytes are docs/changelog_format.md, "Frame".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "changelog/options.h"
#include "changelog/segment.h"

namespace tailwater::changelog {

inline constexpr size_t kFrameHeaderBytes = 96;
inline constexpr size_t kFrameAlignment = 8;
inline constexpr uint32_t kFrameMagic = 0x52465754;  ///< "TWFR"
/// The most that one frame may hold before compression; a change must fit.
inline constexpr uint64_t kFrameRawBytesMax = 0xE0000000;

/// The numbers are stored: never renumber, only add.
enum class FrameKind : uint8_t {
  kWhole = 1,  ///< one or more complete transactions, or only advances
  kFirst = 2,  ///< the first part of a transaction that spans frames
  kMiddle = 3,
  kLast = 4,  ///< its last part, with its commit
};

/// "whole", "first", "middle", "last".
std::string_view to_string(FrameKind kind);

/// Whether a frame of this kind starts outside of any transaction.
constexpr bool starts_transaction(FrameKind kind) {
  return kind == FrameKind::kWhole || kind == FrameKind::kFirst;
}
/// Whether a frame of this kind ends outside of any transaction; then it ends with a position.
constexpr bool ends_transaction(FrameKind kind) {
  return kind == FrameKind::kWhole || kind == FrameKind::kLast;
}

/// Frame flag: it declares schemas.
inline constexpr uint8_t kFlagSchemas = 1;

struct FrameHeader {
  uint32_t crc = 0;         ///< of the header; the next frame's `previous_crc`
  uint32_t body_bytes = 0;  ///< as stored, without the padding
  uint32_t body_crc = 0;    ///< of the body as stored
  uint32_t raw_bytes = 0;   ///< of the body before compression
  uint32_t previous_crc = 0;
  FrameKind kind = FrameKind::kWhole;
  Compression codec = Compression::kNone;
  uint8_t flags = 0;
  uint32_t changes = 0;
  uint64_t base_offset = 0;
  uint64_t epoch = 0;
  int64_t first_ts_us =
      0;  ///< the lowest and the highest commit time in it; parts without a commit:
  int64_t last_ts_us = 0;  ///< when the transaction started
  uint64_t synced_bytes =
      0;                ///< this segment was committed and durable up to here when it was written
  uint64_t tables = 0;  ///< a Bloom set of the tables in it: see `table_bits`
  uint32_t transactions = 0;  ///< commits in it
  uint64_t transaction_offset =
      0;  ///< parts: the offset of the transaction's first change; whole: base_offset

  /// Header, body and padding.
  [[nodiscard]] uint64_t total_bytes() const {
    return (kFrameHeaderBytes + uint64_t{body_bytes} + kFrameAlignment - 1) / kFrameAlignment *
           kFrameAlignment;
  }
  [[nodiscard]] bool has_schemas() const { return (flags & kFlagSchemas) != 0; }
};

/// What every header CRC of a log starts from, so that a frame of another log, perhaps inside
/// somebody's data, never passes for one of this log.
uint32_t frame_seed(const Incarnation& incarnation);

/// Writes the 96 bytes at `out` and sets `header.crc`.
void encode_frame_header(FrameHeader& header, uint32_t seed, uint8_t* out);
/// Nothing when the bytes are no frame header (wrong magic, wrong CRC, numbers that cannot be).
std::optional<FrameHeader> decode_frame_header(Bytes bytes, uint32_t seed);

/// The bits of one table in a frame's Bloom set: three of 64, from "database.table".
uint64_t table_bits(std::string_view database, std::string_view table);
uint64_t table_bits(std::string_view full_name);

}  // namespace tailwater::changelog
