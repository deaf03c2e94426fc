#include "source/mysql/binlog/json_diff.h"

#include "base/cursor.h"
#include "source/mysql/binlog/json_tree.h"
#include "source/mysql/binlog/length_encoded.h"

namespace tailwater::mysql {
namespace {

enum class DiffOperation : uint8_t { kReplace = 0, kInsert = 1, kRemove = 2 };

}  // namespace

// The layout of a diff: an operation, a path, and, unless it removes, a value; path and value each
// after a length-encoded length.
bool write_json_with_diffs(Bytes document, Bytes diffs, RowOutput& out) {
  JsonTree tree(document);
  JsonPath path;
  std::deque<std::string> names;
  for (Cursor cursor(diffs); !cursor.at_end();) {
    const auto operation = static_cast<DiffOperation>(cursor.u8());
    const std::string_view path_text = length_encoded_text(cursor);
    Bytes value;
    if (operation != DiffOperation::kRemove) value = as_bytes(length_encoded_text(cursor));
    if (!cursor.ok() || !parse_json_path(path_text, path, names)) return false;
    bool applied = false;
    switch (operation) {
      case DiffOperation::kReplace:
        applied = tree.replace(path, value);
        break;
      case DiffOperation::kInsert:
        applied = tree.insert(path, value);
        break;
      case DiffOperation::kRemove:
        applied = tree.remove(path);
        break;
    }
    if (!applied) return false;
  }
  return tree.write(out);
}

}  // namespace tailwater::mysql
