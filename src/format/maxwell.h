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
  Status end_transaction(const TransactionInfo& transaction, std::string& out) override;

 private:
  // A row's document that is not known to be its transaction's last: only then `commit` is set.
  struct Kept {
    std::string line;    ///< empty: none
    size_t mark_at = 0;  ///< where `commit` or `xoffset` go
    uint64_t xoffset = 0;
  };

  struct Table {
    std::vector<ColumnWriter> columns;
    std::vector<const ColumnWriter*> keys;
    std::string start;        ///< `{"database":"…","table":"…","type":"`
    std::string key_columns;  ///< `,"primary_key_columns":[…]`
  };

  Table make_table(const Schema& schema) const;
  void append_row(const TransactionInfo& transaction, const ChangeView& change, std::string& out);
  void release_kept(bool commit, std::string& out);
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
  Kept kept_;
  size_t mark_at_ = 0;  // in text_
};

}  // namespace tailwater::format
