// The Maxwell format: one flat JSON document for each row.
#pragma once

#include "format/formatter.h"
#include "format/maxwell_column.h"
#include "format/table_cache.h"

namespace tailwater::format {

class MaxwellFormatter : public Formatter {
 public:
  MaxwellFormatter(const FormatOptions& options, SourceKind source)
      : options_(options.maxwell), source_(source) {}

  Status append(const TransactionInfo& transaction, const ChangeView& change,
                std::string& out) override;

 private:
  struct Table {
    std::vector<ColumnWriter> columns;
    std::vector<const ColumnWriter*> keys;
    std::string start;        ///< `{"database":"…","table":"…","type":"`
    std::string key_columns;  ///< `,"primary_key_columns":[…]`
  };

  Table make_table(const Schema& schema) const;
  void put_head(const TransactionInfo& transaction, const ChangeView& change);
  void put_keys(const Table& table, const RowView& row, const RowView& fill);
  void put_data(const Table& table, const RowView& row, const RowView& fill);
  void put_member(const ColumnWriter& column, const RowView& row, size_t start);
  void put_old(const Table& table, const ChangeView& change);
  void put_schema_change(const TransactionInfo& transaction, const ChangeView& change);
  void put_position(const TransactionInfo& transaction, const ChangeView& change);

  MaxwellOptions options_;
  SourceKind source_;
  TextBuffer text_;
  TableCache<Table> tables_;
};

}  // namespace tailwater::format
