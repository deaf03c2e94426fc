// JSON diffs on a document, both hostile: what is printed must be JSON and not much longer than
// what it came from; without diffs it is the document.
#include <algorithm>

#include <simdjson.h>

#include "base/text.h"
#include "source/mysql/binlog/json_binary.h"
#include "source/mysql/binlog/json_diff.h"

using namespace tailwater;

namespace {

bool apply(Bytes document, Bytes diffs, ByteBuffer& text) {
  mysql::RowOutput out(text);
  if (!mysql::write_json_with_diffs(document, diffs, out)) return false;
  out.commit();
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t document_bytes = std::min<size_t>(load<uint16_t>(data), size - 2);
  // Copies of their own, so that a read beyond an end is seen.
  ByteBuffer document;
  ByteBuffer diffs;
  document.append(Bytes(data + 2, document_bytes));
  diffs.append(Bytes(data + 2 + document_bytes, size - 2 - document_bytes));
  ByteBuffer plain;
  ByteBuffer same;
  const bool sound = mysql::append_json(document.view(), plain).has_value();
  if (apply(document.view(), {}, same) != sound) __builtin_trap();
  if (sound && !std::ranges::equal(plain.view(), same.view())) __builtin_trap();

  ByteBuffer out;
  if (!apply(document.view(), diffs.view(), out)) return 0;
  if (out.size() > size * 40 + 256) __builtin_trap();
  if (!is_utf8(as_text(out.view()))) return 0;
  simdjson::dom::parser parser;
  const auto parsed = parser.parse(out.data(), out.size());
  if (parsed.error() != simdjson::SUCCESS && parsed.error() != simdjson::DEPTH_ERROR &&
      parsed.error() != simdjson::NUMBER_ERROR) {
    __builtin_trap();
  }
  return 0;
}
