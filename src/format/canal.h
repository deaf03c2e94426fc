// The canal format: canal's flat messages (FlatMessage), one for each rows event, as its Kafka
// producer writes them. docs/formats.md has the rest.
#pragma once

#include "format/canal_column.h"
#include "format/formatter.h"
#include "format/rows_event.h"
#include "format/table_cache.h"

namespace tailwater::format {

class CanalFormatter : public Formatter {
 public:
  CanalFormatter(const FormatOptions& options, SourceKind source)
      : options_(options.canal), clock_(options.clock), source_(source) {}

  Status append(const TransactionInfo& transaction, const ChangeView& change,
                std::string& out) override;
  Status end_transaction(const TransactionInfo& transaction, std::string& out) override;

 private:
  struct Table {
    std::vector<ColumnWriter> columns;
    std::vector<CanalType> types;
    std::string database;  ///< as JSON
    std::string table;
    std::string key_names;  ///< `["id"]` or null
  };

  [[nodiscard]] Table make_table(const Schema& schema) const;
  void start_message(const TransactionInfo& transaction, const Table& table,
                     const ChangeView& change);
  void put_row(const Table& table, const RowView& row, const RowView& before);
  void put_types(const Table& table, const RowView& row, const RowView& before);
  void put_old(const Table& table, const ChangeView& change);
  void put_statement(const TransactionInfo& transaction, const ChangeView& change,
                     std::string& out);
  void put_head(TextBuffer& out, std::string_view database, const TransactionInfo& transaction,
                const ChangeView& change) const;
  void finish(std::string& out);
  [[nodiscard]] int64_t now_ms() const;

  CanalOptions options_;
  const Clock* clock_;
  SourceKind source_;
  RowsEvent event_;
  bool open_ = false;   ///< a message is begun
  TextBuffer data_;     ///< `{"data":[` and its rows
  TextBuffer old_;      ///< the rows of `old`
  TextBuffer head_;     ///< from `database` to `isDdl`
  TextBuffer names_;    ///< members of `mysqlType`
  TextBuffer numbers_;  ///< members of `sqlType`, of the last row
  TextBuffer tail_;     ///< `table`, and from `ts` on
  std::string key_names_;
  bool update_ = false;
  TableCache<Table> tables_;
};

}  // namespace tailwater::format
