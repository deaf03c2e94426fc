#include "source/mysql/ddl/tracked_table.h"

#include <algorithm>

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

}  // namespace

void settle_keys(TrackedTable& table) {
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
