#include "source/mysql/table_cache.h"

#include "source/mysql/binlog/table_schema.h"

namespace tailwater::mysql {
namespace {

// A server gives out new ids for ever; what is older than this many tables is not asked for again.
constexpr size_t kTablesMax = 20000;

// A table that is not selected: its rows are only counted.
Result<CachedTable> make_stepped_over(const TableMap& map) {
  TW_ASSIGN(TableSchema table, schema_without_names(map));
  TW_ASSIGN(RowPlan plan,
            RowPlan::make(map, std::make_shared<Schema>(SchemaId::kNone, std::move(table))));
  return CachedTable{.plan = std::move(plan)};
}

}  // namespace

Status TableCache::take(const Event& event, const FormatDescription& format) {
  TW_ASSIGN(const uint64_t id, table_map_id(event, format));
  CachedTable* known = find(id);
  if (known != nullptr && known->map_bytes == as_text(event.body)) [[likely]]
    return {};
  if (tables_.size() >= kTablesMax) clear();

  TW_ASSIGN(const TableMap map, parse_table_map(event, format));
  TW_ASSIGN(auto table, make_table(map));
  table->map_bytes = as_text(event.body);
  last_ = nullptr;
  tables_[id] = std::move(table);
  return {};
}

Result<std::unique_ptr<CachedTable>> TableCache::make_table(const TableMap& map) {
  std::string name(map.database);
  name.append(".").append(map.table);
  const bool selected = rules_.tables.selects(map.database, map.table);
  auto made = selected ? make_selected(map) : make_stepped_over(map);
  if (!made.has_value()) return fail(std::move(made).error().in(name));
  made->name = std::move(name);
  made->selected = selected;
  return std::make_unique<CachedTable>(*std::move(made));
}

Result<CachedTable> TableCache::make_selected(const TableMap& map) {
  TW_ASSIGN(const TableSchema table, resolver_.resolve(map));
  if (!rules_.columns.empty()) return make_chosen(map, table);
  TW_ASSIGN(SchemaPtr numbered, writer_.intern(table));
  TW_ASSIGN(RowPlan plan, RowPlan::make(map, std::move(numbered)));
  return CachedTable{.plan = std::move(plan)};
}

// A table whose columns are chosen, masked or named as its key.
Result<CachedTable> TableCache::make_chosen(const TableMap& map, const TableSchema& table) {
  TW_ASSIGN(TableColumns chosen, rules_.columns.select(table));
  TW_ASSIGN(SchemaPtr numbered, writer_.intern(chosen.schema));
  SchemaPtr read = numbered;
  std::optional<RowMasker> masker;
  if (!chosen.masks.empty()) {
    read = std::make_shared<Schema>(SchemaId::kNone, std::move(chosen.unmasked));
    masker.emplace(read, std::move(numbered), std::move(chosen.masks));
  }
  TW_ASSIGN(RowPlan plan, RowPlan::make(map, table, chosen.kept, std::move(read)));
  return CachedTable{.plan = std::move(plan), .masker = std::move(masker)};
}

CachedTable* TableCache::find(uint64_t table_id) {
  if (last_ != nullptr && last_id_ == table_id) [[likely]]
    return last_;
  const auto at = tables_.find(table_id);
  if (at == tables_.end()) return nullptr;
  last_id_ = table_id;
  last_ = at->second.get();
  return last_;
}

void TableCache::clear() {
  tables_.clear();
  last_ = nullptr;
}

}  // namespace tailwater::mysql
