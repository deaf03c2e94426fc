// The formats of plainview: a record for each rows event, with rows as arrays of values
// ("plainview") or as objects with column names ("plainview-named"). docs/formats.md has the rest.
#pragma once

#include "format/column_writer.h"
#include "format/formatter.h"
#include "format/rows_event.h"
#include "format/table_cache.h"

namespace tailwater::format {

class PlainviewFormatter : public Formatter {
 public:
  PlainviewFormatter(const FormatOptions& options, bool named)
      : options_(options.plainview), named_(named) {}

  Status append(const TransactionInfo& transaction, const ChangeView& change,
                std::string& out) override;
  Status end_transaction(const TransactionInfo& transaction, std::string& out) override;

 private:
  struct Table {
    std::vector<ColumnWriter> columns;
    std::vector<const ColumnWriter*> keys;
    std::string start;  ///< of a record
    std::string end;    ///< of a record, or of each named row
  };

  [[nodiscard]] Table make_table(const Schema& schema) const;
  void take(const Table& table, const ChangeView& change, bool deleted, bool goes_on,
            std::string& out);
  void start_record(const Table& table, const ChangeView& change, bool deleted);
  void put_row(const Table& table, const RowView& row, const RowView& before);
  void put_named_row(const Table& table, const RowView& row, const RowView& before);
  void finish(std::string& out);

  PlainviewOptions options_;
  bool named_;
  RowsEvent event_;
  bool open_ = false;  ///< a record is begun in text_
  TextBuffer text_;    ///< the record that is begun
  TextBuffer tail_;    ///< what ends the record, or each named row
  TableCache<Table> tables_;
};

}  // namespace tailwater::format
