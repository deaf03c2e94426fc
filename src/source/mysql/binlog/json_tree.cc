#include "source/mysql/binlog/json_tree.h"

#include <algorithm>

#include "source/mysql/binlog/json_printer.h"

namespace tailwater::mysql {
namespace {

constexpr uint8_t kNull = 0;  // the literal's byte

// Keys lie in the order of their lengths, and of their bytes where these are equal.
bool comes_before(Bytes left, Bytes right) {
  if (left.size() != right.size()) return left.size() < right.size();
  return as_text(left) < as_text(right);
}

// Counts, sizes and offsets of a container: two bytes each, or four.
size_t load_width(const uint8_t* from, size_t width) {
  return width == sizeof(uint16_t) ? load<uint16_t>(from) : load<uint32_t>(from);
}

// Whether a value stands in its entry, not behind an offset.
bool is_in_place(JsonType type, size_t width) {
  if (type == JsonType::kLiteral || type == JsonType::kInt16 || type == JsonType::kUint16) {
    return true;
  }
  return width == sizeof(uint32_t) && (type == JsonType::kInt32 || type == JsonType::kUint32);
}

size_t element_at(const JsonLeg& leg, size_t size) {
  if (!leg.from_end) return leg.index;
  return leg.index < size ? size - leg.index - 1 : 0;
}

}  // namespace

JsonTree::JsonTree(Bytes document) : root_(make_node(document)) {}
JsonTree::~JsonTree() = default;

JsonTree::Node JsonTree::make_node(Bytes value) {
  entries_left_ += value.size();
  bytes_ += value.size();
  if (value.empty()) return {static_cast<uint8_t>(JsonType::kLiteral), &kNull, &kNull + 1, {}};
  return {value[0], value.data() + 1, value.data() + value.size(), {}};
}

// Takes a container apart, one level deep.
bool JsonTree::open(Node& node) {
  if (node.opened != nullptr) return true;
  const auto type = static_cast<JsonType>(node.type);
  if (type > JsonType::kLargeArray) return false;
  const bool large = type == JsonType::kLargeObject || type == JsonType::kLargeArray;
  const bool is_object = type == JsonType::kSmallObject || type == JsonType::kLargeObject;
  const size_t width = large ? sizeof(uint32_t) : sizeof(uint16_t);
  const size_t key_bytes = is_object ? width + sizeof(uint16_t) : 0;
  auto bytes = static_cast<size_t>(node.end - node.from);
  if (bytes < 2 * width) return false;
  const size_t count = load_width(node.from, width);
  bytes = std::min(bytes, load_width(node.from + width, width));
  if (count > entries_left_ || 2 * width + count * (key_bytes + 1 + width) > bytes) return false;
  entries_left_ -= count;
  auto opened = std::make_unique<Container>();
  opened->is_object = is_object;
  opened->members.resize(count);
  const uint8_t* key = node.from + 2 * width;
  const uint8_t* entry = key + count * key_bytes;
  for (Member& member : opened->members) {
    if (is_object) {
      const size_t offset = load_width(key, width);
      const size_t length = load<uint16_t>(key + width);
      if (offset + length > bytes) return false;
      member.key = Bytes(node.from + offset, length);
      key += key_bytes;
    }
    member.node.type = *entry;
    const bool in_place = is_in_place(static_cast<JsonType>(*entry), width);
    const size_t offset = in_place ? 0 : load_width(entry + 1, width);
    if (offset > bytes) return false;
    member.node.from = in_place ? entry + 1 : node.from + offset;
    member.node.end = in_place ? entry + 1 + width : node.from + bytes;
    entry += 1 + width;
  }
  node.opened = std::move(opened);
  return true;
}

// The member or element of a leg; the end where there is none.
std::vector<JsonTree::Member>::iterator JsonTree::find(Container& container, const JsonLeg& leg) {
  auto& members = container.members;
  if (leg.is_member != container.is_object) return members.end();
  if (!leg.is_member) {
    if (leg.index >= members.size()) return members.end();
    return members.begin() + static_cast<ptrdiff_t>(element_at(leg, members.size()));
  }
  const Bytes name = as_bytes(leg.name);
  const auto at = std::lower_bound(
      members.begin(), members.end(), name,
      [](const Member& member, Bytes wanted) { return comes_before(member.key, wanted); });
  return at != members.end() && std::ranges::equal(at->key, name) ? at : members.end();
}

// The container that the first `legs` of a path lead to, taken apart.
JsonTree::Container* JsonTree::seek(const JsonPath& path, size_t legs) {
  Node* node = &root_;
  for (size_t i = 0; i < legs; ++i) {
    if (!open(*node)) return nullptr;
    const auto at = find(*node->opened, path.legs[i]);
    if (at == node->opened->members.end()) return nullptr;
    node = &at->node;
  }
  return open(*node) ? node->opened.get() : nullptr;
}

bool JsonTree::replace(const JsonPath& path, Bytes value) {
  if (path.legs.empty()) return false;
  Container* const parent = seek(path, path.legs.size() - 1);
  if (parent == nullptr) return false;
  const auto at = find(*parent, path.legs.back());
  if (at == parent->members.end()) return false;
  at->node = make_node(value);
  return true;
}

bool JsonTree::insert(const JsonPath& path, Bytes value) {
  if (path.legs.empty()) return false;
  const JsonLeg& last = path.legs.back();
  Container* const parent = seek(path, path.legs.size() - 1);
  if (parent == nullptr || parent->is_object != last.is_member) return false;
  auto& members = parent->members;
  Member added{as_bytes(last.name), make_node(value)};
  if (!last.is_member) {
    const size_t at = std::min(element_at(last, members.size()), members.size());
    members.insert(members.begin() + static_cast<ptrdiff_t>(at), std::move(added));
    return true;
  }
  const auto at = std::lower_bound(
      members.begin(), members.end(), added.key,
      [](const Member& member, Bytes wanted) { return comes_before(member.key, wanted); });
  if (at != members.end() && std::ranges::equal(at->key, added.key)) return false;
  bytes_ += added.key.size();
  members.insert(at, std::move(added));
  return true;
}

bool JsonTree::remove(const JsonPath& path) {
  if (path.legs.empty()) return false;
  Container* const parent = seek(path, path.legs.size() - 1);
  if (parent == nullptr) return false;
  const auto at = find(*parent, path.legs.back());
  if (at == parent->members.end()) return false;
  parent->members.erase(at);
  return true;
}

// Prints the containers that were taken apart; a JsonPrinter prints all that was not.
class JsonTree::Print {
 public:
  explicit Print(JsonPrinter& printer) : printer_(printer) {}

