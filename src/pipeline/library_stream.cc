// The library's stream (include/tailwater/stream.h), over a StreamSession.
#include <atomic>
#include <mutex>
#include <set>
#include <stop_token>

#include <tailwater/stream.h>

#include "base/clock.h"
#include "db/mysql/connection.h"
#include "pipeline/given_position.h"
#include "pipeline/library_options.h"
#include "pipeline/source_factory.h"
#include "pipeline/stream_session.h"
#include "source/mysql/start.h"

namespace tailwater {
namespace {

constexpr int64_t kWaitUs = 100'000;  // the end of the source wakes nobody: it is looked for

}  // namespace

struct Stream::State {
  // Of the reading thread.
  std::string name;  ///< the reader's
  Status result;
  Offset whole = {};  ///< everything before it was given out, transactions whole
  pipeline::GivenPosition given;
  bool loads = false;
  bool complete = false;                       ///< the source came to its end
  std::set<std::string, std::less<>> started;  ///< a load's tables of which reading has started
  int64_t heartbeat_interval_us = 0;
  int64_t last_given_us = 0;  ///< steady time of the last change, heartbeats too
  int64_t moved_ts_us = -1;   ///< the source moved on without a change, and was there then
  ChangeView heartbeat;
  TransactionInfo heartbeat_transaction;

  std::mutex start_mutex;  ///< held by one `start` at a time
  std::atomic<bool> stopped = false;
  std::mutex stop_mutex;  ///< for a moment, and for `stop` only
  std::stop_source stop;
  std::unique_ptr<pipeline::StreamSession> session;  // last: its thread uses the rest

