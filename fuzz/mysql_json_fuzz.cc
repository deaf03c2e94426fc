// Binary JSON: whatever is printed must be JSON, and not much longer than what it came from.
#include <algorithm>

#include <simdjson.h>

#include "base/text.h"
#include "source/mysql/binlog/json_binary.h"

using namespace tailwater;

namespace {

bool write_padded(Bytes document, mysql::JsonShape& shape, ByteBuffer& out) {
  constexpr size_t kBeyond = 32;
  ByteBuffer padded;
  padded.append(document);
  for (size_t i = 0; i < kBeyond; ++i) padded.put<uint8_t>('"');
  mysql::RowOutput text(out);
  const bool written =
      mysql::write_json(padded.view().first(document.size()), text, kBeyond, &shape);
  if (written) text.commit();
  return written;
}

// With a shape that knows `first` after it was printed twice, `other` must give the same text as
// without.
void compare_with_shape(Bytes first, Bytes other) {
  mysql::JsonShape shape;
  for (const Bytes each : {first, first, other}) {
    ByteBuffer plain;
    ByteBuffer out;
    const bool sound = mysql::append_json(each, plain).has_value();
    if (write_padded(each, shape, out) != sound) __builtin_trap();
    if (sound && !std::ranges::equal(out.view(), plain.view())) __builtin_trap();
  }
}

// One that differs in any byte, or in a byte of a key, must not be taken for the one that is known.
void compare_with_likes(Bytes document) {
  ByteBuffer other;
  other.append(document);
  if (!document.empty()) other.data()[document[0] * 31u % document.size()] ^= document.back() | 1;
  compare_with_shape(document, other.view());
  constexpr uint8_t kSmallObject = 0;
  constexpr size_t kHead = 5;  // type, count, size
  ByteBuffer text;
  if (document.size() < kHead || document[0] != kSmallObject) return;
  if (!mysql::append_json(document, text)) return;
  const size_t count = std::min<size_t>(load<uint16_t>(document.data() + 1), 16);
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* const entry = document.data() + kHead + i * 4;
    const size_t length = load<uint16_t>(entry + 2);
    if (length == 0) continue;
    other.clear();
    other.append(document);
    other.data()[1 + load<uint16_t>(entry) + (i * 7 + document.back()) % length] ^= 1;
    compare_with_shape(document, other.view());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteBuffer out;
  compare_with_likes(Bytes(data, size));
  if (!mysql::append_json(Bytes(data, size), out)) {
    if (!out.empty()) __builtin_trap();
    return 0;
  }
  if (out.size() > size * 40 + 64) __builtin_trap();
  // Keys and strings are the server's bytes; they are UTF-8 there, here they may be anything.
  if (!is_utf8(as_text(out.view()))) return 0;
  simdjson::dom::parser parser;
  const auto parsed = parser.parse(out.data(), out.size());
  // simdjson has limits of its own (depth, numbers out of range); anything else is a finding.
  if (parsed.error() != simdjson::SUCCESS && parsed.error() != simdjson::DEPTH_ERROR &&
      parsed.error() != simdjson::NUMBER_ERROR) {
    __builtin_trap();
  }
  return 0;
}
