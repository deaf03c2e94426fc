#include "warmer.h"

#include <iostream>
#include <utility>

namespace {

using tailwater::Change;
using tailwater::ErrorKind;
using tailwater::Operation;
using tailwater::Result;
using tailwater::Status;
using tailwater::Stream;

constexpr int kSaveEveryTransactions = 200;
constexpr int64_t kSaveEveryIdleMs = 500;

// What the cache makes anew of the tables by itself.
Status lost_track(const std::string& why) {
  return tailwater::fail(ErrorKind::kResync, why);
}

}  // namespace

Warmer::Warmer(Cache& cache, tailwater::StreamOptions options, std::vector<std::string> tables,
               std::string file)
    : cache_(cache),
      options_(std::move(options)),
      tables_(std::move(tables)),
      file_(std::move(file)) {}

Status Warmer::run() {
  auto position = cache_.restore(file_);
  std::cerr << (position ? "going on with the stored cache\n" : "there is no stored cache\n");
  for (;;) {
    if (!position) {
      auto loaded = load();
      if (!loaded) return tailwater::fail(loaded.error());
      position = *loaded;
    }
    const Status followed = follow(*position);
    // The position is gone, or the tables are others now: everything anew.
    if (followed || followed.error().kind != ErrorKind::kResync) return followed;
    std::cerr << followed.error().describe() << '\n';
    position.reset();
  }
}

void Warmer::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  if (stream_ != nullptr) stream_->stop();
}

bool Warmer::enter(Stream& stream) {
  const std::lock_guard lock(mutex_);
  stream_ = &stream;
  return !stopped_;
}

void Warmer::leave() {
  const std::lock_guard lock(mutex_);
  stream_ = nullptr;
}

// Fills the cache; returns where the stream goes on.
Result<std::string> Warmer::load() {
  cache_.clear();
  auto stream = Stream::load(options_, tables_);
  if (!stream) return tailwater::fail(stream.error());
  if (enter(*stream)) {
    for (const Change& change : *stream) cache_.apply(change);
  }
  leave();
  if (auto ended = stream->result(); !ended) return tailwater::fail(ended.error());
  auto position = stream->next_position();
  if (!position) return position;
  if (auto saved = cache_.save(file_, *position); !saved) return tailwater::fail(saved.error());
  std::cerr << "loaded " << cache_.size() << " rows\n";
  return position;
}

Status Warmer::follow(const std::string& position) {
  tailwater::StreamOptions options = options_;
  options.from = position;
  options.tables = tables_;
  options.heartbeat_interval_ms = kSaveEveryIdleMs;
  auto stream = Stream::open(options);
  if (!stream) return tailwater::fail(stream.error());
  Status done;
  if (enter(*stream)) done = read(*stream);
  leave();
  return done;
}

Status Warmer::read(Stream& stream) {
  int unsaved = 0;
  for (const Change& change : stream) {
    if (alters_ours(change)) return lost_track("a table was altered or truncated");
    cache_.apply(change);
    if (!change.last_of_transaction()) continue;
    const bool idle = change.operation() == Operation::kHeartbeat;
    if (!idle && ++unsaved < kSaveEveryTransactions) continue;
    unsaved = 0;
    const auto position = stream.next_position();
    if (!position) return tailwater::fail(position.error());
    if (auto saved = cache_.save(file_, *position); !saved) return saved;
    if (auto freed = stream.acknowledge(); !freed) return freed;
  }
  return stream.result();
}

// Statements of all tables come: whoever names one of ours may have changed rows without a change.
bool Warmer::alters_ours(const Change& change) const {
  if (change.operation() != Operation::kSchemaChange) return false;
  for (const std::string& table : tables_) {
    const std::string name = table.substr(table.find('.') + 1);
    if (change.statement().find(name) != std::string_view::npos) return true;
  }
  return false;
}
