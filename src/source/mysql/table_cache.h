// TableCache: what the table ids of a binlog mean.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "changelog/writer.h"
#include "model/position.h"
#include "model/schema.h"
#include "source/mysql/binlog/row_plan.h"
#include "source/mysql/binlog/table_map.h"
#include "source/mysql/ddl/schema_catalog.h"
#include "source/mysql/schema/statement_in_binlog.h"
#include "transform/capture_rules.h"
#include "transform/row_masker.h"

namespace tailwater::mysql {

/// Finds names and types for a table map.
class SchemaResolver {
 public:
  virtual ~SchemaResolver() = default;
  /// Tells how far the stream is, after the last whole transaction: asked when that matters.
  virtual void set_place(const std::function<Position()>& place) { (void)place; }
  /// The schema that the mapped table had. Stops (kUnsupported, kUserFix) rather than guess names.
  virtual Result<TableSchema> resolve(const TableMap& map) = 0;
  /// A statement that may change schemas was read: what it did. `parsed` is what it says.
  virtual Result<std::vector<SchemaChange>> apply(const StatementInBinlog& statement,
                                                  const SchemaStatement& parsed) {
    (void)statement;
    (void)parsed;
    return std::vector<SchemaChange>();
  }
};

/// One table id.
struct CachedTable {
  std::string map_bytes = {};  ///< the table map event's body
  std::string name = {};       ///< "database.table"
  bool selected = false;
  /// Names and types; of a table that is not selected, only what is needed to step over its rows.
  RowPlan plan;
  /// Set when columns are masked: rows of the plan's schema then go through it, and only through
  /// it, to the changelog.
  std::optional<RowMasker> masker = {};
};

/// Keeps a table's schema and plan as long as the server keeps sending the same table map for its
/// id. Not thread-safe.
class TableCache {
 public:
  TableCache(changelog::Writer& writer, SchemaResolver& resolver, CaptureRules rules)
      : writer_(writer), resolver_(resolver), rules_(std::move(rules)) {}

  /// Takes a table map event.
  Status take(const Event& event, const FormatDescription& format);
  /// The table of an id; null when no table map named it.
  CachedTable* find(uint64_t table_id);
  /// Forgets everything: ids start anew, or schemas may have changed.
  void clear();
  [[nodiscard]] const CaptureRules& rules() const { return rules_; }

 private:
  Result<std::unique_ptr<CachedTable>> make_table(const TableMap& map);
  Result<CachedTable> make_selected(const TableMap& map);
  Result<CachedTable> make_chosen(const TableMap& map, const TableSchema& table);

  changelog::Writer& writer_;
  SchemaResolver& resolver_;
  CaptureRules rules_;
  std::unordered_map<uint64_t, std::unique_ptr<CachedTable>> tables_;
  uint64_t last_id_ = 0;
  CachedTable* last_ = nullptr;
};

}  // namespace tailwater::mysql
