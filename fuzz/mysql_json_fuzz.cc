// Binary JSON: whatever is printed must be JSON, and not much longer than what it came from.
#include <simdjson.h>

#include "base/text.h"
#include "source/mysql/binlog/json_binary.h"

using namespace tailwater;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteBuffer out;
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
