// The Debezium format: the JSON envelope of its MySQL and MariaDB connectors.
#pragma once

#include "format/debezium_column.h"
#include "format/formatter.h"
#include "format/table_cache.h"

namespace tailwater::format {

class DebeziumFormatter : public Formatter {
 public:
  DebeziumFormatter(const FormatOptions& options, SourceKind source);

  Status append(const TransactionInfo& transaction, const ChangeView& change,
                std::string& out) override;

 private:
  struct Table {
    std::vector<DebeziumColumn> columns;
    std::vector<const DebeziumColumn*> keys;
    std::string source_table;  ///< `,"snapshot":"false","db":"…","sequence":null,"ts_us":`
    std::string source_name;   ///< `,"table":"…","server_id":`
    std::string key_start;     ///< what stands before a key document, and before a change document
    std::string value_start;
    std::string collection;  ///< "database.table", as a JSON string
  };
  // How many changes of one table a transaction had so far.
  struct Collection {
    std::string name;
    uint64_t changes = 0;
  };
  // What the parts of `source` that stay the same from row to row were made of.
  struct SourceKey {
    const Table* table = nullptr;
    int64_t time_us = 0;
    uint64_t thread_id = 0;
    uint32_t server_id = 0;
    bool snapshot = false;
    std::string_view gtid = {};
    std::string_view file = {};
    bool operator==(const SourceKey&) const = default;
  };
  enum class Image { kNone, kBefore, kAfter };
  // One document to write.
  struct Document {
    char op = 'c';
    bool before = false;
    bool after = false;
    Image key = Image::kAfter;
    Image header_key = Image::kNone;
    std::string_view header = {};
  };

  Table make_table(const Schema& schema) const;
  Status append_row(const TransactionInfo& transaction, const ChangeView& change);
  Status put_document(const TransactionInfo& transaction, const ChangeView& change, Table& table,
                      const Document& document);
  Status put_value(const TransactionInfo& transaction, const ChangeView& change, Table& table,
                   const Document& document);
  Status put_row(const Table& table, const RowView& row, const RowView* fill);
  Status put_key(const ChangeView& change, const Table& table, Image image);
  Status put_column(const DebeziumColumn& column, const RowView& row, const RowView* fill);
  void put_source(const TransactionInfo& transaction, const ChangeView& change, const Table* table);
  void make_source(const SourceKey& key, const Table* table, std::string_view database);
  Status put_key_and_headers(const ChangeView& change, const Table& table,
                             const Document& document);
  void put_tombstone(const ChangeView& change, const Table& table, const Document& removal);
  void put_transaction_block(const Table& table);
  void put_transaction_mark(const TransactionInfo& transaction, bool begin);
  void put_processing_time();
  void put_collections();
  void put_schema_change(const TransactionInfo& transaction, const ChangeView& change);
  void start_transaction(const TransactionInfo& transaction, const ChangeView& change);
  [[nodiscard]] bool skips(char op) const {
    return options_.skipped_operations.find(op) != std::string::npos;
  }
  [[nodiscard]] bool key_changed(const ChangeView& change, const Table& table) const;
  [[nodiscard]] int64_t source_time(const TransactionInfo& transaction,
                                    const ChangeView& change) const;

  DebeziumOptions options_;
  const Clock& clock_;
  SourceKind source_;
  std::string connector_;
  std::string source_start_;  ///< `"source":{"version":…,"ts_ms":`
  std::string
      mark_key_start_;  ///< with schemas: what stands before a transaction mark's key and value
  std::string mark_value_start_;
  // `source` of the last row, but for pos and row; the views of its key point to the two strings.
  SourceKey source_key_;
  std::string source_gtid_;
  std::string source_file_;
  Fragment source_head_;  ///< up to `"pos":`
  Fragment source_tail_;  ///< from `,"thread":` on
  TextBuffer text_;
  TableCache<Table> tables_;
  // Of the current transaction, with transaction metadata only.
  bool in_transaction_ = false;
  std::string transaction_id_;  ///< as a JSON string
  uint64_t total_order_ = 0;
  std::vector<Collection> collections_;
};

}  // namespace tailwater::format
