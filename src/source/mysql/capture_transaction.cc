// Transactions: begin, rows, savepoints, commit.
#include <algorithm>

#include <fmt/format.h>

#include "base/log_line.h"
#include "model/value_text.h"
#include "source/mysql/binlog/control_events.h"
#include "source/mysql/binlog/gtid_event.h"
#include "source/mysql/binlog/query_event.h"
#include "source/mysql/capture.h"
#include "source/mysql/ddl/named_tables.h"
#include "source/mysql/schema/ddl_session.h"
#include "source/mysql/statement_kind.h"

namespace tailwater::mysql {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

int64_t timestamp_us(const EventHeader& header) {
  return int64_t{header.timestamp_s} * kSecondUs;
}

Op op_of(RowsKind kind) {
  switch (kind) {
    case RowsKind::kWrite:
      return Op::kInsert;
    case RowsKind::kUpdate:
      return Op::kUpdate;
    case RowsKind::kDelete:
      return Op::kDelete;
  }
  return Op::kInsert;
}

}  // namespace

Status Capture::begin(const EventHeader& header, int64_t commit_ts_us, const MysqlGtid* gtid) {
  if (in_transaction_) {
    return fail(ErrorKind::kCorrupt, "a transaction starts inside another one");
  }
  if (gate_ != nullptr) TW_TRY(gate_->before_transaction(file_, event_pos_, gtid));
  const int64_t ts_us = commit_ts_us != 0 ? commit_ts_us : timestamp_us(header);
  if (end_.timestamp_us && ts_us >= *end_.timestamp_us) {
    finished_ = true;
    return {};
  }
  if (skip_to_us_ && ts_us >= *skip_to_us_) skip_to_us_.reset();
  skipped_ = skip_to_pos_.has_value() || skip_to_us_.has_value();
  in_transaction_ = true;
  explicit_ = false;
  alters_nothing_ = false;
  started_ = false;
  start_pos_ = event_pos_;
  server_id_ = header.server_id;
  commit_ts_us_ = commit_ts_us;
  thread_id_ = 0;
  ordinal_ = 0;
  mysql_gtid_.reset();
  mariadb_gtid_.reset();
  if (!savepoints_.empty()) savepoints_.clear();
  return {};
}

// Valid until the next call.
std::string_view Capture::gtid_text() {
  gtid_text_.clear();
  if (mysql_gtid_) gtid_text_ = mysql_gtid_->describe();
  if (mariadb_gtid_) gtid_text_ = mariadb_gtid_->describe();
  return gtid_text_;
}

Status Capture::ensure_started() {
  if (started_) return {};
  TW_TRY(writer_.begin({.gtid = gtid_text(),
                        .file = file_,
                        .start_pos = start_pos_,
                        .thread_id = thread_id_,
                        .server_id = server_id_,
                        .ts_us = begin_ts_us_}));
  started_ = true;
  return {};
}

Status Capture::on_mysql_gtid(const Event& event) {
  TW_ASSIGN(MysqlGtidEvent gtid, parse_mysql_gtid(event));
  TW_TRY(begin(event.header, gtid.immediate_commit_us, gtid.gtid ? &*gtid.gtid : nullptr));
  begin_ts_us_ = timestamp_us(event.header);
  mysql_gtid_ = std::move(gtid.gtid);
  return {};
}

Status Capture::on_mariadb_gtid(const Event& event) {
  TW_ASSIGN(const MariadbGtidEvent gtid, parse_mariadb_gtid_event(event));
  TW_TRY(begin(event.header, 0));
  begin_ts_us_ = timestamp_us(event.header);
  mariadb_gtid_ = gtid.gtid;
  explicit_ = !gtid.standalone();
  alters_nothing_ = gtid.alters_nothing();
  if (gtid.thread_id) thread_id_ = *gtid.thread_id;
  return (gtid.flags & MariadbGtidEvent::kPreparedXa) != 0 ? start_xa() : Status();
}

