// ColumnSelection: which columns of which tables are kept, which are masked and how, and which are
// the key. Compiled once from the configuration, then asked once for each version of a table; it
// knows nothing of where rows come from.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/schema.h"
#include "transform/mask.h"
#include "transform/name_patterns.h"

namespace tailwater {

/// The rules as they are written in the configuration (docs/configuration.md). Expressions match
/// "database.table.column" as a whole; in "EXPRESSION:…" the colon is the first one that stands
/// outside of brackets and after no backslash.
struct ColumnRules {
  std::vector<std::string> column_include = {};
  std::vector<std::string> column_exclude = {};
  std::vector<std::string> mask_hash = {};      ///< EXPRESSION
  std::vector<std::string> mask_truncate = {};  ///< EXPRESSION:CHARACTERS
  std::vector<std::string> mask_constant = {};  ///< EXPRESSION:TEXT
  std::string mask_salt = {};                   ///< the key of mask_hash
  /// database.table:column,column. An item without a colon belongs to the one before.
  std::vector<std::string> key_columns = {};
};

/// What is taken of one version of one table.
struct TableColumns {
  /// What goes into the changelog: the kept columns, masked ones with their new types, and the key.
  TableSchema schema;
  /// The same before masking: what `schema` would be without masks.
  TableSchema unmasked;
  /// For each column of `schema`, its index in the table it was made from. Ascending.
  std::vector<uint32_t> kept;
  /// For each column of `schema`, its mask. Empty when no column is masked.
  std::vector<Mask> masks;

  /// Whether columns of the source's table are left out.
  [[nodiscard]] bool leaves_out(const TableSchema& table) const {
    return kept.size() != table.columns.size();
  }
};

/// Immutable; may be used from several threads.
class ColumnSelection {
 public:
  /// Keeps everything as it is.
  ColumnSelection() = default;
  /// kUserFix when a rule is none, or mask_hash has no salt. The salt is in no message.
  static Result<ColumnSelection> compile(const ColumnRules& rules);

  /// Whether no table is changed by it.
  [[nodiscard]] bool empty() const;
  /// Whether something is to be hidden: then messages must not show what the source sent.
  [[nodiscard]] bool hides() const;

  /// What is taken of a table. kUserFix, with the remedy, when a key column is left out or loses
  /// what tells rows apart, when no column is left, when a mask does not suit its column, or when
  /// key_columns names a column that the table does not have.
  [[nodiscard]] Result<TableColumns> select(const TableSchema& table) const;

 private:
  struct KeyRule {
    std::string table;
    std::vector<std::string> columns;
  };
  struct MaskRule {
    NamePatterns pattern;
    Mask mask;
    std::string_view setting;
  };

  static Result<std::vector<KeyRule>> parse_keys(const std::vector<std::string>& items);
  Status add_hashes(const ColumnRules& rules);
  Status add_truncations(const std::vector<std::string>& items);
  Status add_constants(const std::vector<std::string>& items);

  [[nodiscard]] bool keeps(const std::string& name) const {
    return (include_.empty() || include_.match(name)) && !exclude_.match(name);
  }
  [[nodiscard]] Result<Mask> find_mask(const std::string& name) const;
  Status set_key(TableSchema& table) const;
  static Status check_key(const TableColumns& taken);
  [[nodiscard]] Status check_kept(const TableSchema& table, const std::vector<bool>& kept) const;

  NamePatterns include_;
  NamePatterns exclude_;
  std::vector<MaskRule> masks_;
  std::vector<KeyRule> keys_;
};

}  // namespace tailwater
