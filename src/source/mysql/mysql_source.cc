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

}  // namespace

MysqlSource::MysqlSource(MysqlSourceOptions options, changelog::Writer& writer)
    : options_(std::move(options)),
      writer_(writer),
      schemas_(options_.endpoint),
      snapshots_(snapshots_options(), FileSystem::posix(), writer),
      backoff_(options_.retry_min_us, options_.retry_max_us) {}

MysqlSource::~MysqlSource() = default;

SnapshotsOptions MysqlSource::snapshots_options() const {
  SnapshotsOptions options;
  options.endpoint = options_.endpoint;
  options.mode = options_.snapshot;
  options.rules = options_.rules;
  options.folder = options_.snapshot_folder;
  options.readers = options_.snapshot_readers;
  options.chunk_bytes = options_.snapshot_chunk_bytes;
  return options;
}

Result<std::unique_ptr<MysqlSource>> MysqlSource::make(MysqlSourceOptions options,
                                                       changelog::Writer& writer) {
  std::unique_ptr<MysqlSource> source(new MysqlSource(std::move(options), writer));
  if (!source->options_.schema_file.empty()) {
    TW_TRY(source->schemas_.load_file(source->options_.schema_file));
  }
  return source;
}

Status MysqlSource::run(std::stop_token stop) {
  set_watch(options_.watch_end);
  Status result = run_until_ended(stop);
  set_watch(false);
  return result;
}

void MysqlSource::set_watch(bool wanted) {
  auto watch = wanted ? std::make_unique<BinlogWatch>(options_.endpoint) : nullptr;
  const std::scoped_lock lock(mutex_);
  watch_.swap(watch);
}

Status MysqlSource::run_until_ended(const std::stop_token& stop) {
  for (;;) {
    Status streamed = connect_and_stream(stop);
    snapshots_.leave();
    const Status dropped = writer_.abort();  // of a transaction that was cut
    if (stop.stop_requested()) {
      set_state(SourceStatus::State::kStopped);
      return {};
    }
    if (streamed.has_value() && !dropped.has_value()) streamed = dropped;
    if (streamed.has_value() || streamed.error().kind != ErrorKind::kRetry) {
      set_state(streamed.has_value() ? SourceStatus::State::kStopped : SourceStatus::State::kFailed,
                streamed.has_value() ? "" : streamed.error().describe());
      return streamed;
    }
    wait_before_retry(stop, streamed.error());
  }
}

void MysqlSource::wait_before_retry(const std::stop_token& stop, const Error& error) {
  const int64_t pause_us = backoff_.next_us();
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
  TW_ASSIGN(Connection connection, Connection::open(options_.endpoint));
  TW_ASSIGN(const ServerInfo info, read_server_info(connection));
  ResolvedStart start;
  bool fresh = false;
  TW_TRY(prepare_capture(connection, info, start, fresh, stop));
  schemas_.set_server(info);
  if (capture_->finished()) return {};
  TW_TRY(snapshots_.enter(capture_->executed(), info, fresh, stop));

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
    status_.server = describe_server(info, options_.endpoint);
    has_position_ = true;
  }
  set_state(SourceStatus::State::kStreaming);
  log_lines().info("reading {} from {}", describe_server(info, options_.endpoint),
                   capture_->position().describe());
  dump.on_input([this] { snapshots_.wake(); });
  Status streamed = stream(dump, stop);
  dump.on_input(nullptr);
  bytes_before_ += dump.bytes_received();
  return streamed;
}

Status MysqlSource::prepare_capture(Connection& connection, const ServerInfo& info,
                                    ResolvedStart& start, bool& fresh,
                                    const std::stop_token& stop) {
  if (!capture_) {
    CaptureEnd end;
    if (options_.until) {
      TW_ASSIGN(end, resolve_end(connection, info, *options_.until));
    }
    capture_ = std::make_unique<Capture>(writer_, schemas_, options_.rules, std::move(end));
    capture_->set_gate(&snapshots_);
    capture_->set_on_statement(options_.on_statement);
  }
  std::optional<Position> last = writer_.last_position();
  if (started_ && !capture_->skipping()) last = capture_->position();
  if (last) {
    TW_ASSIGN(start, resolve_resume(connection, info, *last));
  } else {
    // What was prepared for an earlier attempt may have ended unseen.
    for (const auto& prepared : writer_.prepared()) writer_.end_prepared(prepared.id);
    TW_ASSIGN(start, resolve_start(connection, info, options_.from));
    TW_TRY(heed_prepared(connection, info, options_.from, start, stop));
  }
  fresh = !last.has_value();
  started_ = true;
  return capture_->start(start.capture);
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
  backoff_.reset();
  if (capture_->in_transaction()) return {};
  TW_TRY(writer_.wait_for_room(stop));
  return snapshots_.idle([&dump] { return dump.has_news(); });
}

void MysqlSource::note_progress(DumpStream& dump) {
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