Status Capture::on_query(const Event& event) {
  TW_ASSIGN(const QueryEvent query, parse_query(event, format_, unpacked_));
  const Statement statement = classify_statement(query.statement);
  switch (statement.kind) {
    case StatementKind::kBegin:
      if (!in_transaction_) {
        TW_TRY(begin(event.header, 0));
        begin_ts_us_ = timestamp_us(event.header);
      }
      explicit_ = true;
      thread_id_ = query.thread_id;
      return {};
    case StatementKind::kCommit:
      return commit(event.header, 0);
    case StatementKind::kRollback:
      return rollback(event.header);
    case StatementKind::kSavepoint:
      return savepoint(statement.savepoint);
    case StatementKind::kRollbackTo:
      return rollback_to(statement.savepoint);
    case StatementKind::kXa:
      return on_xa_statement(event, query);
    case StatementKind::kRowChange:
      return add_statement(event.header, query);
    case StatementKind::kSchemaChange:
    case StatementKind::kTruncate:
    case StatementKind::kOther:
      return on_schema_statement(event.header, query, statement.kind);
  }
  return {};
}

Status Capture::on_load_data(const Event& event) {
  TW_ASSIGN(const QueryEvent query, parse_query(event, format_, unpacked_));
  return add_statement(event.header, query);
}

// Rows that only a server could tell, by running the statement on the very same tables.
Status Capture::add_statement(const EventHeader& header, const QueryEvent& query) {
  const bool alone = !in_transaction_ || !explicit_;
  if (!in_transaction_) {
    TW_TRY(begin(header, 0));
    begin_ts_us_ = timestamp_us(header);
    if (finished_) return {};
  }
  thread_id_ = query.thread_id;
  if (!skipped_) {
    statement_.clear();
    append_statement(query, statement_);
    // Where columns are to be hidden, the statement's values must not be shown either.
    if (tables_.rules().columns.hides()) statement_ = "(not shown: columns are hidden)";
    if (on_statement_ == OnStatement::kStop) {
      return fail(refused_statement());
    }
    TW_TRY(ensure_started());
    TW_TRY(out_->add_statement({.op = Op::kStatement,
                                .source_pos = event_pos_,
                                .ts_us = timestamp_us(header),
                                .first_ordinal = ordinal_},
                               query.database, statement_));
    ++statements_;
    const bool worth_a_line = (statements_ & (statements_ - 1)) == 0;
    if (worth_a_line) {
      log_lines().warn(
          "{}: a statement is recorded, but not the rows that it changed ({} so far): "
          "{:.100}",
          where(), statements_, statement_);
    }
  }
  ++ordinal_;
  return alone ? commit(header, query.xid.value_or(0)) : Status{};
}

Error Capture::refused_statement() const {
  return {ErrorKind::kUserFix,
          fmt::format("the binlog holds a change as a statement, not as rows: {:.100}", statement_),
          {},
          "SET GLOBAL binlog_format = 'ROW', reconnect the application, and start after this "
          "place; or set on_statement = \"record\" to pass over such statements"};
}

// A statement about tables, or one that has no kind of its own: the parser of such statements
// tells.
Status Capture::on_schema_statement(const EventHeader& header, const QueryEvent& query,
                                    StatementKind kind) {
  const bool alone = !in_transaction_ || !explicit_;
  if (!in_transaction_ && kind != StatementKind::kOther) {
    TW_TRY(begin(header, 0));
    begin_ts_us_ = timestamp_us(header);
    if (finished_) return {};
  }
  if (!skipped_ && !alters_nothing_) {
    const Op op = kind == StatementKind::kTruncate ? Op::kTruncate : Op::kSchemaChange;
    TW_TRY(follow_schema_statement(header, query, op));
  }
  return in_transaction_ && alone ? commit(header, query.xid.value_or(0)) : Status{};
}

