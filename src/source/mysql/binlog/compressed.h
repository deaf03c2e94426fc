// MariaDB's compressed events (log_bin_compress): a small header, then a zlib stream.
// Source: MariaDB log_event.cc, binlog_buf_compress: first byte 0x80 | (algorithm << 4) | length
// bytes, then the unpacked length, big-endian. Algorithm 0 is zlib.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace tailwater::mysql {

/// How large an event may become when unpacked: as the servers, 1 GiB.
inline constexpr size_t kUnpackedBytesMax = size_t{1} << 30;

/// Unpacks into `out`, which is emptied first.
Status unpack_mariadb(Bytes packed, ByteBuffer& out);

/// Unpacks a zlib stream of which the unpacked length is known, at the end of `out`.
Status unpack_zlib(Bytes packed, size_t length, ByteBuffer& out);
/// The same for a raw deflate stream.
Status unpack_deflate(Bytes packed, size_t length, ByteBuffer& out);

}  // namespace tailwater::mysql
