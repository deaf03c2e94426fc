// The dumpa format: one line for each row, ["upsert"|"delete", table, id, {row}, {meta}|null]. The
// shape is that of the library dumpa (and dumpr, which it comes from); docs/formats.md has the
// rest.
#pragma once

#include "format/column_writer.h"
#include "format/formatter.h"
#include "format/table_cache.h"

namespace tailwater::format {

class DumpaFormatter : public Formatter {
 public:
  explicit DumpaFormatter(const FormatOptions& options) : options_(options.dumpa) {}

  /// kUserFix when a key column was not sent: then nobody could say which row it is.
  Status append(const TransactionInfo& transaction, const ChangeView& change,
                std::string& out) override;

 private:
  struct Table {
    std::vector<ColumnWriter> columns;
    std::vector<const ColumnWriter*> keys;
    std::string name;       ///< as JSON
    std::string full_name;  ///< for messages
  };

  [[nodiscard]] Table make_table(const Schema& schema) const;
  Status put_tuple(std::string_view operation, const Table& table, const RowView& row,
                   const RowView& before);
  Status put_id(const Table& table, const RowView& row, const RowView& before);
  void put_content(const Table& table, const RowView& row, const RowView& before);
  void put_meta(const TransactionInfo& transaction, const ChangeView& change);

  DumpaOptions options_;
  TextBuffer text_;
  TextBuffer missing_;  ///< names of the columns of the last row that nobody knows, with commas
  TableCache<Table> tables_;
};

}  // namespace tailwater::format