// `op`: kSchemaChange or kTruncate, which the rules tell apart; both are kept as statements.
Status Capture::follow_schema_statement(const EventHeader& header, const QueryEvent& query, Op op) {
  statement_.clear();
  append_statement(query, statement_);
  const DdlSession session = ddl_session(query, format_);
  const SchemaStatement parsed = parse_schema_statement(statement_, session);
  if (std::holds_alternative<OtherStatement>(parsed)) return {};
  if (!in_transaction_) {
    TW_TRY(begin(header, 0));
    begin_ts_us_ = timestamp_us(header);
    if (finished_ || skipped_) return {};
  }
  thread_id_ = query.thread_id;
  StatementPlace place{{}, executed_.server(), {file_, next_pos_}};
  if (mysql_gtid_) place.gtid = mysql_gtid_->describe();
  if (mariadb_gtid_) place.gtid = mariadb_gtid_->describe();
  TW_ASSIGN(const auto changes, resolver_.apply({statement_, session, std::move(place)}, parsed));
  tables_.clear();
  if (!tables_.rules().skipped.skips(op) && concerns_us(parsed, changes)) {
    TW_TRY(ensure_started());
    TW_TRY(out_->add_statement({.op = Op::kSchemaChange,
                                .source_pos = event_pos_,
                                .ts_us = timestamp_us(header),
                                .first_ordinal = ordinal_},
                               query.database, statement_));
  }
  ++ordinal_;
  return {};
}

// Whether a statement is about a table that is captured, a database, or nobody knows what.
bool Capture::concerns_us(const SchemaStatement& parsed,
                          const std::vector<SchemaChange>& changes) const {
  const NamedTables named = named_tables(parsed);
  const auto is_ours = [this](const TableName& name) {
    return name.table.empty() || tables_.rules().tables.selects(name.database, name.table);
  };
  if (named.any || std::ranges::any_of(named.names, is_ours)) return true;
  return std::ranges::any_of(changes, [&](const SchemaChange& change) {
    return is_ours(change.name) || (!change.old_name.table.empty() && is_ours(change.old_name));
  });
}

Status Capture::on_xid(const Event& event) {
  TW_ASSIGN(const uint64_t xid, parse_xid(event));
  return commit(event.header, xid);
}

Status Capture::on_rows(const Event& event) {
  if (!in_transaction_) {
    // Only binlogs that were cut, or whose start was skipped, have rows outside of a transaction.
    TW_TRY(begin(event.header, 0));
    begin_ts_us_ = timestamp_us(event.header);
    explicit_ = true;
    if (finished_) return {};
  }
  if (skipped_) return {};
  TW_ASSIGN(const RowsEvent rows, parse_rows(event, format_, unpacked_));
  if (rows.table_id == RowsEvent::kDummyTableId) return {};
  CachedTable* table = tables_.find(rows.table_id);
  if (table == nullptr) {
    return fail(ErrorKind::kCorrupt,
                fmt::format("rows of table id {} come without a table map", rows.table_id));
  }
  auto appended = append_rows(event.header, rows, *table);
  if (!appended.has_value()) return fail(std::move(appended).error().in(table->name));
  return {};
}

Status Capture::on_fragment(const Event& event) {
  if (skipped_) return {};
  if (!fragments_.open()) fragments_pos_ = event_pos_;
  TW_ASSIGN(const auto whole, fragments_.take(event));
  if (!whole) return {};
  event_pos_ = fragments_pos_;
  return on_rows(*whole);
}

Status Capture::append_rows(const EventHeader& header, const RowsEvent& rows, CachedTable& table) {
  if (rows.columns != table.plan.columns()) {
    return fail(ErrorKind::kCorrupt, fmt::format("rows of {} columns where the table map has {}",
                                                 rows.columns, table.plan.columns()));
  }
  const bool update = rows.kind == RowsKind::kUpdate;
  TW_ASSIGN(
      const ImagePlan* first,
      table.plan.image(rows.kind == RowsKind::kWrite ? rows.after_columns : rows.before_columns));
  const ImagePlan* second = nullptr;
  if (update) {
    TW_ASSIGN(second, table.plan.image(rows.after_columns));
  }
  const Op op = op_of(rows.kind);
  if (!table.selected || tables_.rules().skipped.skips(op)) {
    return step_over(*first, second, rows);
  }
  TW_TRY(ensure_started());
  TW_TRY(out_->start_rows({.op = op,
                           .source_pos = event_pos_,
                           .ts_us = timestamp_us(header),
                           .first_ordinal = ordinal_,
                           .first_source_row = 0},
                          table.masker ? table.masker->masked() : table.plan.schema()));
  if (table.masker) [[unlikely]] {
    TW_TRY(append_masked(*first, second, rows, *table.masker));
  } else {
    TW_TRY(append_taken(*first, second, rows));
  }
  return out_->end_rows();
}

