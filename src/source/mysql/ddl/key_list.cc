#include "source/mysql/ddl/key_list.h"

#include <algorithm>

#include "source/mysql/ddl/sql_name.h"

namespace tailwater::mysql {
namespace {

constexpr std::string_view kPrimary = "PRIMARY";
constexpr int kSuffixEnd = 100;

bool has_name(const TrackedTable& table, std::string_view name) {
  return std::ranges::any_of(table.keys,
                             [&](const TrackedKey& key) { return same_name(key.name, name); });
}

bool begins_with(const KeyList::Key& longer, const KeyList::Key& shorter) {
  if (shorter.parts.size() > longer.parts.size()) return false;
  for (size_t i = 0; i < shorter.parts.size(); ++i) {
    const KeyList::Part& left = longer.parts[i];
    const KeyList::Part& right = shorter.parts[i];
    if (left.prefix != right.prefix || !same_name(left.column, right.column)) return false;
  }
  return true;
}

// Which of two keys the other makes needless: 0 none, 1 the first, 2 the second. Only keys that
// were made for references are.
int needless(const KeyList::Key& first, const KeyList::Key& second) {
  if (first.for_reference && second.for_reference) {
    if (begins_with(second, first)) return 1;
    return begins_with(first, second) ? 2 : 0;
  }
  if (first.for_reference) return begins_with(second, first) ? 1 : 0;
  if (second.for_reference) return begins_with(first, second) ? 2 : 0;
  return 0;
}

Result<uint32_t> find_column(const TrackedTable& table, const std::string& name) {
  const auto& columns = table.facts.columns;
  const auto at = std::ranges::find_if(
      columns, [&](const ColumnFacts& column) { return same_name(column.name, name); });
  if (at == columns.end()) {
    return fail(ErrorKind::kUnsupported, "a key names the unknown column '" + name + "'");
  }
  return static_cast<uint32_t>(at - columns.begin());
}

}  // namespace

void KeyList::add(const KeyDefinition& definition) {
  using Kind = KeyDefinition::Kind;
  Key key;
  key.name = definition.name;
  key.primary = definition.kind == Kind::kPrimary;
  key.unique = key.primary || definition.kind == Kind::kUnique;
  key.for_reference = definition.kind == Kind::kForeign;
  key.period = definition.kind == Kind::kPeriod;
  if (key.primary) key.name = kPrimary;
  for (const KeyDefinition::Part& part : definition.parts) {
    key.parts.push_back({part.column, part.prefix});
  }
  keys_.push_back(std::move(key));
}

void KeyList::append_row_end(const std::string& column) {
  for (Key& key : keys_) {
    if (key.unique) key.parts.push_back({column, 0});
  }
}

void KeyList::drop_needless() {
  std::vector<bool> gone(keys_.size());
  for (size_t i = 0; i < keys_.size(); ++i) {
    for (size_t j = 0; j < i && !gone[i]; ++j) {
      if (gone[j]) continue;
      const int which = needless(keys_[j], keys_[i]);
      if (which == 1) gone[j] = true;
      if (which == 2) gone[i] = true;
    }
  }
  size_t at = 0;
  std::erase_if(keys_, [&](const Key&) { return gone[at++]; });
}

// The first column's name, or that with a number.
std::string KeyList::free_name(const TrackedTable& table, const Key& key) const {
  const bool computed = key.parts.empty() || key.parts[0].column.empty();
  const std::string base = computed ? "functional_index" : key.parts[0].column;
  if (!has_name(table, base) && !same_name(base, kPrimary)) return base;
  for (int i = 2; i < kSuffixEnd; ++i) {
    std::string name = base + "_" + std::to_string(i);
    if (!has_name(table, name)) return name;
  }
  return "not_specified";
}

Status KeyList::settle(TrackedTable& table) {
  if (keys_.size() > kKeysMax) return fail(ErrorKind::kUnsupported, "it has too many keys");
  drop_needless();
  table.keys.clear();
  for (const Key& key : keys_) {
    TrackedKey tracked;
    tracked.unique = key.unique;
    tracked.for_reference = key.for_reference;
    Key named = key;
    for (Part& part : named.parts) {
      uint32_t place = TrackedKey::kExpression;
      if (!part.column.empty()) {
        TW_ASSIGN(place, find_column(table, part.column));
        part.column = table.facts.columns[place].name;
        if (key.primary || key.period) table.facts.columns[place].nullable = false;
      }
      tracked.parts.push_back({place, part.prefix});
    }
    if (key.period) continue;
    tracked.name = key.name.empty() ? free_name(table, named) : key.name;
    table.keys.push_back(std::move(tracked));
  }
  settle_keys(table);
  return {};
}

}  // namespace tailwater::mysql
