#include "changelog/codec.h"

#include <lz4.h>
#include <zstd.h>

namespace tailwater::changelog {
namespace {
constexpr size_t kCompressBytesMax = 8 << 20;  // larger bodies would double the writer's memory
constexpr int kZstdLevel = 1;                  // the log's speed matters more than its last percent
}  // namespace

struct Codec::Contexts {
  ZSTD_CCtx* compress = nullptr;
  ZSTD_DCtx* decompress = nullptr;
  ~Contexts() {
    ZSTD_freeCCtx(compress);
    ZSTD_freeDCtx(decompress);
  }
};

Codec::Codec() : contexts_(std::make_unique<Contexts>()) {}
Codec::~Codec() = default;

bool Codec::compress(Compression compression, Bytes body, ByteBuffer& out) {
  if (compression == Compression::kNone || body.size() > kCompressBytesMax) return false;
  out.clear();
  size_t size = 0;
  if (compression == Compression::kLz4) {
    const int bound = LZ4_compressBound(static_cast<int>(body.size()));
    out.extend(static_cast<size_t>(bound));
    size = static_cast<size_t>(LZ4_compress_default(reinterpret_cast<const char*>(body.data()),
                                                    reinterpret_cast<char*>(out.data()),
                                                    static_cast<int>(body.size()), bound));
  } else {
    if (contexts_->compress == nullptr) contexts_->compress = ZSTD_createCCtx();
    out.extend(ZSTD_compressBound(body.size()));
    size = ZSTD_compressCCtx(contexts_->compress, out.data(), out.size(), body.data(), body.size(),
                             kZstdLevel);
    if (ZSTD_isError(size) != 0) size = 0;
  }
  out.truncate(size);
  return size != 0 && size < body.size();
}

Status Codec::decompress(Compression compression, Bytes stored, size_t raw_bytes, ByteBuffer& out) {
  const auto damaged = [] { return fail(ErrorKind::kCorrupt, "a compressed frame is damaged"); };
  out.clear();
  size_t size = 0;
  if (compression == Compression::kLz4) {
    if (raw_bytes > LZ4_MAX_INPUT_SIZE || stored.size() > LZ4_MAX_INPUT_SIZE) return damaged();
    out.extend(raw_bytes);
    const int count = LZ4_decompress_safe(
        reinterpret_cast<const char*>(stored.data()), reinterpret_cast<char*>(out.data()),
        static_cast<int>(stored.size()), static_cast<int>(raw_bytes));
    if (count < 0) return damaged();
    size = static_cast<size_t>(count);
  } else {
    if (contexts_->decompress == nullptr) contexts_->decompress = ZSTD_createDCtx();
    out.extend(raw_bytes);
    size = ZSTD_decompressDCtx(contexts_->decompress, out.data(), raw_bytes, stored.data(),
                               stored.size());
    if (ZSTD_isError(size) != 0) return damaged();
  }
  if (size != raw_bytes) return damaged();
  return {};
}

}  // namespace tailwater::changelog
