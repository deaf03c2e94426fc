#include "changelog/log_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "changelog/body.h"

namespace tailwater::changelog {
namespace {

// An idle or filtered source costs a small frame now and then, ever seldomer: a segment without a
// change cannot be closed, and must not grow without end.
constexpr int64_t kAdvanceEveryUs = 1000000;
constexpr int64_t kAdvanceEveryUsMax = 60000000;

tl::unexpected<Error> misuse(std::string_view what) {
  return fail(ErrorKind::kBug, fmt::format("the changelog's writer was used wrongly: {}", what));
}

}  // namespace

LogWriter::LogWriter(FileSystem& files, std::string folder, const WriterOptions& options,
                     std::unique_ptr<File> lock, std::optional<Position> position,
                     std::string state, SchemaRegistry registry, std::unique_ptr<Spools> spools,
                     std::unique_ptr<LogOutput> output)
    : files_(files),
      folder_(std::move(folder)),
      options_(options),
      lock_(std::move(lock)),
      position_(std::move(position)),
      recovered_state_(state),
      state_(std::move(state)),
      registry_(std::move(registry)),
      spools_(std::move(spools)),
      output_(std::move(output)),
      queue_(std::make_unique<WriteQueue>(*output_, options)) {
  buffer_ = &frame_.body;
  split_bytes_ = static_cast<size_t>(options.frame_bytes);
  frame_.base_offset = raw(output_->place().next_offset);
  segment_base_ = output_->place().segment_base;
}

LogWriter::~LogWriter() {
  (void)close();
}

Offset LogWriter::next_offset() const {
  return Offset{frame_.base_offset + frame_.committed_changes + transaction_.changes -
                transaction_.changes_before + (run_.open ? run_changes_ : 0)};
}

Status LogWriter::begin(const TransactionStart& start) {
  if (transaction_.open) return misuse("a transaction begins inside another");
  TW_TRY(queue_->status());
  const uint64_t count = transaction_.count + 1;
  Used used = std::move(transaction_.used);
  used.clear();
  transaction_ = Transaction{};
  transaction_.used = std::move(used);
  transaction_.open = true;
  transaction_.count = count;
  transaction_.begin_at = transaction_.start_size = frame_.body.size();
  transaction_.first_offset = frame_.base_offset + frame_.committed_changes;
  transaction_.thread_id = start.thread_id;
  transaction_.ts_us = start.ts_us;
  put_begin(frame_.body, start);
  return {};
}

Status LogWriter::use(const SchemaPtr& schema) {
  SchemaRegistry::Entry* entry = registry_.find(*schema);
  if (entry == nullptr || entry->schema != schema) return misuse("a schema of another changelog");
  if (entry->used_in != frame_.serial) {
    entry->used_in = frame_.serial;
    frame_.used.push_back(entry);
  }
  if (entry->used_by != transaction_.count) {
    entry->used_by = transaction_.count;
    transaction_.used.push_back(entry);
    transaction_.tables |= entry->bits;
  }
  return {};
}

Status LogWriter::start_rows(const RowsHeader& header, const SchemaPtr& schema) {
  if (!transaction_.open || run_.open) return misuse("rows outside of a transaction");
  TW_TRY(use(schema));
  run_.header = header;
  run_.schema = schema;
  open_run();
  return {};
}

void LogWriter::open_run() {
  run_.open = true;
  run_.at = open_rows(frame_.body, run_.header, run_.schema->id());
  run_changes_ = 0;
}

void LogWriter::close_run() {
  run_.open = false;
  if (run_changes_ == 0) {
    frame_.body.truncate(run_.at);
    return;
  }
  close_rows(frame_.body, run_.at, run_changes_);
  transaction_.changes += run_changes_;
  run_.header.first_ordinal += run_changes_;
  run_.header.first_source_row += run_changes_;
  run_changes_ = 0;
}

Status LogWriter::end_rows() {
  if (!run_.open) return misuse("rows end that never started");
  close_run();
  return {};
}

Status LogWriter::add_statement(const RowsHeader& header, std::string_view database,
                                std::string_view statement) {
  if (!transaction_.open || run_.open) return misuse("a statement outside of a transaction");
  put_statement(frame_.body, header, database, statement);
  ++transaction_.changes;
  if (frame_.body.size() >= split_bytes_) return split();
  return {};
}

void LogWriter::note_commit_ts(int64_t ts_us) {
  if (frame_.committed_bytes == 0) {
    frame_.first_ts_us = frame_.last_ts_us = ts_us;
    frame_.first_commit_us = options_.clock->steady_us();
    return;
  }
  frame_.first_ts_us = std::min(frame_.first_ts_us, ts_us);
  frame_.last_ts_us = std::max(frame_.last_ts_us, ts_us);
}

Status LogWriter::commit(const TransactionEnd& end) {
  if (!transaction_.open || run_.open) return misuse("a commit outside of a transaction");
  const uint64_t thread_id = end.thread_id != 0 ? end.thread_id : transaction_.thread_id;
  const size_t commit_at = put_commit(
      frame_.body, {end.end_pos, end.id, thread_id, end.commit_ts_us, transaction_.changes});
  note_commit_ts(end.commit_ts_us);
  if (next_state_) state_ = std::move(*next_state_);
  next_state_.reset();
  spools_->settle();
  transaction_.open = false;
  marks_.clear();
  ++frame_.transactions;
  advance_every_us_ = kAdvanceEveryUs;
  frame_.tables |= transaction_.tables;
  frame_.committed_changes += transaction_.changes - transaction_.changes_before;
  frame_.committed_bytes = frame_.body.size();
  frame_.ends_with_advance = false;
  transaction_.changes = transaction_.changes_before = 0;
  if (transaction_.parts > 0) return seal_last();
  set_commit_rel(frame_.body, transaction_.begin_at, commit_at);
  if (frame_.body.size() >= split_bytes_ ||
      options_.clock->steady_us() - frame_.first_commit_us >= options_.group_us) {
    return seal_committed();
  }
  return {};
}

Status LogWriter::advance(std::string_view file, uint64_t end_pos, int64_t ts_us) {
  if (transaction_.open) return misuse("an advance inside a transaction");
  TW_TRY(queue_->status());
  if (frame_.ends_with_advance) {
    frame_.body.truncate(frame_.advance_at);
  } else {
    frame_.advance_at = frame_.body.size();
  }
  note_commit_ts(ts_us);
  put_advance(frame_.body, file, end_pos, ts_us);
  spools_->settle();
  frame_.committed_bytes = frame_.body.size();
  frame_.ends_with_advance = true;
  return spools_->wants_frame() ? seal_committed() : Status();
}

Status LogWriter::seal() {
  if (frame_.committed_bytes == 0) return queue_->status();
  if (frame_.transactions == 0) {
    const int64_t now = options_.clock->steady_us();
    if (now - advance_sealed_us_ < advance_every_us_) return queue_->status();
    advance_sealed_us_ = now;
    advance_every_us_ = std::min(advance_every_us_ + kAdvanceEveryUs, kAdvanceEveryUsMax);
  }
  return seal_committed();
}

Status LogWriter::put_position(ByteBuffer& body) {
  if (!encode_position_) return misuse("no position encoder was set");
  const size_t at = open_record(body, RecordType::kPosition);
  encode_position_(body);
  close_record(body, at);
  spools_->put_numbers(body);
  if (state_.empty()) return {};
  const size_t state_at = open_record(body, RecordType::kState);
  body.append(state_);
  close_record(body, state_at);
  return {};
}

void LogWriter::set_state(std::string state) {
  if (transaction_.open) {
    next_state_ = std::move(state);
  } else {
    state_ = std::move(state);
  }
}

// Hands over the committed prefix; the open transaction moves to a new buffer.
Status LogWriter::seal_committed() {
  TW_TRY(queue_->status());  // after a failure the frame is gone, and nothing may go on
  if (frame_.committed_bytes == 0) return {};
  const size_t prefix = frame_.committed_bytes;
  ByteBuffer tail = queue_->take_buffer();
  tail.append(frame_.body.view(prefix));
  frame_.body.truncate(prefix);
  TW_TRY(put_position(frame_.body));
  FrameHeader header;
  header.kind = FrameKind::kWhole;
  header.changes = static_cast<uint32_t>(frame_.committed_changes);
  header.base_offset = header.transaction_offset = frame_.base_offset;
  header.first_ts_us = frame_.first_ts_us;
  header.last_ts_us = frame_.last_ts_us;
  header.tables = frame_.tables;
  header.transactions = frame_.transactions;
  const Used used = std::move(frame_.used);
  TW_TRY(hand_over(header, std::move(frame_.body), used));
  next_frame(std::move(tail), frame_.base_offset + header.changes);
  transaction_.begin_at -= std::min(transaction_.begin_at, prefix);
  transaction_.start_size -= std::min(transaction_.start_size, prefix);
  run_.at -= std::min(run_.at, prefix);
  image_at_ -= std::min(image_at_, prefix);
  for (Mark& mark : marks_) {
    mark.size -= prefix;
    mark.serial = frame_.serial;
  }
  return {};
}

void LogWriter::next_frame(ByteBuffer body, uint64_t base_offset) {
  const uint64_t serial = frame_.serial + 1;
  frame_ = Frame{};
  frame_.body = std::move(body);
  frame_.serial = serial;
  frame_.base_offset = base_offset;
  if (!transaction_.open) return;
  frame_.used = transaction_.used;
  for (SchemaRegistry::Entry* entry : frame_.used) entry->used_in = serial;
}

// Hands over the first `upto` bytes of the open transaction, which has `changes` by then.
Status LogWriter::seal_part(size_t upto, uint64_t changes) {
  TW_TRY(queue_->status());
  ByteBuffer tail = queue_->take_buffer();
  tail.append(frame_.body.view(upto));
  frame_.body.truncate(upto);
  FrameHeader header;
  header.kind = transaction_.parts == 0 ? FrameKind::kFirst : FrameKind::kMiddle;
  header.changes = static_cast<uint32_t>(changes - transaction_.changes_before);
  header.base_offset = frame_.base_offset;
  header.transaction_offset = transaction_.first_offset;
  header.first_ts_us = header.last_ts_us = transaction_.ts_us;
  header.tables = transaction_.tables;
  const Used used = std::move(frame_.used);
  const uint64_t serial = frame_.serial;
  TW_TRY(hand_over(header, std::move(frame_.body), used));
  next_frame(std::move(tail), frame_.base_offset + header.changes);
  ++transaction_.parts;
  transaction_.last_serial = serial;
  transaction_.changes_before = changes;
  transaction_.start_size = 0;
  for (Mark& mark : marks_) {
    if (mark.after) continue;
    if (mark.size <= upto) {
      mark = {serial, true, 0, mark.changes, transaction_.parts};
    } else {
      mark.serial = frame_.serial;
      mark.size -= upto;
    }
  }
  return {};
}

// Everything of the open transaction goes; a frame ends at every mark, so that rewind can cut
// there.
Status LogWriter::seal_parts() {
  for (size_t i = 0; i < marks_.size(); ++i) {
    if (!marks_[i].after) TW_TRY(seal_part(marks_[i].size, marks_[i].changes));
  }
  if (frame_.body.empty()) return {};
  return seal_part(frame_.body.size(), transaction_.changes);
}

Status LogWriter::split() {
  if (frame_.committed_bytes > 0) {
    TW_TRY(seal_committed());
    if (frame_.body.size() < split_bytes_) return {};
  }
  const bool in_run = run_.open;
  if (in_run) close_run();
  TW_TRY(seal_parts());
  if (in_run) open_run();
  return {};
}

Status LogWriter::seal_last() {
  TW_TRY(queue_->status());
  TW_TRY(put_position(frame_.body));
  FrameHeader header;
  header.kind = FrameKind::kLast;
  header.changes = static_cast<uint32_t>(frame_.committed_changes);
  header.base_offset = frame_.base_offset;
  header.transaction_offset = transaction_.first_offset;
  header.first_ts_us = header.last_ts_us = frame_.last_ts_us;
  header.tables = frame_.tables;
  header.transactions = 1;
  const Used used = std::move(frame_.used);
  TW_TRY(hand_over(header, std::move(frame_.body), used));
  transaction_.parts = 0;
  next_frame(queue_->take_buffer(), frame_.base_offset + header.changes);
  return {};
}

Status LogWriter::hand_over(FrameHeader header, ByteBuffer body, const Used& used) {
  constexpr size_t kSmallBytes = 64 << 10;
  if (body.size() > kFrameRawBytesMax) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("a change of {} bytes is too large for the changelog", body.size()));
  }
  FrameJob job;
  job.serial = frame_.serial;
  job.next_schema_id = registry_.next_id();
  const bool has_changes = header.base_offset > segment_base_;
  if (has_changes && queue_->segment_bytes_expected() >= options_.segment_bytes) {
    job.new_segment = true;
    segment_base_ = header.base_offset;
    ++segment_count_;
  }
  for (SchemaRegistry::Entry* entry : used) {
    if (entry->declared_in == segment_count_) continue;
    entry->declared_in = segment_count_;
    put_schema(job.declarations, *entry->schema);
    header.flags |= kFlagSchemas;
  }
  if (ends_transaction(header.kind)) spools_->hand_over(job);
  job.header = header;
  job.pooled = body.capacity() > kSmallBytes;
  job.body = std::move(body);
  return queue_->push(std::move(job));
}

