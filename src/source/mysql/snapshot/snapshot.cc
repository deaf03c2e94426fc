#include "source/mysql/snapshot/snapshot.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log_line.h"
#include "base/own_thread.h"

namespace tailwater::mysql {
namespace {

// How many rows the server thinks the tables have.
uint64_t estimate_rows(const Endpoint& endpoint, const std::vector<SnapshotTable>& tables) {
  auto connection = Connection::open(endpoint);
  if (!connection.has_value()) return 0;
  auto rows = connection->query(
      "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS FROM information_schema.TABLES WHERE "
      "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN "
      "('mysql', 'sys', 'information_schema', 'performance_schema')");
  if (!rows.has_value()) return 0;
  std::map<TableName, uint64_t> counts;
  while (rows->next().value_or(false)) {
    counts[{rows->text(0), rows->text(1)}] = rows->number(2);
  }
  uint64_t sum = 0;
  for (const SnapshotTable& table : tables) {
    const auto at = counts.find(table.name);
    if (at != counts.end()) sum += at->second;
  }
  return sum;
}

}  // namespace

Snapshot::Snapshot(SnapshotOptions options, std::unique_ptr<Progress> progress, Junction& junction,
                   changelog::Writer& writer)
    : options_(std::move(options)),
      progress_(std::move(progress)),
      junction_(junction),
      writer_(writer),
      started_us_(Clock::system().steady_us()),
      rows_at_start_(progress_->counts().rows) {}

void Snapshot::start(const Endpoint& endpoint, const ServerInfo& info) {
  if (running()) return;
  options_.reader.endpoint = endpoint;
  options_.reader.info = info;
  const std::scoped_lock lock(mutex_);
  failure_.reset();
  table_readers_.clear();
  for (unsigned i = 0; i < std::max(1U, options_.readers); ++i) {
    table_readers_.push_back(std::make_unique<TableReader>(options_.reader, *progress_, junction_));
    readers_.emplace_back([this, &reader = *table_readers_.back(), i](const std::stop_token& stop) {
      begin_own_thread("tw-snapshot");
      if (i == 0 && rows_expected_ == 0) {
        const uint64_t rows = estimate_rows(options_.reader.endpoint, progress_->job().tables);
        const std::scoped_lock estimate_lock(mutex_);
        rows_expected_ = rows;
      }
      read(stop, reader);
    });
  }
}

void Snapshot::stop() {
  for (std::jthread& reader : readers_) reader.request_stop();
  for (std::jthread& reader : readers_) reader.join();
  readers_.clear();
}

void Snapshot::read(const std::stop_token& stop, TableReader& reader) {
  Status read = reader.run(stop);
  if (!read.has_value() && read.error().kind != ErrorKind::kStopped) {
    const std::scoped_lock lock(mutex_);
    if (!failure_) failure_ = std::move(read).error();
  }
  junction_.wake();
}

std::optional<Error> Snapshot::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

SnapshotStatus Snapshot::status() const {
  const Progress::Counts counts = progress_->counts();
  const std::scoped_lock lock(mutex_);
  SnapshotStatus status;
  status.state = failure_            ? SnapshotStatus::State::kFailed
                 : progress_->done() ? SnapshotStatus::State::kDone
                                     : SnapshotStatus::State::kReading;
  status.id = progress_->job().id;
  status.audience = progress_->job().audience;
  status.tables = counts.tables;
  status.tables_done = counts.tables_done;
  status.reading = counts.reading;
  status.rows = counts.rows;
  status.rows_expected = rows_expected_;
  status.started_us = started_us_;
  status.rows_at_start = rows_at_start_;
  if (failure_) status.last_error = failure_->describe();
  for (const auto& reader : table_readers_) {
    if (status.last_error.empty()) status.last_error = reader->trouble();
  }
  return status;
}

Status Snapshot::begin_chunk(const ReadChunk& chunk, const BinlogPosition& at) {
  at_ = at;
  TW_ASSIGN(schema_, writer_.intern(*chunk.schema));
  ordinal_ = 0;
  TW_TRY(writer_.begin({.file = at_.file,
                        .start_pos = at_.pos,
                        .ts_us = chunk.read_us,
                        .audience = progress_->job().audience}));
  return progress_->step_of(chunk.table, chunk.range_id, false).first ? mark(chunk, Op::kReadStart)
                                                                      : Status();
}

// A mark of a table is a change without a row.
Status Snapshot::mark(const ReadChunk& chunk, Op op) {
  TW_TRY(writer_.start_rows(
      {.op = op, .source_pos = at_.pos, .ts_us = chunk.read_us, .first_ordinal = ordinal_++},
      schema_));
  if (writer_.close_changes(1)) TW_TRY(writer_.split());
  return writer_.end_rows();
}

Status Snapshot::add_rows(const ReadChunk& chunk, const ReadBatch& batch) {
  TW_TRY(writer_.start_rows(
      {.op = Op::kRead, .source_pos = at_.pos, .ts_us = chunk.read_us, .first_ordinal = ordinal_},
      schema_));
  writer_.image_buffer().append(batch.images.view());
  ordinal_ += batch.rows;
  if (writer_.close_changes(batch.rows)) TW_TRY(writer_.split());
  return writer_.end_rows();
}

// The changelog says in the same breath what the chunk holds and where reading goes on behind it.
Status Snapshot::end_chunk(const ReadChunk& chunk) {
  const auto step = progress_->step_of(chunk.table, chunk.range_id, chunk.exhausted);
  if (step.last) TW_TRY(mark(chunk, Op::kReadEnd));
  progress_->chunk_taken(chunk.table, chunk.range_id, chunk.last_key, chunk.exhausted, chunk.rows);
  if (ordinal_ == 0) {  // an empty rest of a table that others still read
    TW_TRY(writer_.abort());
    writer_.set_state(progress_->encode());
    return {};
  }
  writer_.set_state(progress_->encode());
  return writer_.commit(
      {.end_pos = at_.pos, .id = progress_->job().id, .commit_ts_us = chunk.read_us});
}

Status Snapshot::drop_chunk(const ReadChunk& chunk) {
  (void)chunk;
  return writer_.abort();
}

}  // namespace tailwater::mysql
