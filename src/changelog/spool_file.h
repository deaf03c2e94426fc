// The bytes of a spool's file: header, blocks, end. They are docs/spool_format.md.
#pragma once

#include <array>

#include "changelog/spool.h"

namespace tailwater::changelog {

inline constexpr size_t kSpoolHeaderBytes = 64;
inline constexpr size_t kSpoolBlockHeaderBytes = 16;
inline constexpr size_t kSpoolTrailerBytes = 16;

/// Kinds of blocks. The numbers are stored: never renumber, only add.
inline constexpr uint32_t kSpoolChanges = 1;
inline constexpr uint32_t kSpoolEnd = 2;

struct SpoolHeader {
  std::array<uint8_t, kSpoolHeaderBytes> bytes = {};
  uint32_t crc = 0;
};
SpoolHeader encode_spool_header(const Incarnation& incarnation, uint64_t number, int64_t now_us);

struct SpoolBlockHeader {
  std::array<uint8_t, kSpoolBlockHeaderBytes> bytes = {};
  uint32_t crc = 0;  ///< of the block: the next one's chain
};
/// `chain`: the CRC of the block before, or of the header.
SpoolBlockHeader encode_spool_block(uint32_t chain, uint32_t kind, uint32_t changes, Bytes body);

/// The body of the end block.
void put_spool_end(ByteBuffer& out, const SpoolInfo& info);

using SpoolTrailer = std::array<uint8_t, kSpoolTrailerBytes>;
SpoolTrailer encode_spool_trailer(uint32_t header_crc, uint64_t end_at, uint32_t chain);

/// What the end of a sealed spool says.
struct SpoolEnd {
  SpoolInfo info = {};
  uint32_t header_crc = 0;
  uint64_t blocks_end = 0;    ///< where the end block starts
  uint32_t blocks_chain = 0;  ///< CRC of the block before it
};
/// Header and end of a spool's file. kCorrupt when they are damaged or missing, or of another
/// spool.
Result<SpoolEnd> read_spool_end(File& file, const Incarnation& incarnation, uint64_t number);

/// The body of the changes block at `at`, below `end`; sets `chain` to its CRC, and returns where
/// the next block starts. kCorrupt when it is damaged.
Result<uint64_t> read_spool_block(File& file, uint64_t number, uint64_t at, uint64_t end,
                                  uint32_t& chain, ByteBuffer& body);

/// The error for a spool that is damaged.
Error damaged_spool(uint64_t number, std::string_view what);

/// "00000000000000000042.spool".
std::string spool_name(uint64_t number);
/// The numbers of the spool files in the folder of a log, ascending; none without a folder.
Result<std::vector<uint64_t>> list_spools(FileSystem& files, const std::string& log_folder);

}  // namespace tailwater::changelog