Status Capture::append_taken(const ImagePlan& first, const ImagePlan* second,
                             const RowsEvent& rows) {
  const bool watched = is_watched(first, second);
  for (Bytes left = rows.rows; !left.empty();) {
    const size_t images_at = out_->image_buffer().size();
    const RowsTaken taken =
        rows.partial
            ? transcode_partial_rows(first, *second, left, out_->split_bytes(),
                                     out_->image_buffer(), documents_)
            : transcode_rows(first, second, left, out_->split_bytes(), out_->image_buffer());
    ordinal_ += taken.rows;
    if (watched) TW_TRY(watch_moves(*first.schema, out_->image_buffer().view(images_at)));
    const bool full = out_->close_changes(taken.rows);
    if (!taken.sound) return damage_of(first, second, rows);
    if (full) TW_TRY(out_->split());
  }
  return {};
}

// Rows as the source has them stay in our own memory; the changelog gets only what the masker
// makes.
Status Capture::append_masked(const ImagePlan& first, const ImagePlan* second,
                              const RowsEvent& rows, RowMasker& masker) {
  // The place of a row is noted by its key; a table with a hidden key is read in one go, and needs
  // none.
  const auto& key = first.schema->table().key_columns;
  const bool hidden_key =
      std::any_of(key.begin(), key.end(), [&](uint32_t column) { return masker.masks(column); });
  const bool watched = !hidden_key && is_watched(first, second);
  for (Cursor cursor(rows.rows); !cursor.at_end(); ++ordinal_) {
    scratch_.clear();
    TW_TRY(take_image(first, false, rows, cursor));
    const size_t after_at = scratch_.size();
    if (second != nullptr) TW_TRY(take_image(*second, true, rows, cursor));
    mask_image(first, masker, 0);
    if (second != nullptr) mask_image(*second, masker, after_at);
    if (watched) TW_TRY(watch_moves(*first.schema, scratch_.view()));
    TW_TRY(out_->end_change());
  }
  return {};
}

// Appends the next image, after its length, to our own memory.
Status Capture::take_image(const ImagePlan& plan, bool after, const RowsEvent& rows,
                           Cursor& cursor) {
  const size_t at = scratch_.size();
  scratch_.put<uint32_t>(0);
  if (!rows.partial) {
    TW_TRY(transcode_image(plan, cursor, scratch_));
  } else if (after) {
    TW_TRY(transcode_partial_image(plan, cursor, scratch_, documents_));
  } else {
    TW_TRY(transcode_before_image(plan, cursor, scratch_, documents_));
  }
  store<uint32_t>(scratch_.data() + at,
                  static_cast<uint32_t>(scratch_.size() - at - sizeof(uint32_t)));
  return {};
}

// The masked form of the image that stands at a place of our memory.
void Capture::mask_image(const ImagePlan& plan, RowMasker& masker, size_t at) {
  const auto bytes = load<uint32_t>(scratch_.data() + at);
  const Bytes image = scratch_.view(at + sizeof(uint32_t)).first(bytes);
  out_->begin_image();
  masker.append(RowView(plan.schema->layout(), image), out_->image_buffer());
  out_->end_image();
}

// Whether a snapshot wants to know of rows whose key an update changes: such a row must be read
// when the update does not have all of it.
bool Capture::is_watched(const ImagePlan& first, const ImagePlan* second) const {
  const bool partial = second != nullptr && second->sent < first.steps.size();
  return partial && gate_ != nullptr && spool_ == nullptr && gate_->watches(first.schema->table());
}

