#include "model/change.h"

namespace tailwater {

std::string_view to_string(Op op) {
  switch (op) {
    case Op::kInsert:
      return "insert";
    case Op::kUpdate:
      return "update";
    case Op::kDelete:
      return "delete";
    case Op::kRead:
      return "read";
    case Op::kTruncate:
      return "truncate";
    case Op::kSchemaChange:
      return "schema_change";
    case Op::kReadStart:
      return "read_start";
    case Op::kReadEnd:
      return "read_end";
    case Op::kStatement:
      return "statement";
  }
  return "unknown";
}

}  // namespace tailwater
