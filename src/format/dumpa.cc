#include "format/dumpa.h"

#include <fmt/format.h>

#include "format/plain_column.h"
#include "format/row_key.h"

namespace tailwater::format {
namespace {

// "2015-08-03T10:32:53.000Z"
void put_instant(TextBuffer& out, int64_t timestamp_us) {
  constexpr unsigned kMilliDigits = 3;
  const Datetime value = datetime_of_timestamp(timestamp_us);
  out.put('"');
  put_date(out, value.date);
  out.put('T');
  put_clock(out, value.time_us, kMilliDigits);
  out.put("Z\"");
}

}  // namespace

DumpaFormatter::Table DumpaFormatter::make_table(const Schema& schema) const {
  const TableSchema& table = schema.table();
  Table made;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    made.columns.push_back(make_dumpa_column(table.columns[i], i));
  }
  for (const uint32_t key : table.key_columns) made.keys.push_back(&made.columns[key]);
  made.full_name = table.full_name();
  made.name = quoted(options_.with_database ? made.full_name : table.table);
  return made;
}

Status DumpaFormatter::append(const TransactionInfo& transaction, const ChangeView& change,
                              std::string& out) {
  if (!has_row(change.op)) return {};
  if (change.schema == nullptr) return fail(ErrorKind::kBug, "a change of rows has no schema");
  Table& table =
      tables_.find(*change.schema, [this](const Schema& schema) { return make_table(schema); });
  text_.clear();
  const bool update = change.op == Op::kUpdate;
  if (change.op == Op::kDelete || (update && key_changed(change, table.keys))) {
    TW_TRY(put_tuple("delete", table, change.before, {}));
    put_meta(transaction, change);
  }
  if (change.op != Op::kDelete) {
    TW_TRY(put_tuple("upsert", table, change.after, update ? change.before : RowView()));
    put_meta(transaction, change);
  }
  out.append(text_.view());
  return {};
}

Status DumpaFormatter::put_tuple(std::string_view operation, const Table& table, const RowView& row,
                                 const RowView& before) {
  text_.put("[\"");
  text_.put(operation);
  text_.put("\",");
  text_.put(table.name);
  text_.put(',');
  TW_TRY(put_id(table, row, before));
  text_.put(',');
  put_content(table, row, before);
  return {};
}

Status DumpaFormatter::put_id(const Table& table, const RowView& row, const RowView& before) {
  if (table.keys.empty()) text_.put("null");
  if (table.keys.size() > 1) text_.put('[');
  for (const ColumnWriter* key : table.keys) {
    if (key != table.keys.front()) text_.put(',');
    const RowView& image = image_with(row, before, key->index);
    if (image.presence(key->index) == Presence::kUnavailable) {
      return fail(ErrorKind::kUserFix,
                  fmt::format("the key of a row of {} was not sent: '{}' is not in the row image",
                              table.full_name, key->column->name),
                  "SET GLOBAL binlog_row_image = 'FULL', or name another key with key_columns");
    }
    put_json_value(*key, image, text_);
  }
  if (table.keys.size() > 1) text_.put(']');
  return {};
}

void DumpaFormatter::put_content(const Table& table, const RowView& row, const RowView& before) {
  missing_.clear();
  text_.put('{');
  bool first = true;
  for (const ColumnWriter& column : table.columns) {
    const RowView& image = image_with(row, before, column.index);
    if (image.presence(column.index) == Presence::kUnavailable) {
      if (missing_.size() != 0) missing_.put(',');
      missing_.json_string(column.column->name);
      continue;
    }
    if (!first) text_.put(',');
    first = false;
    text_.put(column.member);
    put_json_value(column, image, text_);
  }
  text_.put('}');
}

// Before the last row of a transaction the place to go on from is the transaction's start: who
// stops there gets it whole again. The original names a place inside, where no stream can start.
void DumpaFormatter::put_meta(const TransactionInfo& transaction, const ChangeView& change) {
  if (change.op == Op::kRead) return text_.put(",null]\n");
  text_.put(R"(,{"ts":)");
  put_instant(text_, change.ts_us);
  text_.put(R"(,"next-position":)");
  text_.number(change.last ? transaction.end_pos : transaction.start_pos);
  text_.put(R"(,"next-file":)");
  text_.json_string(transaction.file);
  if (missing_.size() != 0) {
    text_.put(R"(,"unavailable":[)");
    text_.put(missing_.view());
    text_.put(']');
  }
  text_.put("}]\n");
}

}  // namespace tailwater::format