// Looks for updates that change the key, and tells of them.
Status Capture::watch_moves(const Schema& schema, Bytes images) {
  std::string old_text;
  std::string new_text;
  const auto differs = [&](const RowView& before, const RowView& after) {
    for (const uint32_t column : schema.table().key_columns) {
      if (after.presence(column) != Presence::kPresent) continue;
      old_text.clear();
      new_text.clear();
      append_value_text(old_text, before, schema, column);
      append_value_text(new_text, after, schema, column);
      if (old_text != new_text) return true;
    }
    return false;
  };
  for (Cursor cursor(images); cursor.ok() && !cursor.at_end();) {
    const RowView before(schema.layout(), cursor.take(cursor.le<uint32_t>()));
    const RowView after(schema.layout(), cursor.take(cursor.le<uint32_t>()));
    if (cursor.ok() && differs(before, after)) TW_TRY(gate_->row_moved(schema, before, after));
  }
  return {};
}

// Ordinals count what the source sent, whatever is selected: rows that are not kept are counted.
Status Capture::step_over(const ImagePlan& first, const ImagePlan* second, const RowsEvent& rows) {
  for (Cursor cursor(rows.rows); !cursor.at_end(); ++ordinal_) {
    scratch_.clear();
    if (rows.partial) {
      TW_TRY(transcode_before_image(first, cursor, scratch_, documents_));
      TW_TRY(transcode_partial_image(*second, cursor, scratch_, documents_));
      continue;
    }
    TW_TRY(transcode_image(first, cursor, scratch_));
    if (second != nullptr) TW_TRY(transcode_image(*second, cursor, scratch_));
  }
  return {};
}

// Says which column of an event's rows is damaged.
Status Capture::damage_of(const ImagePlan& first, const ImagePlan* second, const RowsEvent& rows) {
  TW_TRY(step_over(first, second, rows));
  return fail(ErrorKind::kBug, "a row was refused and then read");
}

Status Capture::savepoint(const std::string& name) {
  if (!in_transaction_ || skipped_) return {};
  Savepoint point{started_, 0, ordinal_};
  if (started_) {
    TW_ASSIGN(point.mark, out_->mark());
  }
  savepoints_[name] = point;
  return {};
}

Status Capture::rollback_to(const std::string& name) {
  if (!in_transaction_ || skipped_) return {};
  const auto at = savepoints_.find(name);
  if (at == savepoints_.end()) {
    return fail(ErrorKind::kCorrupt, fmt::format("a rollback to the unknown savepoint '{}'", name));
  }
  ordinal_ = at->second.ordinal;
  if (!started_) return {};
  if (at->second.started) return out_->rewind(at->second.mark);
  return take_back();
}

// The binlog holds a transaction that ends in ROLLBACK when it could not be left out whole; with
// row-based logging the rows in it are those that were rolled back.
Status Capture::rollback(const EventHeader& header) {
  if (!in_transaction_) return {};
  TW_TRY(take_back());
  return commit(header, 0);
}

// What the open transaction changed.
Status Capture::take_back() {
  if (!started_) return {};
  if (spool_ != nullptr) {
    leave_spool();  // and it is gone
    return {};
  }
  started_ = false;
  return writer_.abort();
}

Status Capture::commit(const EventHeader& header, uint64_t xid) {
  if (!in_transaction_) return {};
  if (spool_ != nullptr) return fail(ErrorKind::kCorrupt, "a COMMIT ends an XA transaction");
  last_ts_us_ = commit_ts_us_ != 0 ? commit_ts_us_ : timestamp_us(header);
  in_transaction_ = false;
  executed_.commit(file_, next_pos_, mysql_gtid_, mariadb_gtid_);
  if (started_) {
    started_ = false;
    TW_TRY(writer_.commit(
        {.end_pos = next_pos_, .id = xid, .thread_id = thread_id_, .commit_ts_us = last_ts_us_}));
  } else if (!skipped_) {
    // What is skipped leaves no trace: a restart must begin at the same place again.
    TW_TRY(writer_.advance(file_, next_pos_, last_ts_us_));
  }
  skipped_ = false;
  check_end();
  return {};
}

Status Capture::drop_open() {
  fragments_.drop();
  in_transaction_ = false;
  skipped_ = false;
  return take_back();
}

}  // namespace tailwater::mysql
