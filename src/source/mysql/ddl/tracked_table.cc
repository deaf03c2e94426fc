#include "source/mysql/ddl/tracked_table.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "source/mysql/binlog/charset.h"
#include "source/mysql/ddl/column_facts.h"
#include "source/mysql/ddl/key_list.h"
#include "source/mysql/ddl/sql_name.h"

namespace tailwater::mysql {
namespace {

bool identifies(const TrackedTable& table, const TrackedKey& key) {
  return std::ranges::all_of(key.parts, [&](const TrackedKey::Part& part) {
    return part.column < table.facts.columns.size() && !table.facts.columns[part.column].nullable;
  });
}

std::vector<uint32_t> columns_of(const TrackedKey& key) {
  std::vector<uint32_t> columns;
  for (const TrackedKey::Part& part : key.parts) columns.push_back(part.column);
  return columns;
}

// How many bytes of an index a column takes at most; nothing for a text or blob without a limit.
std::optional<uint64_t> index_bytes(const ColumnFacts& column) {
  const std::string& type = column.data_type;
  if (type.ends_with("text") || type.ends_with("blob")) return std::nullopt;
  constexpr uint64_t kOtherBytes = 32;
  if (!type.ends_with("char") && !type.ends_with("binary")) return kOtherBytes;
  const size_t open = column.column_type.find('(');
  if (open == std::string::npos) return kOtherBytes;
  const uint64_t length = std::strtoull(column.column_type.c_str() + open + 1, nullptr, 10);
  const Charset* charset = charset_named(column.character_set);
  return length * (charset == nullptr ? 1 : charset->char_bytes_max);
}

// Which unique keys MariaDB keeps as hashes: those over whole texts, and those that are longer than
// an index can be, which hangs on the engine and its row format.
void count_hash_keys(TrackedTable& table) {
  constexpr uint64_t kShortestLimit = 767;
  table.facts.hash_keys_min = 0;
  table.facts.hash_keys_max = 0;
  for (const TrackedKey& key : table.keys) {
    if (!key.unique || key.name == "PRIMARY") continue;
    bool whole_text = false;
    uint64_t bytes = 0;
    for (const TrackedKey::Part& part : key.parts) {
      if (part.column >= table.facts.columns.size()) continue;
      const auto column = index_bytes(table.facts.columns[part.column]);
      whole_text = whole_text || (!column && part.prefix == 0);
      bytes += column.value_or(part.prefix * 4);
    }
    if (whole_text) ++table.facts.hash_keys_min;
    if (whole_text || bytes > kShortestLimit) ++table.facts.hash_keys_max;
  }
}

}  // namespace

void settle_keys(TrackedTable& table) {
  count_hash_keys(table);
  table.facts.primary_key.clear();
  table.facts.unique_keys.clear();
  std::vector<const TrackedKey*> unique;
  for (const TrackedKey& key : table.keys) {
    if (key.unique && identifies(table, key)) unique.push_back(&key);
  }
  std::ranges::sort(unique, {}, [](const TrackedKey* key) { return folded(key->name); });
  for (const TrackedKey* key : unique) {
    if (key->name == "PRIMARY") {
      table.facts.primary_key = columns_of(*key);
    } else {
      table.facts.unique_keys.push_back(columns_of(*key));
    }
  }
}

Result<TrackedTable> make_table(const CreateTable& create, const std::string& database_charset,
                                const DdlSession& session) {
  if (create.from_select) return fail(ErrorKind::kUnsupported, "its columns come from a query");
  if (!create.undecided.empty()) return fail(ErrorKind::kUnsupported, create.undecided);
  if (create.columns.size() > kColumnsMax) {
    return fail(ErrorKind::kUnsupported, "it has too many columns");
  }
  TrackedTable table;
  TW_ASSIGN(table.charset, resolve_charset(create.charset, database_charset, session.dialect));
  for (const ColumnDefinition& column : create.columns) {
    TW_ASSIGN(ColumnFacts facts, make_column(column, table.charset, session));
    table.facts.columns.push_back(std::move(facts));
  }
  KeyList keys;
  for (const KeyDefinition& key : create.keys) keys.add(key);
  const bool versioned =
      create.versioned || std::ranges::any_of(create.columns, &ColumnDefinition::versioned);
  table.facts.hidden_period = versioned;
  for (const ColumnDefinition& column : create.columns) {
    if (!column.row_end || !versioned) continue;
    keys.append_row_end(column.name);
    table.facts.hidden_period = false;
  }
  TW_TRY(keys.settle(table));
  return table;
}

}  // namespace tailwater::mysql
