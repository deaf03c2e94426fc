#include "source/mysql/mysql_source.h"

#include <condition_variable>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log_line.h"
#include "base/text.h"
#include "db/mysql/connection.h"
#include "db/mysql/dump_stream.h"
#include "db/mysql/server_id.h"
#include "db/mysql/server_info.h"
#include "source/mysql/binlog/event.h"
#include "source/mysql/prepared_start.h"
#include "source/mysql/start.h"

namespace tailwater::mysql {
namespace {

// How often a busy stream looks for a stop, at the clock and at the log's room: a few megabytes of
// rows.
constexpr uint32_t kEventsPerLook = 512;

std::string describe_server(const ServerInfo& info, const Endpoint& endpoint) {
  return fmt::format("{} at {}", info.describe(), endpoint.describe());
}

// Whether a stream has come to where the binlog ended.
bool has_reached(const Executed& executed, const CaptureEnd& end) {
  if (end.binlog) return compare_binlog(executed.binlog(), *end.binlog) >= 0;
  if (!end.mariadb_gtids) return false;
  const auto& domains = executed.mariadb_gtids().domains();
  for (const auto& [domain, gtid] : end.mariadb_gtids->domains()) {
    const auto at = domains.find(domain);
    if (at == domains.end() || at->second.sequence < gtid.sequence) return false;
  }
  return true;
}

// Whether it opens a transaction, of which nothing is captured before the next event.
bool is_gtid(EventType type) {
  return type == EventType::kGtid || type == EventType::kGtidTagged ||
         type == EventType::kAnonymousGtid || type == EventType::kMariadbGtid;
}

}  // namespace

MysqlSource::MysqlSource(MysqlSourceOptions options, FileSystem& files, changelog::Writer& writer)
    : options_(std::move(options)),
      servers_(options_.endpoints),
      writer_(writer),
      schemas_(files, options_.history_folder),
      snapshots_(snapshots_options(), files, writer),
      backoff_(options_.retry_min_us, options_.retry_max_us) {}

MysqlSource::~MysqlSource() = default;

SnapshotsOptions MysqlSource::snapshots_options() const {
  SnapshotsOptions options;
  options.servers = &servers_;
  options.mode = options_.snapshot;
  options.rules = options_.rules;
  options.folder = options_.snapshot_folder;
  options.readers = options_.snapshot_readers;
  options.chunk_bytes = options_.snapshot_chunk_bytes;
  options.order = options_.snapshot_order;
  options.on_event = options_.on_event;
  return options;
}

Result<std::unique_ptr<MysqlSource>> MysqlSource::make(MysqlSourceOptions options,
                                                       FileSystem& files,
                                                       changelog::Writer& writer) {
  std::unique_ptr<MysqlSource> source(new MysqlSource(std::move(options), files, writer));
  if (!source->options_.schema_file.empty()) {
    TW_TRY(source->schemas_.load_given(source->options_.schema_file));
  }
  return source;
}

Status MysqlSource::run(std::stop_token stop) {
  last_streamed_us_ = Clock::system().steady_us();
  round_ = {};
  set_watch(options_.watch_end);
  Status result = run_until_ended(stop);
  set_watch(false);
  return result;
}

void MysqlSource::set_watch(bool wanted) {
  auto watch = wanted ? std::make_unique<BinlogWatch>(servers_) : nullptr;
  const std::scoped_lock lock(mutex_);
  watch_.swap(watch);
}

Status MysqlSource::run_until_ended(const std::stop_token& stop) {
  for (;;) {
    Status streamed = connect_and_stream(stop);
    snapshots_.leave();
    leave_schemas();
    const Status dropped = writer_.abort();  // of a transaction that was cut
    if (stop.stop_requested()) {
      set_state(SourceStatus::State::kStopped);
      return {};
    }
    if (streamed.has_value() && !dropped.has_value()) streamed = dropped;
    if (!streamed.has_value()) {
      streamed = after_failure(std::move(streamed).error(), stop);
      if (streamed.has_value()) continue;
    }
    set_state(streamed.has_value() ? SourceStatus::State::kStopped : SourceStatus::State::kFailed,
              streamed.has_value() ? "" : streamed.error().describe());
    return streamed;
  }
}

// Says in the history of schemas how far it was kept. That this cannot be said costs nothing now.
void MysqlSource::leave_schemas() {
  if (!has_position_) return;
  const Status left = schemas_.leave(capture_->position());
  if (!left.has_value()) log_lines().warn("{}", left.error().describe());
}

// Whether passing trouble may still pass.
bool MysqlSource::patient() const {
  return Clock::system().steady_us() - last_streamed_us_ < options_.failover_timeout_us;
}

// No error: try again, at the server that is current now. A server that was lost is tried again
// before the others are, each of them once without a pause.
Status MysqlSource::after_failure(Error error, const std::stop_token& stop) {
  const bool passing = error.kind == ErrorKind::kRetry;
  const bool of_server = error.kind == ErrorKind::kResync || error.kind == ErrorKind::kUserFix;
  if (!passing && (streamed_ || !of_server || servers_.count() == 1)) return fail(std::move(error));
  if (streamed_) {
    wait_before_retry(stop, error);
    return {};
  }
  ++round_.tried;
  if (!passing) {
    ++round_.refusals;
    if (!round_.refused) round_.refused = error;
  }
  servers_.move_on();
  if (round_.tried < servers_.count()) {
    log_lines().warn("{}; trying {}", error.describe(), servers_.current().describe());
    return {};
  }
  const Round round = std::exchange(round_, {});
  if (round.refused && (round.refusals == round.tried || !patient())) return fail(*round.refused);
  wait_before_retry(stop, round.refused ? *round.refused : error);
  return {};
}

void MysqlSource::wait_before_retry(const std::stop_token& stop, const Error& error) {
  const int64_t pause_us = backoff_.next_us();
  tell({.kind = StreamEvent::Kind::kRetrying, .error = error, .retry_in_us = pause_us});
  log_lines().warn("{}; trying again in {}", error.describe(), describe_duration_us(pause_us));
  set_state(SourceStatus::State::kWaitingToRetry, error.describe());
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, std::chrono::microseconds(pause_us), [] { return false; });
  const std::scoped_lock status_lock(mutex_);
  ++status_.reconnects;
}

