// XA transactions: what one changes waits in a spool beside the changelog from its XA PREPARE to
// its XA COMMIT, which may come much later, from another session, after restarts of either side.
// docs/binlog_events.md, "XA transactions", says what the binlog holds of them.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/cursor.h"
#include "base/log_line.h"
#include "source/mysql/binlog/control_events.h"
#include "source/mysql/capture.h"
#include "source/mysql/xa_id.h"
#include "transform/mask.h"

namespace tailwater::mysql {
namespace {

// Whether the first change of a run lacks a column: its event then has not all of its rows.
bool is_partial(const changelog::SpoolRun& run) {
  Cursor cursor(run.images);
  cursor.skip(cursor.le<uint32_t>());
  const RowView after(run.schema->layout(), cursor.take(cursor.le<uint32_t>()));
  if (!cursor.ok()) return false;
  for (size_t i = 0; i < run.schema->columns().size(); ++i) {
    if (after.presence(i) == Presence::kUnavailable) return true;
  }
  return false;
}

}  // namespace

// From here on the changes of the open transaction go to a spool.
Status Capture::start_xa() {
  explicit_ = true;
  if (finished_ || (skipped_ && !keep_prepared_)) return {};
  if (started_) {
    return fail(ErrorKind::kCorrupt, "XA START inside a transaction that has changes");
  }
  TW_ASSIGN(spool_, writer_.open_spool());
  out_ = spool_.get();
  started_ = true;
  xa_skipped_ = std::exchange(skipped_, false);
  return {};
}

// What follows goes to the changelog again.
std::unique_ptr<changelog::Spool> Capture::leave_spool() {
  out_ = &writer_;
  started_ = false;
  return std::move(spool_);
}

Status Capture::on_xa_statement(const Event& event, const QueryEvent& query) {
  if (!in_transaction_) {
    TW_TRY(begin(event.header, 0));
    begin_ts_us_ = int64_t{event.header.timestamp_s} * 1'000'000;
    if (finished_) return {};
  }
  thread_id_ = query.thread_id;
  TW_ASSIGN(const XaStatement statement, parse_xa_statement(query.statement));
  const bool ends = statement.kind == XaStatement::Kind::kCommit ||
                    statement.kind == XaStatement::Kind::kRollback;
  if (statement.kind == XaStatement::Kind::kCommit) executed_.note_xa_commit(statement.id);
  if (skipped_ && ends) {
    if (keep_prepared_) writer_.end_prepared(statement.id);
    return commit(event.header, 0);
  }
  switch (statement.kind) {
    case XaStatement::Kind::kStart:
      return start_xa();
    case XaStatement::Kind::kEnd:
      return {};
    case XaStatement::Kind::kCommit:
      return commit_xa(event.header, statement.id, query);
    case XaStatement::Kind::kRollback:
      writer_.end_prepared(statement.id);
      return commit(event.header, 0);
  }
  return {};
}

Status Capture::on_xa_prepare(const Event& event) {
  TW_ASSIGN(const XaPrepare prepare, parse_xa_prepare(event));
  if (skipped_) return commit(event.header, 0);
  if (spool_ == nullptr) return fail(ErrorKind::kCorrupt, "an XA PREPARE without its XA START");
  auto spool = leave_spool();
  skipped_ = xa_skipped_;
  if (prepare.one_phase) {
    if (!skipped_) TW_TRY(copy_spool(*spool, nullptr));
    return commit(event.header, 0);
  }
  TW_ASSIGN(std::string id, xa_id(prepare.format_id, prepare.gtrid, prepare.bqual));
  if (writer_.find_prepared(id) != nullptr) {
    log_lines().warn(
        "{}: the XA transaction {} is prepared again: the server has forgotten the "
        "first one, and so its changes are dropped",
        where(), id);
  }
  changelog::SpoolInfo info;
  info.id = std::move(id);
  info.gtid = gtid_text();
  info.file = file_;
  info.start_pos = start_pos_;
  info.thread_id = thread_id_;
  info.prepared_ts_us =
      commit_ts_us_ != 0 ? commit_ts_us_ : int64_t{event.header.timestamp_s} * 1'000'000;
  TW_TRY(writer_.prepare(std::move(spool), info));
  return commit(event.header, 0);
}

// The changes of a prepared transaction become one of the changelog: with the GTID, the place and
// the time of its commit.
Status Capture::commit_xa(const EventHeader& header, const std::string& id,
                          const QueryEvent& query) {
  changelog::Spool* const spool = writer_.find_prepared(id);
  if (spool == nullptr) {
    return commit_unknown(header, query,
                          "its XA PREPARE lies before the place where reading started");
  }
  thread_id_ = spool->info().thread_id;
  auto copied = copy_spool(*spool, &event_pos_);
  if (!copied.has_value()) {
    if (copied.error().kind != ErrorKind::kCorrupt) return copied;
    const std::string why = copied.error().describe();
    TW_TRY(take_back());
    writer_.end_prepared(id);
    return commit_unknown(header, query, why);
  }
  writer_.end_prepared(id);
  return commit(header, 0);
}

Status Capture::copy_spool(changelog::Spool& spool, const uint64_t* source_pos) {
  TW_ASSIGN(auto reader, writer_.read_spool(spool));
  for (;;) {
    TW_ASSIGN(auto run, reader.next());
    if (!run) return {};
    TW_TRY(ensure_started());
    if (gate_ != nullptr) TW_TRY(watch_run(*run));
    // The places of its events may be in another file than the commit.
    if (source_pos != nullptr) run->header.source_pos = *source_pos;
    TW_TRY(changelog::append_run(writer_, *run));
  }
}

// A snapshot that runs now may not have run when the transaction was prepared.
Status Capture::watch_run(const changelog::SpoolRun& run) {
  if (run.schema == nullptr || run.header.op != Op::kUpdate) return {};
  const TableSchema& table = run.schema->table();
  if (!gate_->watches(table) || !is_partial(run)) return {};
  // As with rows that are not spooled: a hidden key is not noted, and need not be.
  const auto chosen = tables_.rules().columns.select(table);
  const auto hidden = [&](uint32_t column) {
    return column < chosen->masks.size() && chosen->masks[column].kind() != Mask::Kind::kNone;
  };
  if (!chosen.has_value() || std::ranges::any_of(table.key_columns, hidden)) return {};
  return watch_moves(*run.schema, run.images);
}

// XA COMMIT of changes that were never seen, or are lost.
Status Capture::commit_unknown(const EventHeader& header, const QueryEvent& query,
                               const std::string& why) {
  statement_.assign(query.statement);
  if (on_statement_ == OnStatement::kStop) {
    return fail(ErrorKind::kResync,
                fmt::format("{:.300} commits changes that are not known: {}", statement_, why),
                "start anew, in an empty data folder, at a place before its XA PREPARE; or set "
                "on_statement = \"record\" to go on without these changes, and take the tables "
                "that they are of anew with a snapshot");
  }
  TW_TRY(ensure_started());
  TW_TRY(writer_.add_statement({.op = Op::kStatement,
                                .source_pos = event_pos_,
                                .ts_us = int64_t{header.timestamp_s} * 1'000'000,
                                .first_ordinal = 0},
                               query.database, statement_));
  log_lines().warn("{}: {:.300} is recorded, but not the changes that it commits: {}", where(),
                   statement_, why);
  return commit(header, 0);
}

}  // namespace tailwater::mysql
