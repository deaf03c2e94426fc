#include "format/canal.h"

#include <algorithm>

#include "format/canal_statement.h"
#include "format/plain_column.h"
#include "format/row_key.h"

namespace tailwater::format {
namespace {

constexpr int64_t kMilliUs = 1000;

// A message holds a whole rows event, as the server cut it (8 KB by default). A larger one is ended
// here, so that memory has a limit.
constexpr size_t kMessageBytesMax = 1'000'000;

std::string_view type_word(Op op) {
  switch (op) {
    case Op::kUpdate:
      return "UPDATE";
    case Op::kDelete:
      return "DELETE";
    default:
      return "INSERT";
  }
}

}  // namespace

int64_t CanalFormatter::now_ms() const {
  return clock_->now_us() / kMilliUs;
}

CanalFormatter::Table CanalFormatter::make_table(const Schema& schema) const {
  const TableSchema& table = schema.table();
  Table made;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    made.columns.push_back(make_canal_column(table.columns[i], i));
    made.types.push_back(make_canal_type(table.columns[i], source_));
  }
  const bool has_key = table.key_kind == KeyKind::kPrimary || table.key_kind == KeyKind::kUser;
  // canal goes through the columns, not the key.
  std::vector<uint32_t> keys = has_key ? table.key_columns : std::vector<uint32_t>();
  std::ranges::sort(keys);
  for (const uint32_t key : keys) {
    made.key_names += (made.key_names.empty() ? "[" : ",") + quoted(table.columns[key].name);
  }
  made.key_names += made.key_names.empty() ? "null" : "]";
  made.database = quoted(table.database);
  made.table = quoted(table.table);
  return made;
}

Status CanalFormatter::append(const TransactionInfo& transaction, const ChangeView& change,
                              std::string& out) {
  if (!has_row(change.op)) {
    finish(out);
    const bool statement = change.op == Op::kSchemaChange || change.op == Op::kTruncate;
    if (statement && !options_.filter_query_ddl) put_statement(transaction, change, out);
    return {};
  }
  if (change.schema == nullptr) return fail(ErrorKind::kBug, "a change of rows has no schema");
  Table& table =
      tables_.find(*change.schema, [this](const Schema& schema) { return make_table(schema); });
  const bool goes_on = event_.goes_on(transaction, change);
  if (goes_on && open_ && data_.size() + old_.size() < kMessageBytesMax) {
    data_.put(',');
  } else {
    finish(out);
    start_message(transaction, table, change);
  }
  const RowView& row = change.op == Op::kDelete ? change.before : change.after;
  const RowView before = change.op == Op::kUpdate ? change.before : RowView();
  put_row(table, row, before);
  put_types(table, row, before);
  if (update_) put_old(table, change);
  return change.last ? end_transaction(transaction, out) : Status{};
}

Status CanalFormatter::end_transaction(const TransactionInfo& /*transaction*/, std::string& out) {
  finish(out);
  event_.end();
  return {};
}

void CanalFormatter::start_message(const TransactionInfo& transaction, const Table& table,
                                   const ChangeView& change) {
  open_ = true;
  update_ = change.op == Op::kUpdate;
  key_names_ = table.key_names;
  data_.put(R"({"data":[)");
  old_.clear();
  names_.clear();
  head_.clear();
  put_head(head_, table.database, transaction, change);
  tail_.clear();
  tail_.put(R"(,"table":)");
  tail_.put(table.table);
  tail_.put(R"(,"ts":)");
  tail_.number(now_ms());
  tail_.put(R"(,"type":")");
  tail_.put(type_word(change.op));
  tail_.put("\"}\n");
}

