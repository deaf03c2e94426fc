#include "format/maxwell.h"

#include "base/text.h"

namespace tailwater::format {
namespace {

constexpr int64_t kSecondUs = 1000000;
constexpr int64_t kMilliUs = 1000;

std::string json_text(std::string_view text) {
  TextBuffer out;
  out.json_string(text);
  return std::string(out.view());
}

std::string_view type_word(Op op) {
  switch (op) {
    case Op::kRead:
      return "bootstrap-insert";
    case Op::kReadStart:
      return "bootstrap-start";
    case Op::kReadEnd:
      return "bootstrap-complete";
    case Op::kUpdate:
      return "update";
    case Op::kDelete:
      return "delete";
    default:
      return "insert";
  }
}

void put_value(const ColumnWriter& column, const RowView& row, TextBuffer& out) {
  if (row.presence(column.index) == Presence::kPresent) {
    // Every writer of this format has a form for every value.
    (void)column.write(column, row, out);
  } else {
    out.put("null");
  }
}

// "table-create" and the like; empty for a statement that Maxwell has no document for.
std::string_view statement_type(std::string_view statement) {
  const std::string text = to_lower(trim(statement));
  struct Kind {
    std::string_view start;
    std::string_view type;
  };
  constexpr std::array kKinds = {
      Kind{"create table", "table-create"},     Kind{"alter table", "table-alter"},
      Kind{"drop table", "table-drop"},         Kind{"create database", "database-create"},
      Kind{"create schema", "database-create"}, Kind{"alter database", "database-alter"},
      Kind{"alter schema", "database-alter"},   Kind{"drop database", "database-drop"},
      Kind{"drop schema", "database-drop"},     Kind{"create or replace table", "table-create"},
      Kind{"rename table", "table-alter"},
  };
  for (const Kind& kind : kKinds) {
    if (text.starts_with(kind.start)) return kind.type;
  }
  return {};
}

}  // namespace

MaxwellFormatter::Table MaxwellFormatter::make_table(const Schema& schema) const {
  const TableSchema& table = schema.table();
  Table made;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    made.columns.push_back(make_maxwell_column(table.columns[i], i, options_, source_));
  }
  made.key_columns = R"(,"primary_key_columns":[)";
  const bool has_key = table.key_kind == KeyKind::kPrimary || table.key_kind == KeyKind::kUser;
  for (const uint32_t key : has_key ? table.key_columns : std::vector<uint32_t>()) {
    if (!made.keys.empty()) made.key_columns += ',';
    made.keys.push_back(&made.columns[key]);
    made.key_columns += json_text(table.columns[key].name);
  }
  made.key_columns += ']';
  made.start = R"({"database":)" + json_text(table.database) + R"(,"table":)" +
               json_text(table.table) + R"(,"type":")";
  return made;
}

Status MaxwellFormatter::append(const TransactionInfo& transaction, const ChangeView& change,
                                std::string& out) {
  text_.clear();
  switch (change.op) {
    case Op::kSchemaChange:
      if (options_.output_ddl) put_schema_change(transaction, change);
      release_kept(change.last, out);
      out.append(text_.view());
      return {};
    case Op::kStatement:
      warn_not_shown(transaction, change);
      [[fallthrough]];
    case Op::kTruncate:
      if (change.last) release_kept(true, out);
      return {};
    default:
      if (change.schema == nullptr) return fail(ErrorKind::kBug, "a change of rows has no schema");
      append_row(transaction, change, out);
      return {};
  }
}

Status MaxwellFormatter::end_transaction(const TransactionInfo& /*transaction*/, std::string& out) {
  release_kept(true, out);
  return {};
}

void MaxwellFormatter::release_kept(bool commit, std::string& out) {
  if (kept_.line.empty()) return;
  const std::string_view line = kept_.line;
  out.append(line.substr(0, kept_.mark_at));
  if (commit) {
    out.append(R"(,"commit":true)");
  } else if (options_.output_xoffset) {
    out.append(R"(,"xoffset":)").append(std::to_string(kept_.xoffset));
  }
  out.append(line.substr(kept_.mark_at));
  kept_.line.clear();
}

void MaxwellFormatter::append_row(const TransactionInfo& transaction, const ChangeView& change,
                                  std::string& out) {
  release_kept(false, out);
  Table& table =
      tables_.find(*change.schema, [this](const Schema& schema) { return make_table(schema); });
  const RowView& row = change.op == Op::kDelete ? change.before : change.after;
  text_.put(table.start);
  text_.put(type_word(change.op));
  put_head(transaction, change);
  if (change.op == Op::kReadStart || change.op == Op::kReadEnd) {
    text_.put(",\"data\":{}}\n");
    out.append(text_.view());
    return;
  }
  if (options_.output_primary_keys) put_keys(table, row, change.before);
  if (options_.output_primary_key_columns) text_.put(table.key_columns);
  put_data(table, row, change.before);
  if (change.op == Op::kUpdate) put_old(table, change);
  text_.put("}\n");
  if (change.last || !options_.output_commit_info || is_of_snapshot(change.op)) {
    out.append(text_.view());
    return;
  }
  kept_.line.assign(text_.view());
  kept_.mark_at = mark_at_;
  kept_.xoffset = raw(change.offset) - raw(transaction.first_offset);
}

