#include "source/mysql/snapshot/snapshots.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log_line.h"
#include "db/mysql/quote.h"
#include "source/mysql/snapshot/key_literal.h"

namespace tailwater::mysql {
namespace {

// Whether the server understands the tables' conditions.
Status check_condition(const Endpoint& endpoint, const std::vector<SnapshotTable>& tables) {
  TW_ASSIGN(Connection connection, Connection::open(endpoint));
  for (const SnapshotTable& table : tables) {
    auto checked = connection.execute(fmt::format("SELECT 1 FROM {} WHERE ({}) LIMIT 0",
                                                  quote_name(table.name.database, table.name.table),
                                                  table.where));
    if (checked.has_value()) continue;
    Error error =
        std::move(checked).error().in("the condition does not fit " + table.name.describe());
    if (error.kind != ErrorKind::kRetry) error.kind = ErrorKind::kUserFix;
    return fail(std::move(error));
  }
  return {};
}

}  // namespace

Snapshots::Snapshots(SnapshotsOptions options, FileSystem& files, changelog::Writer& writer)
    : options_(std::move(options)), writer_(writer), files_(files, options_.folder) {}

Snapshots::~Snapshots() {
  leave();
}

Status Snapshots::enter(const Executed& executed, const ServerInfo& info, Start start,
                        const std::stop_token& stop) {
  info_ = info;
  stop_ = stop;
  if (!loaded_) TW_TRY(load(/*with_state=*/start != Start::kOver));
  TW_TRY(start == Start::kOver ? start_over() : add_initial(start == Start::kFresh));
  junction_.enter(executed);
  return look_after();
}

// What an earlier process left to be done.
Status Snapshots::load(bool with_state) {
  TW_ASSIGN(waiting_, files_.load());
  loaded_ = true;
  for (const SnapshotJob& job : waiting_) loaded_ids_.insert(job.id);
  if (!with_state || writer_.last_state().empty()) return {};
  TW_ASSIGN(const Progress::Stored stored, Progress::look_into(writer_.last_state()));
  const auto job = std::find_if(waiting_.begin(), waiting_.end(),
                                [&](const SnapshotJob& each) { return each.id == stored.id; });
  if (job == waiting_.end()) {
    writer_.set_state("");  // it was done, or cancelled
    return {};
  }
  const SnapshotJob resumed = *job;
  waiting_.erase(job);
  return start_job(resumed, writer_.last_state());
}

// Changes are missing behind what the changelog has: what was read before is worth nothing, and
// what was asked for and is not done begins anew. The new job is stored before the position moves,
// so a crash in between comes here again.
Status Snapshots::start_over() {
  TW_ASSIGN(SnapshotJob all, make_job({}));
  all.initial = true;
  TW_TRY(files_.store(all));
  if (snapshot_ != nullptr) {
    snapshot_->stop();
    waiting_.insert(waiting_.begin(), snapshot_->progress().job());
    junction_.set_taker(nullptr);
    const std::scoped_lock lock(mutex_);
    snapshot_.reset();
  }
  for (const SnapshotJob& job : waiting_) {
    if (job.initial) TW_TRY(files_.remove(job.id));
  }
  std::erase_if(waiting_, [](const SnapshotJob& job) { return job.initial; });
  waiting_.insert(waiting_.begin(), std::move(all));
  writer_.set_state("");
  return {};
}

void Snapshots::leave() {
  junction_.leave();
  if (snapshot_ != nullptr) snapshot_->stop();
}

// Which tables must be read before the stream's changes of them mean anything.
Status Snapshots::add_initial(bool fresh) {
  const bool wanted = options_.mode == SnapshotMode::kInitial ||
                      options_.mode == SnapshotMode::kOnly ||
                      (options_.mode == SnapshotMode::kWhenNeeded && fresh);
  if (!wanted) return {};
  TW_ASSIGN(std::set<std::string> known, files_.known_tables());
  const auto forget = [&](const SnapshotJob& job) {
    for (const SnapshotTable& table : job.tables) known.insert(table.name.describe());
  };
  for (const SnapshotJob& job : waiting_) {
    if (job.initial) forget(job);
  }
  if (snapshot_ != nullptr && snapshot_->progress().job().initial) {
    forget(snapshot_->progress().job());
  }
  TW_ASSIGN(SnapshotJob job, make_job({}));
  job.initial = true;
  if (!options_.order.empty() && known.empty()) TW_TRY(put_in_order(job));
  std::erase_if(job.tables,
                [&](const SnapshotTable& table) { return known.contains(table.name.describe()); });
  if (job.tables.empty()) return {};
  TW_TRY(files_.store(job));
  waiting_.push_back(std::move(job));
  return {};
}

Status Snapshots::put_in_order(SnapshotJob& job) const {
  std::vector<SnapshotTable> ordered;
  for (const std::string& name : options_.order) {
    const auto at =
        std::find_if(job.tables.begin(), job.tables.end(),
                     [&](const SnapshotTable& table) { return table.name.describe() == name; });
    if (at == job.tables.end()) {
      return fail(ErrorKind::kUserFix, fmt::format("there is no table {}", name),
                  "write database.table, exactly as the server does; a table on which the user has "
                  "no right is not seen");
    }
    ordered.push_back(*at);
  }
  job.tables = std::move(ordered);
  job.ordered = true;
  return {};
}

void Snapshots::tell(StreamEvent::Kind kind) const {
  if (options_.on_event) options_.on_event({.kind = kind});
}

Result<SnapshotJob> Snapshots::make_job(const SnapshotRequest& request) {
  TW_ASSIGN(const Selection asked, Selection::compile(request.tables, {}));
  TW_ASSIGN(Connection connection, Connection::open(options_.servers->current()));
  TW_ASSIGN(const auto names, list_tables(connection, [&](const TableName& name) {
              return options_.rules.tables.selects(name.database, name.table) &&
                     asked.selects(name.database, name.table);
            }));
  SnapshotJob job;
  {
    const std::scoped_lock lock(mutex_);
    last_id_ = std::max(static_cast<uint64_t>(Clock::system().now_us()), last_id_ + 1);
    job.id = last_id_;
  }
  job.audience = request.audience;
  for (const TableName& name : names) job.tables.push_back({name, request.where});
  return job;
}

bool Snapshots::needs_attention() const {
  const std::scoped_lock lock(mutex_);
  if (!asked_.empty() || !controls_.empty() || finished_) return true;
  return snapshot_ != nullptr && (snapshot_->done() || snapshot_->failure().has_value());
}

Status Snapshots::idle(const std::function<bool()>& has_input) {
  TW_TRY(look_after());
  return junction_.idle([&] { return has_input() || needs_attention(); }, stop_);
}

Status Snapshots::before_transaction(std::string_view file, uint64_t pos, const MysqlGtid* gtid) {
  if (!junction_.active()) [[likely]]
    return {};
  return junction_.before({file, pos, gtid}, stop_);
}

bool Snapshots::watches(const TableSchema& table) {
  return snapshot_ != nullptr && snapshot_->progress().being_read(table.full_name()).has_value();
}

// A row whose key changed may have left a part of the table that is still to be read, and come to
// one that was read before: nobody would then ever see all of it. So it is read once more.
Status Snapshots::row_moved(const Schema& schema, const RowView& before, const RowView& after) {
  if (snapshot_ == nullptr) return {};
  Progress& progress = snapshot_->progress();
  const auto table = progress.being_read(schema.table().full_name());
  if (!table) return {};
  progress.add_row(*table, row_condition(schema, before, after));
  writer_.set_state(progress.encode());  // counts from the commit of this transaction on
  return {};
}

// On the stream's thread, between two transactions.
Status Snapshots::look_after() {
  TW_TRY(take_controls());
  take_requests();
  if (snapshot_ != nullptr && snapshot_->running()) {
    if (auto failure = snapshot_->failure()) TW_TRY(fail_job(std::move(*failure)));
  }
  while (snapshot_ != nullptr && snapshot_->done()) {
    TW_TRY(end_job(true));
    TW_TRY(start_next());
  }
  TW_TRY(start_next());
  if (snapshot_ != nullptr && !paused_) snapshot_->start(options_.servers->current(), info_);
  finished_ = options_.mode == SnapshotMode::kOnly && snapshot_ == nullptr;
  return {};
}

Status Snapshots::start_next() {
  if (snapshot_ != nullptr || waiting_.empty()) return {};
  SnapshotJob job = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  return start_job(std::move(job), "");
}

Status Snapshots::start_job(SnapshotJob job, const std::string& state) {
  std::unique_ptr<Progress> progress;
  if (state.empty()) {
    progress = std::make_unique<Progress>(std::move(job));
  } else {
    TW_ASSIGN(progress, Progress::resume(std::move(job), state));
  }
  log_lines().info("snapshot {} of {} tables {}", progress->job().id, progress->job().tables.size(),
                   state.empty() ? "starts" : "goes on");
  SnapshotOptions options;
  options.reader = {options_.servers->current(), info_, options_.chunk_bytes,
                    options_.rules.columns};
  options.readers = options_.readers;
  writer_.set_state(progress->encode());
  auto snapshot =
      std::make_unique<Snapshot>(std::move(options), std::move(progress), junction_, writer_);
  junction_.set_taker(snapshot.get());
  {
    const std::scoped_lock lock(mutex_);
    paused_ = snapshot->progress().job().paused;
    snapshot_ = std::move(snapshot);
  }
  tell(StreamEvent::Kind::kSnapshotStarted);
  return {};
}

// All that it read is durable before the job is forgotten.
Status Snapshots::end_job(bool keep_tables) {
  snapshot_->stop();
  TW_TRY(writer_.flush());
  const SnapshotJob& job = snapshot_->progress().job();
  if (keep_tables && job.initial) TW_TRY(files_.add_known_tables(job.tables));
  TW_TRY(files_.remove(job.id));
  SnapshotStatus status = snapshot_->status();
  status.ended_us = Clock::system().steady_us();
  if (keep_tables) {
    log_lines().info("snapshot {} is complete: {} tables, {} rows", job.id, status.tables,
                     status.rows);
  }
  writer_.set_state("");
  junction_.set_taker(nullptr);
  {
    const std::scoped_lock lock(mutex_);
    last_ = status;
    snapshot_.reset();
  }
  if (keep_tables) tell(StreamEvent::Kind::kSnapshotFinished);
  return {};
}

// What the stream cannot do without ends it. A snapshot that was asked for is given up.
Status Snapshots::fail_job(Error error) {
  if (snapshot_->progress().job().initial) {
    snapshot_->stop();
    return fail(std::move(error).in("snapshot"));
  }
  log_lines().error("snapshot {} failed: {}", snapshot_->progress().job().id, error.describe());
  return end_job(false);
}

void Snapshots::take_requests() {
  const std::scoped_lock lock(mutex_);
  for (SnapshotJob& job : asked_) {
    // What was asked for before the files were read was among them.
    if (!loaded_ids_.contains(job.id)) waiting_.push_back(std::move(job));
  }
  asked_.clear();
}

Status Snapshots::take_controls() {
  std::vector<Source::SnapshotControl> controls;
  {
    const std::scoped_lock lock(mutex_);
    controls.swap(controls_);
  }
  for (const Source::SnapshotControl control : controls) TW_TRY(take_control(control));
  return {};
}

Status Snapshots::take_control(Source::SnapshotControl control) {
  if (snapshot_ == nullptr) return {};
  if (control == Source::SnapshotControl::kCancel) {
    log_lines().info("snapshot {} is cancelled", snapshot_->progress().job().id);
    return end_job(false);
  }
  const bool pause = control == Source::SnapshotControl::kPause;
  SnapshotJob job = snapshot_->progress().job();
  job.paused = pause;
  TW_TRY(files_.store(job));
  if (pause) snapshot_->stop();
  const std::scoped_lock lock(mutex_);
  paused_ = pause;
  return {};
}

// What is asked for is checked, and kept, before the answer: it is then not lost by a crash.
Result<uint64_t> Snapshots::request(const SnapshotRequest& request) {
  TW_ASSIGN(SnapshotJob job, make_job(request));
  if (job.tables.empty()) {
    return fail(ErrorKind::kUserFix, "no captured table matches",
                "name tables as database.table, or by a regular expression, within table_include");
  }
  if (!request.where.empty()) TW_TRY(check_condition(options_.servers->current(), job.tables));
  TW_TRY(files_.store(job));
  const uint64_t id = job.id;
  {
    const std::scoped_lock lock(mutex_);
    asked_.push_back(std::move(job));
  }
  junction_.wake();
  return id;
}

Status Snapshots::control(Source::SnapshotControl control) {
  {
    const std::scoped_lock lock(mutex_);
    if (snapshot_ == nullptr) {
      return fail(ErrorKind::kNotFound, "no snapshot runs",
                  "`tailwater snapshot TABLE…` starts one");
    }
    controls_.push_back(control);
  }
  junction_.wake();
  return {};
}

std::optional<SnapshotStatus> Snapshots::status() const {
  const std::scoped_lock lock(mutex_);
  if (snapshot_ == nullptr) return last_;
  SnapshotStatus status = snapshot_->status();
  if (paused_ && status.state == SnapshotStatus::State::kReading) {
    status.state = SnapshotStatus::State::kPaused;
  }
  return status;
}

}  // namespace tailwater::mysql
