// Compression of frame bodies: LZ4 blocks and Zstandard frames.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "changelog/options.h"

namespace tailwater::changelog {

/// Compresses and decompresses, keeping its working memory. Not thread-safe.
class Codec {
 public:
  Codec();
  ~Codec();
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  /// Puts the compressed form into `out` (replacing what it held). False when that is no smaller,
  /// or the body is too large to be worth the memory: then it is stored as it is.
  bool compress(Compression compression, Bytes body, ByteBuffer& out);
  /// The `raw_bytes` bytes of a stored body, in `out`. kCorrupt when they do not come out so.
  Status decompress(Compression compression, Bytes stored, size_t raw_bytes, ByteBuffer& out);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace tailwater::changelog
