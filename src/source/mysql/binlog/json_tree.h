// JsonTree: a binary JSON document of which some parts are changed before it is printed. Only the
// containers on the way to a change are taken apart; all else stays the bytes it was.
// Source: MySQL sql/json_diff.cc, apply_json_diffs.
#pragma once

#include <memory>
#include <vector>

#include "source/mysql/binlog/json_path.h"
#include "source/mysql/binlog/row_output.h"

namespace tailwater::mysql {

/// Borrows the document, the values and the names of paths until it is printed. Every call returns
/// false when the document or the value is damaged, or has no such place; the tree is then of no
/// further use. Memory: some forty bytes for each entry of a container that is taken apart, and
/// never for more entries than there are bytes. Not thread-safe.
class JsonTree {
 public:
  explicit JsonTree(Bytes document);
  JsonTree(const JsonTree&) = delete;
  JsonTree& operator=(const JsonTree&) = delete;
  ~JsonTree();

  /// The value at the path, which must be there, becomes `value` (binary JSON).
  bool replace(const JsonPath& path, Bytes value);
  /// A new member, or a new element before the one with the path's index (at the end if there is
  /// none).
  bool insert(const JsonPath& path, Bytes value);
  bool remove(const JsonPath& path);
  /// Writes the text at `out`, as write_json does.
  bool write(RowOutput& out) const;

 private:
  struct Container;
  struct Node {
    uint8_t type = 0;
    const uint8_t* from = nullptr;  // the value's bytes, which end before `end`
    const uint8_t* end = nullptr;
    std::unique_ptr<Container> opened;
  };
  struct Member {
    Bytes key;
    Node node;
  };
  struct Container {
    bool is_object = false;
    std::vector<Member> members;
  };
  class Print;

  Node make_node(Bytes value);
  bool open(Node& node);
  Container* seek(const JsonPath& path, size_t legs);
  static std::vector<Member>::iterator find(Container& container, const JsonLeg& leg);

  size_t entries_left_ = 0;
  size_t bytes_ = 0;
  Node root_;
};

}  // namespace tailwater::mysql