Status MysqlSource::connect_and_stream(const std::stop_token& stop) {
  set_state(SourceStatus::State::kConnecting);
  streamed_ = false;
  const Endpoint endpoint = servers_.current();
  TW_ASSIGN(Connection connection, Connection::open(endpoint));
  TW_ASSIGN(const ServerInfo info, read_server_info(connection));
  ResolvedStart start;
  TW_TRY(prepare_capture(connection, info, start, stop));
  Position first = start.capture.position;
  // Read from the file's head, and kept from this place on.
  if (start.capture.skip_to_pos) first.binlog.pos = *start.capture.skip_to_pos;
  const bool fresh = start_kind_ != Snapshots::Start::kGoesOn;
  TW_TRY(schemas_.start(endpoint, info, first, fresh, stop));
  if (capture_->finished()) return note_start();
  TW_TRY(snapshots_.enter(capture_->executed(), info, start_kind_, stop));
  start_kind_ = Snapshots::Start::kGoesOn;

  DumpOptions dump_options;
  dump_options.server_id = options_.server_id;
  if (dump_options.server_id == 0) {
    TW_ASSIGN(dump_options.server_id, choose_server_id(connection));
  }
  dump_options.heartbeat_period_us = options_.heartbeat_us;
  dump_options.deadline_us = options_.deadline_us;
  TW_ASSIGN(DumpStream dump, DumpStream::open(std::move(connection), start.dump, dump_options));
  {
    const std::scoped_lock lock(mutex_);
    status_.server = describe_server(info, endpoint);
    has_position_ = true;
  }
  set_state(SourceStatus::State::kStreaming);
  log_lines().info("reading {} from {}", describe_server(info, endpoint),
                   capture_->position().describe());
  tell({.kind = StreamEvent::Kind::kConnected,
        .server = describe_server(info, dump.connection().endpoint())});
  TW_TRY(note_start());
  dump.on_input([this] { snapshots_.wake(); });
  Status streamed = stream(dump, stop);
  dump.on_input(nullptr);
  if (!streamed.has_value() && streamed.error().kind == ErrorKind::kRetry) {
    tell({.kind = StreamEvent::Kind::kDisconnected, .error = streamed.error()});
  }
  bytes_before_ += dump.bytes_received();
  return streamed;
}

Status MysqlSource::prepare_capture(Connection& connection, const ServerInfo& info,
                                    ResolvedStart& start, const std::stop_token& stop) {
  if (!capture_) {
    CaptureEnd end;
    if (options_.until) {
      TW_ASSIGN(end, resolve_end(connection, info, *options_.until));
      if (end.binlog) end_server_ = info.identity;
    }
    capture_ = std::make_unique<Capture>(writer_, schemas_, options_.rules, std::move(end));
    capture_->set_gate(&snapshots_);
    capture_->set_on_statement(options_.on_statement);
  }
  if (!end_server_.empty() && end_server_ != info.identity) {
    return fail(ErrorKind::kUserFix,
                "the stream ends at a place in the binlog of another server than this one",
                "start it again, or end it at a GTID or a time");
  }
  std::optional<Position> last = writer_.last_position();
  if (started_ && !capture_->skipping()) last = capture_->position();
  if (last) {
    TW_ASSIGN(start, resume(connection, info, *last, stop));
  } else {
    TW_ASSIGN(start, start_anew(connection, info, options_.from, stop));
    start_kind_ = Snapshots::Start::kFresh;
  }
  start_noted_ = last.has_value();
  if (options_.on_event) {
    TW_ASSIGN(end_at_start_, resolve_end(connection, info, Bound{}));
  }
  started_ = true;
  return capture_->start(start.capture);
}