  // Null when something is damaged. A tree is at most as deep as a path has legs.
  uint8_t* node(const Node& node, unsigned depth, uint8_t* at) {
    at = printer_.room(at, 2 * JsonPrinter::kSlack);
    if (at == nullptr) return nullptr;
    if (node.opened != nullptr) return container(*node.opened, depth, at);
    printer_.reads_until(node.end);
    return printer_.value(static_cast<JsonType>(node.type), node.from, node.end, depth, at);
  }

 private:
  uint8_t* container(const Container& container, unsigned depth, uint8_t* at) {
    if (depth >= kJsonDepthMax) return nullptr;
    *at++ = container.is_object ? '{' : '[';
    bool first = true;
    for (const Member& member : container.members) {
      at = printer_.room(at, 2 * JsonPrinter::kSlack);
      if (at == nullptr) return nullptr;
      if (!first) at = JsonPrinter::put_pair(at, ',');
      first = false;
      if (container.is_object) {
        printer_.reads_until(member.key.data() + member.key.size());
        at = printer_.quoted(member.key, at);
        if (at == nullptr) return nullptr;
        at = JsonPrinter::put_pair(at, ':');
      }
      at = node(member.node, depth + 1, at);
      if (at == nullptr) return nullptr;
    }
    at = printer_.room(at, JsonPrinter::kSlack);
    if (at == nullptr) return nullptr;
    *at++ = container.is_object ? '}' : ']';
    return at;
  }

  JsonPrinter& printer_;
};

bool JsonTree::write(RowOutput& out) const {
  out.ensure(bytes_ + 4 * JsonPrinter::kSlack);
  JsonPrinter printer(JsonPrinter::Budget{bytes_ + 1}, out);
  uint8_t* const at = Print(printer).node(root_, 0, out.at);
  if (at == nullptr) return false;
  out.at = at;
  return true;
}

}  // namespace tailwater::mysql
