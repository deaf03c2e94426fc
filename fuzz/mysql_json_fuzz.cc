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

// With a shape it must be the same text as without: `document` twice, which is learnt and then
// known; and then one that differs in a byte, whose keys must not be taken for those.
void compare_with_shape(Bytes document) {
  mysql::JsonShape shape;
  ByteBuffer other;
  other.append(document);
  if (!document.empty()) other.data()[document[0] * 31u % document.size()] ^= document.back() | 1;
  for (const Bytes each : {document, document, other.view()}) {
    ByteBuffer plain;
    ByteBuffer out;
    const bool sound = mysql::append_json(each, plain).has_value();
    if (write_padded(each, shape, out) != sound) __builtin_trap();
    if (sound && !std::ranges::equal(out.view(), plain.view())) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteBuffer out;
  compare_with_shape(Bytes(data, size));
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
