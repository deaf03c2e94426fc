// Decimals: what Java's BigDecimal makes of our canonical decimal text ("-12.50").
#pragma once

#include <string_view>

#include "format/text_buffer.h"

namespace tailwater::format {

/// Base64 of the unscaled value (text × 10^scale) as big-endian two's complement of the fewest
/// bytes: Kafka Connect's Decimal. False, and nothing written, when the text is no number or has
/// more than `scale` fractional digits.
bool put_unscaled_base64(TextBuffer& out, std::string_view decimal, unsigned scale);
/// The same of a value that is at hand as an integer.
void put_unscaled_base64(TextBuffer& out, int64_t unscaled);
/// The same of an unsigned integer.
void put_unsigned_base64(TextBuffer& out, uint64_t value);

/// BigDecimal.toString: plain, or with an exponent when the value is very small ("1E-8", "0E-10").
/// What is no number is written as a JSON string.
void put_big_decimal(TextBuffer& out, std::string_view decimal);

}  // namespace tailwater::format
