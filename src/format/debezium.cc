#include "format/debezium.h"

#include <algorithm>

#include <fmt/format.h>

#include "format/debezium_schema.h"

namespace tailwater::format {
namespace {

constexpr std::string_view kNewKeyHeader = "__debezium.newkey";
constexpr std::string_view kOldKeyHeader = "__debezium.oldkey";
constexpr int64_t kMilliUs = 1000;

std::string json_text(std::string_view text) {
  TextBuffer out;
  out.json_string(text);
  return std::string(out.view());
}

// AbstractTopicNamingStrategy.sanitizedTopicName: what a Kafka topic cannot have becomes `_`.
std::string topic_name(const std::string& name) {
  std::string clean;
  for (const char c : name) {
    const bool follows =
        (static_cast<unsigned char>(c) & 0xC0) == 0x80;  // within a UTF-8 character
    const bool allowed = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                         (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
    if (!follows) clean += allowed ? c : '_';
  }
  return clean;
}

void put_text_or_null(TextBuffer& out, std::string_view text) {
  if (text.empty()) return out.put("null");
  out.json_string(text);
}

// As in Java, what does not fit wraps around.
int64_t nanoseconds(int64_t micros) {
  return static_cast<int64_t>(static_cast<uint64_t>(micros) * 1000);
}

const RowView& row_of(const ChangeView& change, bool before) {
  return before ? change.before : change.after;
}

}  // namespace

DebeziumFormatter::DebeziumFormatter(const FormatOptions& options, SourceKind source)
    : options_(options.debezium),
      clock_(*options.clock),
      source_(source),
      connector_(to_string(source)),
      source_start_(fmt::format(R"("source":{{"version":"{}","connector":"{}","name":{},"ts_ms":)",
                                TAILWATER_VERSION, connector_, json_text(options_.topic_prefix))) {
  if (!options_.schemas_enable) return;
  mark_key_start_ = R"({"schema":)" + connect_transaction_key_schema() + R"(,"payload":)";
  mark_value_start_ = R"({"schema":)" + connect_transaction_value_schema() + R"(,"payload":)";
}

DebeziumFormatter::Table DebeziumFormatter::make_table(const Schema& schema) const {
  const TableSchema& table = schema.table();
  Table made;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    made.columns.push_back(make_debezium_column(table.columns[i], i, options_, source_));
  }
  for (const uint32_t key : table.key_columns) made.keys.push_back(&made.columns[key]);
  made.source_table = R"("db":)" + json_text(table.database) + R"(,"sequence":null,"ts_us":)";
  made.source_name = R"(,"table":)" + json_text(table.table) + R"(,"server_id":)";
  made.collection = json_text(table.full_name());
  if (options_.schemas_enable) {
    const std::string topic = topic_name(options_.topic_prefix + "." + table.full_name());
    made.key_start =
        R"({"schema":)" + connect_key_schema(topic + ".Key", made.keys) + R"(,"payload":)";
    made.value_start = R"({"schema":)" + connect_envelope_schema(topic, connector_, made.columns) +
                       R"(,"payload":)";
  }
  return made;
}

Status DebeziumFormatter::append(const TransactionInfo& transaction, const ChangeView& change,
                                 std::string& out) {
  text_.clear();
  if (options_.provide_transaction_metadata) start_transaction(transaction, change);
  if (change.op == Op::kSchemaChange) {
    if (options_.include_schema_changes) put_schema_change(transaction, change);
  } else if (change.op == Op::kStatement) {
    warn_not_shown(transaction, change);
  } else if (change.schema == nullptr) {
    return fail(ErrorKind::kBug, "a change of rows has no schema");
  } else {
    TW_TRY(append_row(transaction, change));
  }
  if (change.last && in_transaction_) {
    put_transaction_mark(transaction, false);
    in_transaction_ = false;
  }
  out.append(text_.view());
  return {};
}

Status DebeziumFormatter::append_row(const TransactionInfo& transaction, const ChangeView& change) {
  Table& table = tables_.find(*change.schema, [this](const Schema& schema) {
    source_key_ = {};  // a new table may lie where an old one was
    return make_table(schema);
  });
  const auto put = [&](const Document& document) -> Status {
    if (skips(document.op)) return {};
    return put_document(transaction, change, table, document);
  };
  switch (change.op) {
    case Op::kRead:
      return put({'r', false, true, Image::kAfter});
    case Op::kInsert:
      return put({'c', false, true, Image::kAfter});
    case Op::kTruncate:
      return put({'t', false, false, Image::kNone});
    case Op::kDelete: {
      const Document removal = {'d', true, false, Image::kBefore};
      TW_TRY(put(removal));
      if (!skips('d')) put_tombstone(change, table, removal);
      return {};
    }
    case Op::kReadStart:
    case Op::kReadEnd:
      return {};
    case Op::kUpdate:
      break;
    case Op::kSchemaChange:
    case Op::kStatement:
      return {};
  }
  if (!key_changed(change, table)) return put({'u', true, true, Image::kAfter});
  if (skips('u')) return {};
  const Document removal = {'d', true, false, Image::kBefore, Image::kAfter, kNewKeyHeader};
  TW_TRY(put_document(transaction, change, table, removal));
  put_tombstone(change, table, removal);
  return put_document(transaction, change, table,
                      {'c', false, true, Image::kAfter, Image::kBefore, kOldKeyHeader});
}

bool DebeziumFormatter::key_changed(const ChangeView& change, const Table& table) const {
  for (const DebeziumColumn* key : table.keys) {
    const size_t column = key->writer.index;
    // A key column that the new image leaves out has not changed.
    if (change.after.presence(column) == Presence::kUnavailable) continue;
    if (!same_value(change.before, change.after, *key->writer.column, column)) return true;
  }
  return false;
}

Status DebeziumFormatter::put_document(const TransactionInfo& transaction, const ChangeView& change,
                                       Table& table, const Document& document) {
  if (!options_.with_key) {
    TW_TRY(put_value(transaction, change, table, document));
    text_.put('\n');
    return {};
  }
  TW_TRY(put_key_and_headers(change, table, document));
  text_.put(R"(,"value":)");
  TW_TRY(put_value(transaction, change, table, document));
  text_.put("}\n");
  return {};
}

Status DebeziumFormatter::put_value(const TransactionInfo& transaction, const ChangeView& change,
                                    Table& table, const Document& document) {
  text_.put(table.value_start);
  text_.put(R"({"before":)");
  if (document.before) {
    TW_TRY(put_row(table, change.before, nullptr));
  } else {
    text_.put("null");
  }
  text_.put(R"(,"after":)");
  if (document.after) {
    TW_TRY(put_row(table, change.after, &change.before));
  } else {
    text_.put("null");
  }
  text_.put(',');
  put_source(transaction, change, &table);
  text_.put(R"(,"transaction":)");
  if (in_transaction_) {
    put_transaction_block(table);
  } else {
    text_.put("null");
  }
  text_.put(R"(,"op":")");
  text_.put(document.op);
  put_processing_time();
  text_.put(table.value_start.empty() ? "}" : "}}");
  return {};
}

// `","ts_ms":…,"ts_us":…,"ts_ns":…`: the digits of the microseconds, three fewer, three more.
void DebeziumFormatter::put_processing_time() {
  constexpr size_t kFewer = 3;
  char digits[kNumberRoom];
  const int64_t now = clock_.now_us();
  const char* const end = write_number(digits, now);
  const std::string_view micros(digits, static_cast<size_t>(end - digits));
  text_.put(R"(","ts_ms":)");
  if (now >= kMilliUs) {
    text_.put(micros.substr(0, micros.size() - kFewer));
  } else {
    text_.put('0');
  }
  text_.put(R"(,"ts_us":)");
  text_.put(micros);
  text_.put(R"(,"ts_ns":)");
  text_.number(nanoseconds(now));
}

// `fill`: where a column that `row` leaves out is looked up before it counts as unavailable. An
// image leaves out only what did not change, so the value before is the value after.
Status DebeziumFormatter::put_row(const Table& table, const RowView& row, const RowView* fill) {
  if (row.empty()) {
    text_.put("null");
    return {};
  }
  char separator = '{';
  for (const DebeziumColumn& column : table.columns) {
    text_.put(separator);
    separator = ',';
    text_.put(column.writer.member);
    TW_TRY(put_column(column, row, fill));
  }
  if (separator == '{') text_.put('{');
  text_.put('}');
  return {};
}

Status DebeziumFormatter::put_column(const DebeziumColumn& column, const RowView& row,
                                     const RowView* fill) {
  const ColumnWriter& writer = column.writer;
  switch (row.presence(writer.index)) {
    case Presence::kPresent:
      if (writer.write(writer, row, text_)) [[likely]]
        return {};
      return fail(
          ErrorKind::kUserFix,
          fmt::format("a value of column '{}' ({}) has no form in the debezium format with the "
                      "chosen options",
                      writer.column->name, writer.column->source_type),
          "choose another decimal_handling_mode or time_precision_mode, or leave the table out");
    case Presence::kUnavailable:
      if (fill != nullptr && fill->presence(writer.index) != Presence::kUnavailable &&
          !fill->empty()) {
        return put_column(column, *fill, nullptr);
      }
      text_.json_string(options_.unavailable_value_placeholder);
      return {};
    case Presence::kNull:
      break;
  }
  text_.put("null");
  return {};
}

Status DebeziumFormatter::put_key(const ChangeView& change, const Table& table, Image image) {
  if (table.keys.empty() || image == Image::kNone) {
    text_.put("null");
    return {};
  }
  text_.put(table.key_start);
  char separator = '{';
  for (const DebeziumColumn* column : table.keys) {
    text_.put(separator);
    separator = ',';
    text_.put(column->writer.member);
    TW_TRY(put_column(*column, row_of(change, image == Image::kBefore), &change.before));
  }
  text_.put(table.key_start.empty() ? "}" : "}}");
  return {};
}

// `{"key":…,"headers":{…}`, the brace left open.
Status DebeziumFormatter::put_key_and_headers(const ChangeView& change, const Table& table,
                                              const Document& document) {
  text_.put(R"({"key":)");
  TW_TRY(put_key(change, table, document.key));
  if (document.header_key == Image::kNone) return {};
  text_.put(R"(,"headers":{")");
  text_.put(document.header);
  text_.put("\":");
  TW_TRY(put_key(change, table, document.header_key));
  text_.put('}');
  return {};
}

void DebeziumFormatter::put_tombstone(const ChangeView& change, const Table& table,
                                      const Document& removal) {
  if (!options_.with_key || !options_.tombstones_on_delete) return;
  // The same key was written a moment ago, so there is no error.
  (void)put_key_and_headers(change, table, removal);
  text_.put(",\"value\":null}\n");
}

// Where MySQL has GTIDs, its GTID event carries the commit time in microseconds, and Debezium takes
// that; else the second in which the statement ran.
int64_t DebeziumFormatter::source_time(const TransactionInfo& transaction,
                                       const ChangeView& change) const {
  const bool precise = source_ == SourceKind::kMysql && !transaction.gtid.empty();
  return precise ? transaction.commit_ts_us : change.ts_us;
}

void DebeziumFormatter::put_source(const TransactionInfo& transaction, const ChangeView& change,
                                   const Table* table) {
  const SourceKey key = {table,
                         source_time(transaction, change),
                         transaction.thread_id,
                         transaction.server_id,
                         change.op == Op::kRead,
                         transaction.gtid,
                         transaction.file};
  if (table == nullptr || !(key == source_key_)) make_source(key, table, change.database);
  text_.put(source_head_);
  text_.number(change.source_pos);
  text_.put(R"(,"row":)");
  text_.number(change.source_row);
  text_.put(source_tail_);
}

void DebeziumFormatter::make_source(const SourceKey& key, const Table* table,
                                    std::string_view database) {
  TextBuffer head;
  head.put(source_start_);
  head.number(key.time_us / kMilliUs);
  head.put(key.snapshot ? R"(,"snapshot":"true",)" : R"(,"snapshot":"false",)");
  head.put(table != nullptr ? table->source_table
                            : R"("db":)" + json_text(database) + R"(,"sequence":null,"ts_us":)");
  head.number(key.time_us);
  head.put(R"(,"ts_ns":)");
  head.number(nanoseconds(key.time_us));
  head.put(table != nullptr ? std::string_view(table->source_name)
                            : R"(,"table":null,"server_id":)");
  head.number(key.server_id);
  head.put(R"(,"gtid":)");
  put_text_or_null(head, key.gtid);
  head.put(R"(,"file":)");
  head.json_string(key.file);
  head.put(R"(,"pos":)");
  source_head_ = Fragment(head.view());
  head.clear();
  head.put(R"(,"thread":)");
  if (key.thread_id == 0) {
    head.put("null");
  } else {
    head.number(key.thread_id);
  }
  head.put(R"(,"query":null})");
  source_tail_ = Fragment(head.view());
  source_gtid_ = key.gtid;
  source_file_ = key.file;
  source_key_ = key;
  source_key_.gtid = source_gtid_;
  source_key_.file = source_file_;
}

void DebeziumFormatter::start_transaction(const TransactionInfo& transaction,
                                          const ChangeView& change) {
  if (in_transaction_ && change.offset != transaction.first_offset) return;
  in_transaction_ = change.op != Op::kSchemaChange && !is_of_snapshot(change.op);
  if (!in_transaction_) return;
  transaction_id_ =
      json_text(transaction.gtid.empty()
                    ? fmt::format("file={},pos={}", transaction.file, transaction.start_pos)
                    : std::string(transaction.gtid));
  total_order_ = 0;
  collections_.clear();
  put_transaction_mark(transaction, true);
}

void DebeziumFormatter::put_transaction_block(const Table& table) {
  auto found = std::find_if(
      collections_.begin(), collections_.end(),
      [&](const Collection& collection) { return collection.name == table.collection; });
  if (found == collections_.end()) found = collections_.insert(found, {table.collection, 0});
  text_.put(R"({"id":)");
  text_.put(transaction_id_);
  text_.put(R"(,"total_order":)");
  text_.number(++total_order_);
  text_.put(R"(,"data_collection_order":)");
  text_.number(++found->changes);
  text_.put('}');
}

// The documents of Debezium's transaction topic.
void DebeziumFormatter::put_transaction_mark(const TransactionInfo& transaction, bool begin) {
  if (options_.with_key) {
    text_.put(R"({"key":)");
    text_.put(mark_key_start_);
    text_.put(R"({"id":)");
    text_.put(transaction_id_);
    text_.put(mark_key_start_.empty() ? R"(},"value":)" : R"(}},"value":)");
  }
  text_.put(mark_value_start_);
  text_.put(begin ? R"({"status":"BEGIN","id":)" : R"({"status":"END","id":)");
  text_.put(transaction_id_);
  if (begin) {
    text_.put(R"(,"event_count":null,"data_collections":null)");
  } else {
    put_collections();
  }
  text_.put(R"(,"ts_ms":)");
  text_.number(transaction.commit_ts_us / kMilliUs);
  text_.put(mark_value_start_.empty() ? "}" : "}}");
  text_.put(options_.with_key ? "}\n" : "\n");
}

void DebeziumFormatter::put_collections() {
  text_.put(R"(,"event_count":)");
  text_.number(total_order_);
  text_.put(R"(,"data_collections":[)");
  for (const Collection& collection : collections_) {
    if (&collection != collections_.data()) text_.put(',');
    text_.put(R"({"data_collection":)");
    text_.put(collection.name);
    text_.put(R"(,"event_count":)");
    text_.number(collection.changes);
    text_.put('}');
  }
  text_.put(']');
}

void DebeziumFormatter::put_schema_change(const TransactionInfo& transaction,
                                          const ChangeView& change) {
  if (options_.with_key) {
    text_.put(R"({"key":{"databaseName":)");
    text_.json_string(change.database);
    text_.put(R"(},"value":)");
  }
  text_.put('{');
  put_source(transaction, change, nullptr);
  text_.put(R"(,"ts_ms":)");
  text_.number(clock_.now_us() / kMilliUs);
  text_.put(R"(,"databaseName":)");
  text_.json_string(change.database);
  text_.put(R"(,"schemaName":null,"ddl":)");
  text_.json_string(change.statement);
  text_.put(R"(,"tableChanges":[]})");
  text_.put(options_.with_key ? "}\n" : "\n");
}

}  // namespace tailwater::format
