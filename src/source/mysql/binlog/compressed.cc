#include "source/mysql/binlog/compressed.h"

#include <memory>

#include <libdeflate.h>

#include "base/cursor.h"

namespace tailwater::mysql {
namespace {

using Unpack = libdeflate_result (*)(libdeflate_decompressor*, const void*, size_t, void*, size_t,
                                     size_t*);

// Deflate cannot do better than 1032 : 1, so a length beyond that is a lie, and costs no memory.
constexpr size_t kDeflateRatioMax = 1032;

Status unpack(Unpack how, Bytes packed, size_t length, ByteBuffer& out) {
  if (length > kUnpackedBytesMax || length / kDeflateRatioMax > packed.size()) {
    return fail(ErrorKind::kCorrupt, "compressed data has a wrong length");
  }
  struct Free {
    void operator()(libdeflate_decompressor* each) const { libdeflate_free_decompressor(each); }
  };
  thread_local const std::unique_ptr<libdeflate_decompressor, Free> decompressor(
      libdeflate_alloc_decompressor());
  if (decompressor == nullptr) return fail(ErrorKind::kFull, "no memory to unpack an event");
  const size_t start = out.size();
  uint8_t* to = out.extend(length);
  if (how(decompressor.get(), packed.data(), packed.size(), to, length, nullptr) !=
      LIBDEFLATE_SUCCESS) {
    out.truncate(start);
    return fail(ErrorKind::kCorrupt, "compressed data is damaged");
  }
  return {};
}

}  // namespace

Status unpack_zlib(Bytes packed, size_t length, ByteBuffer& out) {
  return unpack(&libdeflate_zlib_decompress, packed, length, out);
}

Status unpack_deflate(Bytes packed, size_t length, ByteBuffer& out) {
  return unpack(&libdeflate_deflate_decompress, packed, length, out);
}

Status unpack_mariadb(Bytes packed, ByteBuffer& out) {
  out.clear();
  Cursor cursor(packed);
  const uint8_t first = cursor.u8();
  const unsigned length_bytes = first & 7;
  const unsigned algorithm = first >> 4 & 7;
  if ((first & 0x80) == 0 || length_bytes == 0 || length_bytes > 4) {
    return fail(ErrorKind::kCorrupt, "a compressed event is damaged");
  }
  if (algorithm != 0) {
    return fail(ErrorKind::kUnsupported,
                "compression algorithm " + std::to_string(algorithm) + " is not known",
                "set log_bin_compress=OFF on the server");
  }
  const uint64_t length = cursor.be_uint(length_bytes);
  if (!cursor.ok()) return fail(ErrorKind::kCorrupt, "a compressed event is cut short");
  return unpack_zlib(cursor.rest(), length, out);
}

}  // namespace tailwater::mysql