Status LogWriter::forget_frames() {
  registry_.forget_declarations();
  segment_base_ = output_->place().segment_base;
  return {};
}

Status LogWriter::abort() {
  if (!transaction_.open) return {};
  run_.open = false;
  run_changes_ = 0;
  transaction_.open = false;
  marks_.clear();
  transaction_.changes = transaction_.changes_before = 0;
  next_state_.reset();
  spools_->restore();
  frame_.body.truncate(transaction_.start_size);
  if (transaction_.parts == 0) return {};
  transaction_.parts = 0;
  TW_TRY(queue_->run_alone([](LogOutput& output) { return output.cut_transaction(); }));
  frame_.base_offset = transaction_.first_offset;
  return forget_frames();
}

Result<uint64_t> LogWriter::mark() {
  if (!transaction_.open || run_.open) return misuse("a mark outside of a transaction");
  const bool after = frame_.body.empty() && transaction_.parts > 0;
  marks_.push_back({after ? transaction_.last_serial : frame_.serial, after, frame_.body.size(),
                    transaction_.changes, transaction_.parts});
  return marks_.size() - 1;
}

Status LogWriter::rewind(uint64_t mark) {
  if (!transaction_.open || run_.open || mark >= marks_.size()) return misuse("no such mark");
  marks_.resize(mark + 1);
  const Mark& to = marks_[mark];
  transaction_.changes = to.changes;
  if (!to.after) {
    frame_.body.truncate(to.size);
    return {};
  }
  transaction_.changes_before = to.changes;
  frame_.body.clear();
  if (transaction_.parts == to.parts) return {};
  transaction_.parts = to.parts;
  transaction_.last_serial = to.serial;
  const uint64_t serial = to.serial;
  TW_TRY(queue_->run_alone([serial](LogOutput& output) { return output.cut_after(serial); }));
  frame_.base_offset = raw(output_->place().next_offset);
  return forget_frames();
}