// From `database` to `isDdl`; `database` is JSON.
void CanalFormatter::put_head(TextBuffer& out, std::string_view database,
                              const TransactionInfo& transaction, const ChangeView& change) const {
  const bool statement = change.op == Op::kSchemaChange || change.op == Op::kTruncate;
  out.put(R"(,"database":)");
  out.put(database);
  out.put(R"(,"es":)");
  out.number(change.ts_us / kMilliUs);
  if (options_.gtid) {
    out.put(R"(,"gtid":)");
    out.json_string(transaction.gtid);
  }
  out.put(R"(,"id":)");
  out.number(raw(change.offset));
  out.put(statement ? R"(,"isDdl":true)" : R"(,"isDdl":false)");
}

void CanalFormatter::put_row(const Table& table, const RowView& row, const RowView& before) {
  data_.put('{');
  bool first = true;
  for (const ColumnWriter& column : table.columns) {
    const RowView& image = image_with(row, before, column.index);
    if (image.presence(column.index) == Presence::kUnavailable) continue;
    if (!first) data_.put(',');
    first = false;
    data_.put(column.member);
    put_json_value(column, image, data_);
  }
  data_.put('}');
}

// The rows of an event have the same columns; of the types that depend on values, the last row's
// stand.
void CanalFormatter::put_types(const Table& table, const RowView& row, const RowView& before) {
  const bool named = names_.size() != 0;
  numbers_.clear();
  for (const ColumnWriter& column : table.columns) {
    const RowView& image = image_with(row, before, column.index);
    if (image.presence(column.index) == Presence::kUnavailable) continue;
    if (numbers_.size() != 0) numbers_.put(',');
    numbers_.put(column.member);
    numbers_.number(table.types[column.index].of(column, image));
    if (named) continue;
    if (names_.size() != 0) names_.put(',');
    names_.put(column.member);
    names_.json_string(column.column->source_type);
  }
}

// What the update changed, as it was.
void CanalFormatter::put_old(const Table& table, const ChangeView& change) {
  if (old_.size() != 0) old_.put(',');
  old_.put('{');
  bool first = true;
  for (const ColumnWriter& column : table.columns) {
    if (change.before.presence(column.index) == Presence::kUnavailable) continue;
    if (change.after.presence(column.index) == Presence::kUnavailable) continue;
    if (same_value(change.before, change.after, *column.column, column.index)) continue;
    if (!first) old_.put(',');
    first = false;
    old_.put(column.member);
    put_json_value(column, change.before, old_);
  }
  old_.put('}');
}

void CanalFormatter::finish(std::string& out) {
  if (!open_) return;
  open_ = false;
  data_.put(']');
  data_.put(head_.view());
  data_.put(R"(,"mysqlType":{)");
  data_.put(names_.view());
  data_.put(update_ ? R"(},"old":[)" : R"(},"old":null)");
  if (update_) {
    data_.put(old_.view());
    data_.put(']');
  }
  data_.put(R"(,"pkNames":)");
  data_.put(key_names_);
  data_.put(R"(,"sql":"","sqlType":{)");
  data_.put(numbers_.view());
  data_.put('}');
  data_.put(tail_.view());
  out.append(data_.view());
  data_.clear();
}

void CanalFormatter::put_statement(const TransactionInfo& transaction, const ChangeView& change,
                                   std::string& out) {
  CanalStatement statement = parse_canal_statement(change.statement, change.database);
  if (change.op == Op::kTruncate && change.schema != nullptr) {
    const TableSchema& table = change.schema->table();
    statement = {.type = "TRUNCATE", .database = table.database, .table = table.table};
  }
  TextBuffer& text = data_;
  text.put(R"({"data":null)");
  put_head(text, quoted(statement.database), transaction, change);
  text.put(R"(,"mysqlType":null,"old":null,"pkNames":null,"sql":)");
  text.json_string(change.statement);
  text.put(R"(,"sqlType":null,"table":)");
  text.json_string(statement.table);
  text.put(R"(,"ts":)");
  text.number(now_ms());
  text.put(R"(,"type":")");
  text.put(statement.type);
  text.put("\"}\n");
  out.append(text.view());
  text.clear();
}

}  // namespace tailwater::format