void MaxwellFormatter::put_head(const TransactionInfo& transaction, const ChangeView& change) {
  text_.put(R"(","ts":)");
  text_.number(change.ts_us / kSecondUs);
  if (options_.output_commit_info && !is_of_snapshot(change.op)) {
    if (transaction.id != 0) {
      text_.put(R"(,"xid":)");
      text_.number(transaction.id);
    }
    if (change.last) text_.put(R"(,"commit":true)");
  }
  mark_at_ = text_.size();
  put_position(transaction, change);
  if (options_.output_server_id) {
    text_.put(R"(,"server_id":)");
    text_.number(transaction.server_id);
  }
  if (options_.output_thread_id) {
    text_.put(R"(,"thread_id":)");
    text_.number(transaction.thread_id);
  }
  if (options_.output_schema_id) {
    text_.put(R"(,"schema_id":)");
    text_.number(static_cast<uint32_t>(change.schema->id()));
  }
}

void MaxwellFormatter::put_position(const TransactionInfo& transaction, const ChangeView& change) {
  if (options_.output_binlog_position) {
    text_.put(R"(,"position":)");
    text_.json_string(std::string(transaction.file) + ":" + std::to_string(change.source_pos));
  }
  if (!options_.output_gtid_position) return;
  text_.put(R"(,"gtid":)");
  if (transaction.gtid.empty()) {
    text_.put("null");
  } else {
    text_.json_string(transaction.gtid);
  }
}

void MaxwellFormatter::put_keys(const Table& table, const RowView& row, const RowView& fill) {
  text_.put(R"(,"primary_key":[)");
  for (const ColumnWriter* column : table.keys) {
    if (column != table.keys.front()) text_.put(',');
    const bool known = row.presence(column->index) != Presence::kUnavailable;
    put_value(*column, known ? row : fill, text_);
  }
  text_.put(']');
}

void MaxwellFormatter::put_data(const Table& table, const RowView& row, const RowView& fill) {
  text_.put(R"(,"data":{)");
  const size_t start = text_.size();
  bool partial = false;
  for (const ColumnWriter& column : table.columns) {
    if (row.presence(column.index) == Presence::kUnavailable) {
      partial = true;
    } else {
      put_member(column, row, start);
    }
  }
  // What only the image before the change knows comes last. An image leaves out only what did not
  // change.
  for (const ColumnWriter& column : table.columns) {
    if (!partial || fill.empty()) break;
    if (row.presence(column.index) != Presence::kUnavailable) continue;
    if (fill.presence(column.index) != Presence::kUnavailable) put_member(column, fill, start);
  }
  text_.put('}');
}

// `start`: where the object's first member stands.
void MaxwellFormatter::put_member(const ColumnWriter& column, const RowView& row, size_t start) {
  if (!options_.output_nulls && row.presence(column.index) == Presence::kNull) return;
  if (text_.size() != start) text_.put(',');
  text_.put(column.member);
  put_value(column, row, text_);
}

// Only what changed, and nothing at all when nothing did.
void MaxwellFormatter::put_old(const Table& table, const ChangeView& change) {
  const size_t before = text_.size();
  text_.put(R"(,"old":{)");
  const size_t start = text_.size();
  for (const ColumnWriter& column : table.columns) {
    if (change.before.presence(column.index) == Presence::kUnavailable) continue;
    if (change.after.presence(column.index) == Presence::kUnavailable) continue;
    if (same_value(change.before, change.after, *column.column, column.index)) continue;
    put_member(column, change.before, start);
  }
  if (text_.size() == start) {
    text_.truncate(before);
  } else {
    text_.put('}');
  }
}

void MaxwellFormatter::put_schema_change(const TransactionInfo& transaction,
                                         const ChangeView& change) {
  const std::string_view type = statement_type(change.statement);
  if (type.empty()) return;
  text_.put(R"({"type":")");
  text_.put(type);
  text_.put(R"(","database":)");
  text_.json_string(change.database);
  text_.put(R"(,"ts":)");
  text_.number(change.ts_us / kMilliUs);
  text_.put(R"(,"sql":)");
  text_.json_string(change.statement);
  put_position(transaction, change);
  text_.put("}\n");
}

}  // namespace tailwater::format
