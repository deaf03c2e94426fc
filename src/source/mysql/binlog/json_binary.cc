#include "source/mysql/binlog/json_binary.h"

#include "source/mysql/binlog/json_printer.h"

namespace tailwater::mysql {

bool write_json(Bytes document, RowOutput& out, size_t readable_beyond, JsonShape* shape) {
  out.ensure(document.size() + 2 * JsonPrinter::kSlack);
  if (document.empty()) {
    out.put(std::string_view("null"));
    return true;
  }
  const uint8_t* const from = document.data();
  uint8_t* const at =
      JsonPrinter(document, out, readable_beyond, shape)
          .value(static_cast<JsonType>(*from), from + 1, from + document.size(), 0, out.at);
  if (at == nullptr) return false;
  out.at = at;
  return true;
}

Status append_json(Bytes document, ByteBuffer& out) {
  RowOutput text(out);
  if (!write_json(document, text)) return fail(ErrorKind::kCorrupt, "a JSON document is damaged");
  text.commit();
  return {};
}

}  // namespace tailwater::mysql