Result<std::unique_ptr<Spool>> LogWriter::open_spool() {
  return spools_->make(split_bytes_, options_.clock->now_us());
}

Status LogWriter::prepare(std::unique_ptr<Spool> spool, const SpoolInfo& prepared) {
  if (transaction_.open) return misuse("a spool is prepared inside a transaction");
  return spools_->prepare(std::move(spool), prepared);
}

Result<SpoolReader> LogWriter::read_spool(Spool& spool) {
  return SpoolReader::open(spool, [this](const TableSchema& table) { return intern(table); });
}

WriterStatus LogWriter::status() const {
  WriterStatus status = queue_->writer_status();
  status.prepared = spools_->count();
  status.prepared_since_us = spools_->oldest_us();
  return status;
}

Status LogWriter::flush() {
  TW_TRY(seal_committed());
  return queue_->flush();
}

Status LogWriter::wait_for_room(std::stop_token stop) {
  constexpr int64_t kLookEveryUs = 50000;
  for (;;) {
    TW_TRY(queue_->status());
    if (!queue_->writer_status().paused_full) return {};
    if (stop.stop_requested())
      return fail(ErrorKind::kStopped, "asked to stop while the log is full");
    sleep_or_stop(stop, kLookEveryUs);
  }
}

Status LogWriter::close() {
  if (closed_) return {};
  closed_ = true;
  auto status = abort();
  if (status.has_value()) status = flush();
  if (status.has_value()) {
    status = queue_->run_alone([](LogOutput& output) { return output.close(); });
  }
  queue_->end();
  lock_.reset();
  return status;
}

}  // namespace tailwater::changelog
