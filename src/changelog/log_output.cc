#include "changelog/log_output.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "base/crc32c.h"
#include "changelog/retention.h"

namespace tailwater::changelog {
namespace {

constexpr uint64_t kReserveBytes = 16 << 20;
constexpr std::array<uint8_t, kFrameAlignment> kPadding{};

// In pieces that stay in the nearest cache between the two: the body comes from another core.
uint32_t copy_with_crc(Bytes from, uint32_t crc, uint8_t* to) {
  constexpr size_t kPieceBytes = 12 << 10;
  while (!from.empty()) {
    const Bytes piece = from.first(std::min(from.size(), kPieceBytes));
    crc = crc32c(piece, crc);
    std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
    from = from.subspan(piece.size());
  }
  return crc;
}

Incarnation random_incarnation() {
  std::random_device device;
  Incarnation incarnation;
  for (uint8_t& byte : incarnation) byte = static_cast<uint8_t>(device());
  return incarnation;
}

}  // namespace

LogOutput::LogOutput(FileSystem& files, const std::string& folder, const WriterOptions& options,
                     const SourceIdentity& identity)
    : files_(files), folder_(folder), options_(options), identity_(identity) {}

std::string LogOutput::path_of(uint64_t base) const {
  return join_path(folder_, segment_name(base));
}

Result<std::unique_ptr<LogOutput>> LogOutput::open(FileSystem& files, const std::string& folder,
                                                   const WriterOptions& options,
                                                   const SourceIdentity& identity,
                                                   const Recovered& recovered) {
  std::unique_ptr<LogOutput> output(new LogOutput(files, folder, options, identity));
  TW_TRY(output->start(recovered));
  return output;
}

Status LogOutput::start(const Recovered& recovered) {
  epoch_ = recovered.epoch + 1;
  synced_at_us_ = options_.clock->steady_us();
  // A writer that was killed may have made or removed files whose names are not durable yet.
  TW_TRY(files_.sync_directory(folder_));
  for (const uint64_t base : recovered.before) TW_TRY(remove_segment(base));
  // Newest first: a segment must never be there without the one before it.
  for (const uint64_t base : recovered.after) TW_TRY(remove_segment(base));
  if (recovered.segments.empty()) {
    TW_TRY(start_new(epoch_));
  } else {
    segments_ = recovered.segments;
    const bool clean = recovered.after.empty() && recovered.torn_bytes == 0;
    head_state_.incarnation = segments_.back().header.incarnation;
    committed_ = recovered.end;
    if (clean) {
      TW_TRY(open_segment(recovered.end.segment_base, recovered.end.position));
      segments_.back().bytes = recovered.end.position;
      place_ = recovered.end;
    } else {
      TW_TRY(cut(recovered.end));
    }
    TW_TRY(sync_recovered(recovered));
  }
  TW_ASSIGN(head_page_, Head::map(files_, folder_, true));
  head_state_.incarnation = segments_.back().header.incarnation;
  head_state_.epoch = epoch_;
  head_state_.open = true;
  head_state_.last_commit_ts_us = std::max<int64_t>(place_.max_commit_ts_us, 0);
  return publish();
}

Status LogOutput::start_new(uint64_t epoch) {
  SegmentHeader header;
  header.incarnation = random_incarnation();
  header.epoch = epoch;
  header.flags = kFlagEarlierDurable;
  return make_segment(header);
}

// What recovery found may so far be in the page cache only: a writer that was killed left it there.
Status LogOutput::sync_recovered(const Recovered& recovered) {
  synced_bytes_ = kSegmentHeaderBytes;
  if (options_.sync == SyncPolicy::kNone) {
    earlier_durable_ = recovered.all_durable;
    return {};
  }
  if (!recovered.all_durable) TW_TRY(sync_segments(0));
  earlier_durable_ = true;
  return sync();
}

Status LogOutput::sync_segments(size_t from) {
  for (size_t i = from; i < segments_.size(); ++i) {
    TW_ASSIGN(const auto file,
              files_.open(path_of(segments_[i].header.base_offset), OpenMode::kWrite));
    TW_TRY(file->sync());
  }
  return {};
}

Status LogOutput::make_segment(SegmentHeader header) {
  header.created_us = options_.clock->now_us();
  header.identity = identity_;
  std::vector<uint8_t> bytes(kSegmentHeaderBytes);
  TW_TRY(encode_segment_header(header, bytes.data()));
  {
    TW_ASSIGN(const auto file, files_.open(path_of(header.base_offset), OpenMode::kCreateNew));
    TW_TRY(file->write_at(0, Bytes(bytes)));
    TW_TRY(file->sync());
  }
  TW_TRY(files_.sync_directory(folder_));
  segments_.push_back({header, kSegmentHeaderBytes});
  TW_TRY(open_segment(header.base_offset, kSegmentHeaderBytes));
  place_ = start_of(header);
  if (!header.mid_transaction()) committed_ = place_;
  synced_bytes_ = kSegmentHeaderBytes;
  return {};
}

Status LogOutput::open_segment(uint64_t base, uint64_t position) {
  const AppenderOptions options{std::min(kReserveBytes, options_.segment_bytes),
                                options_.direct_write_bytes};
  TW_ASSIGN(appender_, Appender::open(files_, path_of(base), position, options));
  TW_ASSIGN(auto index, IndexWriter::open(files_, folder_, segments_.back().header, position));
  indexes_.push_back(std::move(index));
  return {};
}

Status LogOutput::remove_segment(uint64_t base) {
  TW_TRY(files_.remove(path_of(base)));
  (void)files_.remove(join_path(folder_, index_name(base)));  // there may be none
  return files_.sync_directory(folder_);
}

Status LogOutput::roll(const FrameJob& job) {
  TW_TRY(appender_->flush());
  TW_TRY(appender_->trim());
  if (options_.sync == SyncPolicy::kNone) {
    earlier_durable_ = false;
  } else {
    TW_TRY(sync());
  }
  segments_.back().bytes = appender_->position();
  SegmentHeader header;
  header.incarnation = head_state_.incarnation;
  header.base_offset = raw(place_.next_offset);
  header.number = place_.segment_number + 1;
  header.epoch = epoch_;
  header.next_schema_id = job.next_schema_id;
  header.previous_chain = place_.chain;
  header.previous_end_bytes = place_.position;
  header.max_commit_ts_us = place_.max_commit_ts_us;
  header.flags =
      static_cast<uint8_t>((earlier_durable_ ? kFlagEarlierDurable : 0) |
                           (starts_transaction(job.header.kind) ? 0 : kFlagMidTransaction));
  retain_now_ = true;
  return make_segment(header);
}

Status LogOutput::append_frame(FrameHeader& header, Bytes declarations, Bytes body) {
  const uint32_t seed = frame_seed(head_state_.incarnation);
  TW_ASSIGN(uint8_t* const frame, appender_->extend(header.total_bytes()));
  if (frame != nullptr) {
    uint8_t* at = frame + kFrameHeaderBytes;
    header.body_crc = copy_with_crc(declarations, 0, at);
    header.body_crc = copy_with_crc(body, header.body_crc, at + declarations.size());
    at += header.body_bytes;
    std::memset(at, 0, static_cast<size_t>(frame + header.total_bytes() - at));
    encode_frame_header(header, seed, frame);
    return {};
  }
  header.body_crc = crc32c(body, crc32c(declarations));
  std::array<uint8_t, kFrameHeaderBytes> bytes;
  encode_frame_header(header, seed, bytes.data());
  TW_TRY(appender_->append(bytes));
  TW_TRY(appender_->append(declarations));
  TW_TRY(appender_->append(body));
  const uint64_t padding = header.total_bytes() - kFrameHeaderBytes - header.body_bytes;
  return appender_->append(Bytes(kPadding).first(padding));
}

Status LogOutput::write(FrameJob& job) {
  TW_TRY(sync_spools(job));
  if (job.new_segment) TW_TRY(roll(job));
  Bytes declarations = job.declarations.view();
  Bytes body = job.body.view();
  FrameHeader& header = job.header;
  header.raw_bytes = static_cast<uint32_t>(declarations.size() + body.size());
  if (options_.compression != Compression::kNone) {
    if (!declarations.empty()) {
      joined_.clear();
      joined_.append(declarations);
      joined_.append(body);
      declarations = {};
      body = joined_.view();
    }
    if (codec_.compress(options_.compression, body, compressed_)) {
      header.codec = options_.compression;
      body = compressed_.view();
    }
  }
  header.body_bytes = static_cast<uint32_t>(declarations.size() + body.size());
  header.previous_crc = place_.chain;
  header.epoch = epoch_;
  header.synced_bytes = synced_bytes_;
  if (earlier_durable_) header.flags |= kFlagEarlierDurable;
  TW_TRY(append_frame(header, declarations, body));

  indexes_.back()->note(header, place_);
  place_.position += header.total_bytes();
  place_.chain = header.crc;
  place_.next_offset = place_.next_offset + header.changes;
  if (header.transactions != 0) {
    place_.max_commit_ts_us = std::max(place_.max_commit_ts_us, header.last_ts_us);
  }
  segments_.back().bytes = place_.position;
  if (!ends_transaction(header.kind)) {
    parts_.push_back({job.serial, place_});
    return {};
  }
  committed_ = place_;
  head_state_.last_commit_ts_us = header.last_ts_us;
  unpublished_ = true;
  parts_.clear();
  for (std::string& path : job.ended_spools) ended_spools_.push_back(std::move(path));
  return {};
}

// Before the frame that names them, and not only before it is synced: what was written may be found
// again after a power cut though nobody synced it.
Status LogOutput::sync_spools(const FrameJob& job) {
  if (job.spools.empty()) return {};
  for (const auto& file : job.spools) TW_TRY(file->sync());
  return files_.sync_directory(job.spool_folder);
}

// No position that a restart could find needs them any more. What cannot be removed now is removed
// at the next open.
void LogOutput::remove_ended_spools() {
  for (const std::string& path : ended_spools_) (void)files_.remove(path);
  ended_spools_.clear();
}

Status LogOutput::sync() {
  TW_TRY(appender_->sync());
  // Only what is committed: a frame that said more would turn a later, torn cut into corruption.
  if (committed_.segment_base == place_.segment_base) synced_bytes_ = committed_.position;
  synced_at_us_ = options_.clock->steady_us();
  return {};
}

int64_t LogOutput::due_us() const {
  if (!unpublished_) return 0;
  return synced_at_us_ + options_.sync_interval_us;
}

Status LogOutput::finish(bool force) {
  TW_TRY(appender_->flush());
  if (!unpublished_) return {};
  if (options_.sync == SyncPolicy::kInterval && !force && options_.clock->steady_us() < due_us()) {
    return {};
  }
  if (options_.sync != SyncPolicy::kNone) TW_TRY(sync());
  return publish();
}

Status LogOutput::publish() {
  head_state_.visible_end = committed_.next_offset;
  head_state_.segment_base = committed_.segment_base;
  head_state_.position = committed_.position;
  head_state_.durable = options_.sync != SyncPolicy::kNone && earlier_durable_;
  head_page_->publish(head_state_);
  unpublished_ = false;
  remove_ended_spools();
  // No index entry comes before what it points to is visible, so a cut never has to take one back.
  for (auto& index : indexes_) {
    const bool closed = index->base() < committed_.segment_base;
    if (!closed && index->base() > committed_.segment_base) break;
    TW_TRY(index->publish(closed ? UINT64_MAX : committed_.position, head_state_.durable));
  }
  while (indexes_.front()->base() < committed_.segment_base) indexes_.erase(indexes_.begin());
  return {};
}

Status LogOutput::cut_after(uint64_t serial) {
  const auto part = std::find_if(parts_.begin(), parts_.end(),
                                 [&](const PartEnd& end) { return end.serial == serial; });
  if (part == parts_.end())
    return fail(ErrorKind::kBug, "a mark points to no part of the transaction");
  std::vector<PartEnd> kept(parts_.begin(), part + 1);
  TW_TRY(finish(true));
  TW_TRY(cut(kept.back().place));
  parts_ = std::move(kept);
  return {};
}

Status LogOutput::cut_transaction() {
  TW_TRY(finish(true));  // what is committed is out of the way
  return cut(committed_);
}

Status LogOutput::cut(LogPlace place) {
  appender_.reset();
  indexes_.clear();
  // Newest first, each removal durable before the next: a later segment must never outlive an
  // earlier.
  while (segments_.back().header.base_offset > place.segment_base) {
    TW_TRY(remove_segment(segments_.back().header.base_offset));
    segments_.pop_back();
  }
  {
    // Durable before anything is written after it: stale frames must never seem to prove something.
    TW_ASSIGN(const auto file, files_.open(path_of(place.segment_base), OpenMode::kWrite));
    TW_TRY(file->resize(place.position));
    TW_TRY(file->sync());
  }
  TW_TRY(open_segment(place.segment_base, place.position));
  segments_.back().bytes = place.position;
  synced_bytes_ = kSegmentHeaderBytes;
  if (committed_.segment_base == place.segment_base && options_.sync != SyncPolicy::kNone) {
    synced_bytes_ = committed_.position;
  }
  place_ = place;
  parts_.clear();
  return {};
}

uint64_t LogOutput::log_bytes() const {
  uint64_t bytes = 0;
  for (const SegmentInfo& segment : segments_) bytes += segment.bytes;
  return bytes;
}

Result<RetentionPlan> LogOutput::plan() const {
  // The newest visible position is needed at the next start: the segment that holds it stays.
  size_t keep_from = segments_.size() - 1;
  while (keep_from > 0 && segments_[keep_from].header.base_offset > head_state_.segment_base) {
    --keep_from;
  }
  if (head_state_.position == kSegmentHeaderBytes && keep_from > 0) --keep_from;
  TW_ASSIGN(const std::vector<SinkCursor> cursors, list_cursors(files_, folder_));
  TW_ASSIGN(const std::optional<Offset> pin, lowest_pin(files_, folder_));
  return plan_retention(options_, segments_, keep_from, cursors, pin, options_.clock->now_us());
}

Status LogOutput::retain() {
  retain_now_ = false;
  if (!has_retention(options_)) return {};
  TW_ASSIGN(const RetentionPlan wish, plan());
  paused_full_ = wish.paused;
  if (wish.remove == 0) return {};
  // Nobody registers between the decision and the deed.
  TW_ASSIGN(const auto lock, lock_cursors(files_, folder_));
  TW_ASSIGN(const RetentionPlan decided, plan());
  paused_full_ = decided.paused;
  for (const std::string& name : decided.detach) {
    TW_TRY(set_cursor_detached_locked(files_, folder_, name, true));
  }
  // A sink that was killed may have left a cursor whose name is not durable: after a power cut it
  // would be back at its old place, which must then still be there.
  TW_TRY(sync_cursors(files_, folder_));
  // The oldest segments may hold the only durable position: what stays must be durable first.
  if (options_.sync == SyncPolicy::kNone) TW_TRY(sync_segments(decided.remove));
  // Oldest first, each removal durable before the next: the log must never have a hole.
  for (size_t i = 0; i < decided.remove; ++i) {
    TW_TRY(remove_segment(segments_.front().header.base_offset));
    segments_.erase(segments_.begin());
  }
  return {};
}

Status LogOutput::close() {
  TW_TRY(finish(true));
  TW_TRY(appender_->trim());
  if (options_.sync != SyncPolicy::kNone) TW_TRY(sync());
  for (auto& index : indexes_) TW_TRY(index->sync());
  head_state_.open = false;
  return publish();
}

}  // namespace tailwater::changelog
