// CRC-32C (Castagnoli, RFC 3720 appendix B.4), in hardware where the processor has it.
#pragma once

#include "base/bytes.h"

namespace tailwater {

/// The CRC-32C of `bytes`. `seed` is the result for the bytes before them (0 at the start), so that
/// crc32c(b, crc32c(a)) == crc32c(a followed by b).
uint32_t crc32c(Bytes bytes, uint32_t seed = 0);

}  // namespace tailwater