  [[nodiscard]] std::stop_token stop_token() {
    const std::scoped_lock lock(stop_mutex);
    return stop.get_token();
  }
  bool look_at(const TailEntry& entry);
  [[nodiscard]] bool is_wanted(const ChangeView& change);
  bool give_heartbeat(Change& change);
};

// Whether the entry is a change to give.
bool Stream::State::look_at(const TailEntry& entry) {
  if (entry.kind == TailEntry::Kind::kBegin) return false;
  if (entry.kind == TailEntry::Kind::kPosition) {
    given.note(*entry.transaction);
    moved_ts_us = entry.transaction->commit_ts_us;
    return false;
  }
  if (entry.kind == TailEntry::Kind::kCommit) {
    if (whole != session->reader().offset()) given.note(*entry.transaction);
    whole = session->reader().offset();
    return false;
  }
  if (entry.change->last) {
    whole = entry.change->offset + 1;
    given.note(*entry.transaction);
  }
  const std::string_view audience = entry.transaction->audience;
  if (!audience.empty() && audience != name) return false;
  return !loads || is_wanted(*entry.change);
}

// What happens to a table before a load reads it is in its rows.
bool Stream::State::is_wanted(const ChangeView& change) {
  if (change.schema == nullptr || change.op == Op::kRead) return true;
  std::string table = change.schema->table().full_name();
  if (change.op != Op::kReadStart) return started.contains(table);
  started.insert(std::move(table));
  return true;
}

// False when a heartbeat is not due, or the server has not been heard of since the last one.
bool Stream::State::give_heartbeat(Change& change) {
  if (heartbeat_interval_us == 0) return false;
  const Clock& clock = Clock::system();
  const int64_t now_us = clock.steady_us();
  if (now_us - last_given_us < heartbeat_interval_us) return false;
  // Without a position there is nothing to keep fresh: the start is on its way to the reader.
  if (!given.position(session->source().kind(), {}).has_value()) return false;
  int64_t ts_us = moved_ts_us;
  if (ts_us <= 0) {
    const SourceStatus source = session->source().status().source;
    if (source.caught_up_us <= last_given_us) return false;
    ts_us = clock.now_us() - (now_us - source.caught_up_us);
  }
  moved_ts_us = -1;
  last_given_us = now_us;
  heartbeat = {};
  heartbeat.op = static_cast<Op>(Operation::kHeartbeat);
  heartbeat.offset = whole;
  heartbeat.last = true;
  heartbeat_transaction = {};
  heartbeat_transaction.commit_ts_us = ts_us;
  change = Change(&heartbeat_transaction, &heartbeat);
  return true;
}

Stream::Stream(std::unique_ptr<State> state) : state_(std::move(state)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Result<Stream> Stream::open(const StreamOptions& options, const std::vector<std::string>* load) {
  TW_TRY(pipeline::check_options(options, load));
  auto state = std::make_unique<State>();
  state->name = options.reader_name;
  state->loads = load != nullptr;
  if (load == nullptr) state->heartbeat_interval_us = options.heartbeat_interval_ms * 1000;
  state->last_given_us = Clock::system().steady_us();
  TW_ASSIGN(state->session,
            pipeline::StreamSession::open(pipeline::source_of(options, load),
                                          load == nullptr ? options.data_dir : std::string(),
                                          options.reader_name));
  state->whole = state->session->reader().offset();
  // What is damaged in a file is told behind the changes before it.
  const bool of_server = !options.url.starts_with("binlog:");
  if (of_server) TW_TRY(state->session->source().wait_until_reading());
  return Stream(std::move(state));
}

Result<Stream> Stream::open(const StreamOptions& options) {
  return open(options, nullptr);
}

Result<Stream> Stream::load(const StreamOptions& options, const std::vector<std::string>& tables) {
  return open(options, &tables);
}

Stream::Iterator Stream::begin() {
  state_->result = {};
  Iterator first(this);
  ++first;
  return first;
}

Stream::Iterator& Stream::Iterator::operator++() {
  if (stream_ != nullptr && !stream_->advance(change_)) stream_ = nullptr;
  return *this;
}

bool Stream::advance(Change& change) {
  State& state = *state_;
  changelog::Reader& reader = state.session->reader();
  while (!state.stopped.load(std::memory_order_relaxed)) {
    const bool ended = state.session->ended();  // before the read: nothing comes after it
    auto entry = reader.next();
    state.given.look(reader);
    if (!entry.has_value()) {
      state.result = fail(std::move(entry).error());
      return false;
    }
    if (entry->has_value()) {
      const bool over = (*entry)->kind == TailEntry::Kind::kCommit;
      if (state.look_at(**entry)) {
        change = Change((*entry)->transaction, (*entry)->change);
        if (state.heartbeat_interval_us != 0) state.last_given_us = Clock::system().steady_us();
        return true;
      }
      if (over && state.loads) state.result = acknowledge();
      if (!state.result.has_value()) return false;
    } else if (ended) {
      state.result = state.session->source().result();
      state.complete = state.result.has_value();
      return false;
    } else if (Status waited = reader.wait(state.stop_token(), kWaitUs); !waited.has_value()) {
      state.result = std::move(waited);
      return false;
    }
    if (state.give_heartbeat(change)) return true;
  }
  return false;
}

Status Stream::start() {
  State& state = *state_;
  pipeline::RunningSource& source = state.session->source();
  if (source.on_own_thread()) {
    return fail(ErrorKind::kBusy, "a stream cannot be started from its own event",
                "start it from another thread");
  }
  const std::scoped_lock lock(state.start_mutex);
  {
    const std::scoped_lock stop_lock(state.stop_mutex);
    if (state.stopped) state.stop = std::stop_source();
    state.stopped = false;
  }
  source.resume();
  const std::scoped_lock stop_lock(state.stop_mutex);
  if (state.stopped) source.request_pause();  // a stop came in between
  return {};
}

void Stream::stop() {
  const std::scoped_lock lock(state_->stop_mutex);
  state_->stopped = true;
  state_->stop.request_stop();
  state_->session->source().request_pause();
}

Status Stream::result() const {
  return state_->result;
}

Result<std::string> Stream::next_position() const {
  if (state_->loads && !state_->complete) {
    return fail(ErrorKind::kRetry, "the load is not at its end", "read its range to the end first");
  }
  const Position running = state_->session->source().status().source.position;
  TW_ASSIGN(const Position position,
            state_->given.position(state_->session->source().kind(), running.server));
  return position_text(position);
}

Status Stream::acknowledge() {
  return state_->session->release(state_->whole);
}

Status validate_position(const StreamOptions& options, const std::string& position) {
  TW_ASSIGN(const mysql::Bound bound, mysql::parse_bound(position));
  TW_ASSIGN(mysql::Connection connection,
            pipeline::connect_first(pipeline::source_of(options, nullptr)));
  TW_ASSIGN(const mysql::ServerInfo info, mysql::read_server_info(connection));
  return mysql::check_position(connection, info, bound);
}

std::string_view to_string(StreamEvent::Kind kind) {
  switch (kind) {
    case StreamEvent::Kind::kConnected:
      return "connected";
    case StreamEvent::Kind::kCaughtUp:
      return "caught_up";
    case StreamEvent::Kind::kDisconnected:
      return "disconnected";
    case StreamEvent::Kind::kRetrying:
      return "retrying";
    case StreamEvent::Kind::kSnapshotStarted:
      return "snapshot_started";
    case StreamEvent::Kind::kSnapshotFinished:
      return "snapshot_finished";
    case StreamEvent::Kind::kStopped:
      return "stopped";
  }
  return "unknown";
}

}  // namespace tailwater