// Without what was there before: also what was prepared, which may have ended unseen.
Result<ResolvedStart> MysqlSource::start_anew(Connection& connection, const ServerInfo& info,
                                              const Bound& from, const std::stop_token& stop) {
  for (const auto& prepared : writer_.prepared()) writer_.end_prepared(prepared.id);
  TW_ASSIGN(ResolvedStart start, resolve_start(connection, info, from));
  TW_TRY(heed_prepared(connection, info, from, start, stop));
  return start;
}

Result<ResolvedStart> MysqlSource::resume(Connection& connection, const ServerInfo& info,
                                          const Position& last, const std::stop_token& stop) {
  const FailoverRules rules{options_.accept_errant, patient()};
  auto resumed = resolve_resume(connection, info, last, rules);
  if (resumed.has_value() || options_.snapshot != SnapshotMode::kWhenNeeded ||
      resumed.error().kind != ErrorKind::kResync) {
    return resumed;
  }
  TW_ASSIGN(const bool purged, is_only_purged(connection, info, last, rules));
  if (!purged) return resumed;
  log_lines().warn(
      "{}; the changes in between are lost, so all captured tables are read again (snapshot = "
      "when_needed)",
      resumed.error().message);
  TW_ASSIGN(ResolvedStart start, start_anew(connection, info, Bound{}, stop));
  start_kind_ = Snapshots::Start::kOver;
  return start;
}

Status MysqlSource::stream(DumpStream& dump, const std::stop_token& stop) {
  uint32_t until_look = kEventsPerLook;
  for (;;) {
    if (!dump.has_buffered_event()) {
      TW_TRY(idle(dump, stop));
      if (snapshots_.finished()) return writer_.flush();
      if (!capture_->in_transaction() && !dump.has_news()) continue;
    }
    TW_ASSIGN(const auto event, dump.next(stop));
    if (!event) return fail(ErrorKind::kRetry, "the server ended the stream");
    TW_TRY(capture_->take(*event));
    streamed_ = true;
    if (!start_noted_) [[unlikely]] {
      TW_ASSIGN(const EventHeader header, parse_event_header(*event));
      if (!capture_->in_transaction() || is_gtid(header.type)) TW_TRY(note_start());
    }
    if (capture_->finished()) return writer_.flush();
    if (--until_look == 0) {
      until_look = kEventsPerLook;
      // What is received ahead is read without a wait, so a stop must be looked for here.
      if (stop.stop_requested()) return fail(ErrorKind::kStopped, "stopped");
      note_progress(dump);
      if (capture_->in_transaction()) continue;
      TW_TRY(writer_.wait_for_room(stop));
      TW_TRY(snapshots_.look_after());
    }
  }
}

// Nothing is buffered: what is committed goes out before the wait for more.
Status MysqlSource::idle(DumpStream& dump, const std::stop_token& stop) {
  TW_TRY(writer_.seal());
  note_progress(dump);
  note_caught_up();
  backoff_.reset();
  if (capture_->in_transaction()) return {};
  TW_TRY(writer_.wait_for_room(stop));
  return snapshots_.idle([&dump] { return dump.has_news(); });
}

// A changelog that begins with a position can be read from by itself, and a stream that dies before
// its first transaction goes on where it started. Nothing was added before, so this stands first.
Status MysqlSource::note_start() {
  if (start_noted_ || capture_->skipping()) return {};
  start_noted_ = true;
  const BinlogPosition place = capture_->position().binlog;
  TW_TRY(writer_.advance(place.file, place.pos, 0));
  return writer_.flush();
}

void MysqlSource::note_caught_up() {
  if (!end_at_start_ || !has_reached(capture_->executed(), *end_at_start_)) return;
  end_at_start_.reset();
  tell({.kind = StreamEvent::Kind::kCaughtUp});
}

void MysqlSource::tell(const StreamEvent& event) const {
  if (options_.on_event) options_.on_event(event);
}

void MysqlSource::note_progress(DumpStream& dump) {
  if (streamed_) {
    round_ = {};
    last_streamed_us_ = Clock::system().steady_us();
  }
  const std::scoped_lock lock(mutex_);
  status_.last_input_us = dump.last_received_us();
  status_.last_transaction_ts_us = capture_->last_transaction_ts_us();
  status_.bytes_received = bytes_before_ + dump.bytes_received();
  if (!dump.has_buffered_event()) status_.caught_up_us = dump.last_received_us();
}

void MysqlSource::set_state(SourceStatus::State state, std::string trouble) {
  const std::scoped_lock lock(mutex_);
  status_.state = state;
  if (state != SourceStatus::State::kConnecting) status_.last_error = std::move(trouble);
}

SourceStatus MysqlSource::status() const {
  const std::scoped_lock lock(mutex_);
  SourceStatus status = status_;
  // Made when asked for: GTID sets can be long.
  if (has_position_) status.position = capture_->position();
  status.snapshot = snapshots_.status();
  if (watch_ != nullptr) status.behind_bytes = watch_->bytes_after(status.position.binlog);
  return status;
}

}  // namespace tailwater::mysql
