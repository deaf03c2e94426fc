#include "format/text_buffer.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "format/java_number.h"

namespace tailwater::format {
namespace {

constexpr std::string_view kDigits64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kDigits64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kHexLower = "0123456789abcdef";
constexpr std::string_view kHexUpper = "0123456789ABCDEF";
constexpr size_t kEscapeMax = 6;  // \u00XX

constexpr uint64_t repeat(uint8_t byte) {
  return 0x0101010101010101ULL * byte;
}

// The high bit of every byte of `word` that a JSON string cannot hold as it is; above the first
// such byte there may be false ones. Bytes from 0x80 on are not among them.
constexpr uint64_t special_bytes(uint64_t word) {
  const uint64_t quote = word ^ repeat('"');
  const uint64_t slash = word ^ repeat('\\');
  return (((word - repeat(0x20)) & ~word) | ((quote - repeat(1)) & ~quote) |
          ((slash - repeat(1)) & ~slash)) &
         repeat(0x80);
}

bool is_ascii(std::string_view text) {
  uint64_t seen = 0;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) seen |= load<uint64_t>(as_bytes(text).data() + i);
  for (; i < text.size(); ++i) seen |= static_cast<unsigned char>(text[i]);
  return (seen & repeat(0x80)) == 0;
}

}  // namespace

void TextBuffer::grow(size_t count) {
  const size_t used = begin_ == nullptr ? 0 : size();
  const size_t capacity = std::max(used + count, used * 2);
  std::unique_ptr<char[]> larger(new char[capacity]);
  if (used != 0) std::memcpy(larger.get(), begin_.get(), used);
  begin_ = std::move(larger);
  at_ = begin_.get() + used;
  end_ = begin_.get() + capacity;
}

void TextBuffer::escape(unsigned char c) {
  // The same spelling as Jackson, which both originals write with.
  switch (c) {
    case '"':
      put("\\\"");
      return;
    case '\\':
      put("\\\\");
      return;
    case '\b':
      put("\\b");
      return;
    case '\f':
      put("\\f");
      return;
    case '\n':
      put("\\n");
      return;
    case '\r':
      put("\\r");
      return;
    case '\t':
      put("\\t");
      return;
    default:
      put("\\u00");
      put(kHexUpper[c >> 4]);
      put(kHexUpper[c & 15]);
  }
}

void TextBuffer::copy_escaped(std::string_view text) {
  const auto* from = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* const end = from + text.size();
  char* to = room(text.size() + 8);
  while (end - from >= 8) {
    const auto word = load<uint64_t>(from);
    std::memcpy(to, &word, sizeof(word));
    const uint64_t special = special_bytes(word);
    if (special == 0) [[likely]] {
      from += 8;
      to += 8;
      continue;
    }
    const int plain = std::countr_zero(special) / 8;
    advance(to + plain);
    escape(from[plain]);
    from += plain + 1;
    to = room(static_cast<size_t>(end - from) + 8);
  }
  advance(to);
  room(static_cast<size_t>(end - from) * kEscapeMax);
  for (; from != end; ++from) {
    if (*from >= 0x20 && *from != '"' && *from != '\\') {
      *at_++ = static_cast<char>(*from);
    } else {
      escape(*from);
    }
  }
}

void TextBuffer::json_escaped(std::string_view text) {
  copy_escaped(text);
}

void TextBuffer::json_string(std::string_view text) {
  put('"');
  const bool plain = !text.starts_with(kNotUtf8Marker) && (is_ascii(text) || is_utf8(text));
  if (plain) [[likely]] {
    copy_escaped(text);
  } else {
    put(kNotUtf8Marker);
    base64(as_bytes(text));
  }
  put('"');
}

void TextBuffer::base64(Bytes bytes, bool url_safe) {
  const std::string_view digits = url_safe ? kDigits64Url : kDigits64;
  char* to = room((bytes.size() + 2) / 3 * 4);
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t group = uint32_t{bytes[i]} << 16 | uint32_t{bytes[i + 1]} << 8 | bytes[i + 2];
    *to++ = digits[group >> 18];
    *to++ = digits[group >> 12 & 63];
    *to++ = digits[group >> 6 & 63];
    *to++ = digits[group & 63];
  }
  const size_t left = bytes.size() - i;
  if (left != 0) {
    const uint32_t group = uint32_t{bytes[i]} << 16 | (left == 2 ? uint32_t{bytes[i + 1]} << 8 : 0);
    *to++ = digits[group >> 18];
    *to++ = digits[group >> 12 & 63];
    *to++ = left == 2 ? digits[group >> 6 & 63] : '=';
    *to++ = '=';
  }
  advance(to);
}

void TextBuffer::hex(Bytes bytes) {
  char* to = room(bytes.size() * 2);
  for (const uint8_t byte : bytes) {
    *to++ = kHexLower[byte >> 4];
    *to++ = kHexLower[byte & 15];
  }
  advance(to);
}

void TextBuffer::java_double(double value) {
  advance(write_java_double(room(kJavaNumberMax), value));
}
void TextBuffer::java_float(float value) {
  advance(write_java_float(room(kJavaNumberMax), value));
}

}  // namespace tailwater::format
