// Text: UTF-8, base64, hex, JSON strings, durations and sizes with units.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tailwater {

/// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// Appends standard base64 with padding (RFC 4648 §4).
void append_base64(std::string& out, Bytes bytes);
/// Appends lower-case hex.
void append_hex(std::string& out, Bytes bytes);
std::string to_hex(Bytes bytes);
/// Bytes of hex digits; an error names the first wrong character.
Result<std::string> from_hex(std::string_view text);

/// Appends `text`, which must be UTF-8, as a JSON string with its quotes (RFC 8259): only the
/// quote, the backslash and control characters are escaped.
void append_json_string(std::string& out, std::string_view text);

/// Appends a decimal number.
void append_number(std::string& out, int64_t value);
void append_number(std::string& out, uint64_t value);

/// Splits at a character; keeps empty parts. The views borrow from `text`.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);

/// A duration in microseconds from `250us`, `5ms`, `1.5s`, `10m`, `2h`, `7d`. A unit is required
/// (but for 0).
Result<int64_t> parse_duration_us(std::string_view text);
/// A size in bytes from `4096`, `64KB`, `128MB`, `2GB`, `1TB` (powers of 1,024; `KiB` is the same).
Result<uint64_t> parse_size_bytes(std::string_view text);
/// The whole of `text` as an unsigned number.
Result<uint64_t> parse_number(std::string_view text);

/// "1.4 GB", "350 KB": for people.
std::string describe_bytes(uint64_t bytes);
/// "1m 20s", "3.4 ms": for people.
std::string describe_duration_us(int64_t duration_us);

/// The candidate that is nearest to `word` by edit distance, if any is near enough to be a slip of
/// the hand; empty otherwise.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace tailwater
