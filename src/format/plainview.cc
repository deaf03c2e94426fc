#include "format/plainview.h"

#include <algorithm>

#include "format/plain_column.h"
#include "format/row_key.h"

namespace tailwater::format {
namespace {

constexpr int64_t kMilliUs = 1000;
constexpr std::string_view kUnavailable = R"("tailwater:unavailable")";

// A record holds a whole rows event, as the server cut it (8 KB by default). A larger one is ended
// here, so that memory has a limit.
constexpr size_t kRecordBytesMax = 1'000'000;

// The names that each named row has beside those of the columns.
bool is_taken(std::string_view name) {
  return name == "timestamp" || name == "deleted?" || name == "keys";
}

// Columns of such a name get another one.
std::string free_name(const TableSchema& table, std::string name) {
  if (!is_taken(name)) return name;
  const auto exists = [&](const std::string& one) {
    return std::ranges::any_of(table.columns,
                               [&](const Column& column) { return column.name == one; });
  };
  do {
    name += '_';
  } while (exists(name));
  return name;
}

}  // namespace

PlainviewFormatter::Table PlainviewFormatter::make_table(const Schema& schema) const {
  const TableSchema& table = schema.table();
  Table made;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    made.columns.push_back(named_ ? make_named_column(column, i) : make_legacy_column(column, i));
    made.columns[i].member = Fragment(json_member(free_name(table, column.name)));
  }
  std::string keys;
  for (const uint32_t key : table.key_columns) {
    made.keys.push_back(&made.columns[key]);
    if (!keys.empty()) keys += ',';
    keys += quoted(free_name(table, table.columns[key].name));
  }
  if (named_) {
    made.start = R"({"table":)" + quoted(table.full_name()) + R"(,"data":[)";
    made.end = R"(,"keys":[)" + keys + "]}";
  } else {
    made.start = R"({"data":[)";
    made.end = R"(,"database":)" + quoted(table.database) + R"(,"table":)" + quoted(table.table);
  }
  return made;
}

Status PlainviewFormatter::append(const TransactionInfo& transaction, const ChangeView& change,
                                  std::string& out) {
  if (!has_row(change.op)) {
    finish(out);
  } else {
    if (change.schema == nullptr) return fail(ErrorKind::kBug, "a change of rows has no schema");
    Table& table =
        tables_.find(*change.schema, [this](const Schema& schema) { return make_table(schema); });
    bool goes_on = event_.goes_on(transaction, change);
    if (change.op == Op::kUpdate && key_changed(change, table.keys)) {
      take(table, change, true, false, out);
      goes_on = false;
    }
    take(table, change, change.op == Op::kDelete, goes_on, out);
  }
  return change.last ? end_transaction(transaction, out) : Status{};
}

Status PlainviewFormatter::end_transaction(const TransactionInfo& /*transaction*/,
                                           std::string& out) {
  finish(out);
  event_.end();
  return {};
}

void PlainviewFormatter::take(const Table& table, const ChangeView& change, bool deleted,
                              bool goes_on, std::string& out) {
  if (goes_on && open_ && text_.size() < kRecordBytesMax) {
    text_.put(',');
  } else {
    finish(out);
    start_record(table, change, deleted);
  }
  const RowView& row = deleted ? change.before : change.after;
  const RowView before = deleted ? RowView() : change.before;
  if (named_) {
    put_named_row(table, row, before);
  } else {
    put_row(table, row, before);
  }
}

void PlainviewFormatter::start_record(const Table& table, const ChangeView& change, bool deleted) {
  open_ = true;
  text_.put(table.start);
  tail_.clear();
  if (named_) {
    tail_.put(R"("timestamp":)");
  } else {
    tail_.put(R"(],"tableid":)");
    tail_.number(static_cast<uint32_t>(change.schema->id()));
    tail_.put(R"(,"timestamp":)");
  }
  tail_.number(change.ts_us / kMilliUs);
  tail_.put(named_ ? R"(,"deleted?":)" : R"(,"tombstone":)");
  tail_.put(deleted ? "true" : "false");
  tail_.put(table.end);
  if (!named_) tail_.put('}');
}

void PlainviewFormatter::finish(std::string& out) {
  if (!open_) return;
  open_ = false;
  if (named_) {
    text_.put("]}");
  } else {
    text_.put(tail_.view());
  }
  text_.put('\n');
  out.append(text_.view());
  text_.clear();
}

void PlainviewFormatter::put_row(const Table& table, const RowView& row, const RowView& before) {
  text_.put('[');
  for (const ColumnWriter& column : table.columns) {
    if (column.index != 0) text_.put(',');
    const RowView& image = image_with(row, before, column.index);
    switch (image.presence(column.index)) {
      case Presence::kPresent:
        (void)column.write(column, image, text_);
        break;
      case Presence::kUnavailable:
        text_.put(kUnavailable);
        break;
      default:
        text_.put(options_.json_nulls ? "null" : R"("null")");
    }
  }
  text_.put(']');
}

void PlainviewFormatter::put_named_row(const Table& table, const RowView& row,
                                       const RowView& before) {
  text_.put('{');
  for (const ColumnWriter& column : table.columns) {
    const RowView& image = image_with(row, before, column.index);
    if (image.presence(column.index) == Presence::kUnavailable) continue;
    text_.put(column.member);
    put_json_value(column, image, text_);
    text_.put(',');
  }
  text_.put(tail_.view());
}

}  // namespace tailwater::format
