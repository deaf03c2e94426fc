#include "source/mysql/table_cache.h"

#include "source/mysql/binlog/table_schema.h"

namespace tailwater::mysql {
namespace {

// A server gives out new ids for ever; what is older than this many tables is not asked for again.
constexpr size_t kTablesMax = 20000;

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
  const bool selected = selection_.selects(map.database, map.table);
  auto schema = selected ? resolver_.resolve(map) : schema_without_names(map);
  if (!schema.has_value()) return fail(std::move(schema).error().in(name));
  SchemaPtr numbered;
  if (selected) {
    TW_ASSIGN(numbered, writer_.intern(*schema));
  } else {
    numbered = std::make_shared<Schema>(SchemaId::kNone, std::move(*schema));
  }
  auto plan = RowPlan::make(map, std::move(numbered));
  if (!plan.has_value()) return fail(std::move(plan).error().in(name));
  return std::make_unique<CachedTable>(
      CachedTable{{}, std::move(name), selected, std::move(*plan)});
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
