#include "changelog/recovery.h"

#include <algorithm>

#include <fmt/format.h>

#include "changelog/body.h"
#include "changelog/codec.h"
#include "changelog/frame_input.h"
#include "changelog/head.h"

namespace tailwater::changelog {
namespace {

// One recovery at work.
class Recovery {
 public:
  Recovery(FileSystem& files, const std::string& folder) : files_(files), folder_(folder) {}

  Result<Recovered> run();

 private:
  struct Found {
    uint64_t base = 0;
    uint64_t bytes = 0;
    std::optional<SegmentHeader> header;  // nothing: unreadable
    bool starts_frames = false;           // something like a frame follows the header
  };
  struct Walked {
    LogPlace stopped;             // the first byte that is no good frame
    bool good_to_end = false;     // a closed segment was good to its end
    std::optional<LogPlace> end;  // after the last frame that ends a transaction
    std::optional<Position> position;
    std::string state;
    std::vector<uint64_t> spools;
  };

  Status read_headers();
  Status check_headers();
  Status drop_from(size_t index, const LogPlace& bad, std::string_view what);
  [[nodiscard]] bool head_proves(const LogPlace& bad) const;
  Result<Walked> walk(size_t index);
  Result<Walked> walk_from(size_t index, File& file, const LogPlace& from, bool mid_transaction);
  Status take_body(const FrameWalk::Frame& frame, Walked& walked);
  Status walk_segments();
  Status find_end(std::vector<Walked> walks, size_t first);
  Status find_position(size_t below);
  void take_position(const Walked& walked);
  Status count_torn_bytes();
  Status find_live();
  [[nodiscard]] const SegmentHeader& header(size_t index) const { return *found_[index].header; }

  FileSystem& files_;
  const std::string& folder_;
  std::vector<Found> found_;
  size_t live_ =
      0;  // how many of found_ belong to the log; those after hold only a piece of a transaction
  std::optional<HeadState> head_;
  Codec codec_;
  ByteBuffer body_;
  Recovered result_;
};

Status Recovery::read_headers() {
  TW_ASSIGN(const std::vector<uint64_t> bases, list_segments(files_, folder_));
  for (const uint64_t base : bases) {
    auto opened = files_.open(join_path(folder_, segment_name(base)), OpenMode::kRead);
    if (!opened.has_value() && opened.error().kind == ErrorKind::kNotFound) continue;  // retention
    TW_ASSIGN(const auto file, std::move(opened));
    Found found;
    found.base = base;
    TW_ASSIGN(found.bytes, file->size());
    auto header = read_segment_header(*file);
    if (!header.has_value() && header.error().kind != ErrorKind::kCorrupt) {
      return fail(std::move(header).error().at(segment_name(base) + ":0"));
    }
    if (header.has_value() && header->base_offset == base) found.header = std::move(*header);
    std::array<uint8_t, sizeof(uint32_t)> magic{};
    TW_ASSIGN(const size_t count, file->read_at(kSegmentHeaderBytes, magic));
    found.starts_frames = count == magic.size() && load<uint32_t>(magic.data()) == kFrameMagic;
    found_.push_back(std::move(found));
  }
  live_ = found_.size();
  if (auto head = Head::map(files_, folder_, false)) head_ = (*head)->read_any();
  return {};
}

// A head page that says "visible and durable up to here" is written after the sync, so even an old
// one proves that the bytes before were durable.
bool Recovery::head_proves(const LogPlace& bad) const {
  if (!head_ || !head_->durable) return false;
  const bool same_log = std::any_of(found_.begin(), found_.end(), [&](const Found& found) {
    return found.header && found.header->incarnation == head_->incarnation;
  });
  if (!same_log) return false;
  if (head_->segment_base != bad.segment_base) return head_->segment_base > bad.segment_base;
  return head_->position > bad.position;
}

// Everything from `index` on is cut, unless something proves that it had been durable.
Status Recovery::drop_from(size_t index, const LogPlace& bad, std::string_view what) {
  bool proved = head_proves(bad);
  for (size_t i = index; i < found_.size() && !proved; ++i) {
    proved = found_[i].header && found_[i].base > bad.segment_base && header(i).earlier_durable();
  }
  if (proved) return fail(corruption(bad, what));
  for (size_t i = index; i < found_.size(); ++i) result_.after.push_back(found_[i].base);
  found_.resize(index);
  live_ = std::min(live_, index);
  return {};
}

Status Recovery::check_headers() {
  for (size_t i = 0; i < found_.size(); ++i) {
    LogPlace bad{found_[i].base, 0, 0, 0, Offset{found_[i].base}, 0};
    if (!found_[i].header) {
      // A header is durable before the first frame is written: frames prove that it was whole once.
      if (found_[i].starts_frames) return fail(corruption(bad, "the segment's header is damaged"));
      return drop_from(i, bad, "the segment's header is damaged");
    }
    if (i == 0) continue;
    const SegmentHeader& before = header(i - 1);
    if (header(i).incarnation != before.incarnation) {
      return fail(corruption(bad, "the segment belongs to another changelog"));
    }
    if (header(i).number != before.number + 1) {
      bad.segment_base = before.base_offset;
      bad.position = found_[i - 1].bytes;
      return drop_from(
          i, bad,
          fmt::format("segment number {} is missing after number {} ({}, number {}, follows)",
                      before.number + 1, before.number, segment_name(found_[i].base),
                      header(i).number));
    }
    if (found_[i - 1].bytes < header(i).previous_end_bytes) {
      bad.segment_base = before.base_offset;
      bad.position = found_[i - 1].bytes;
      return drop_from(i, bad, "the segment is cut off");
    }
  }
  return {};
}

Status Recovery::take_body(const FrameWalk::Frame& frame, Walked& walked) {
  if (!ends_transaction(frame.header.kind)) return {};
  Bytes body = frame.body;
  if (frame.header.codec != Compression::kNone) {
    TW_TRY(codec_.decompress(frame.header.codec, body, frame.header.raw_bytes, body_));
    body = body_.view();
  }
  TW_ASSIGN(BodyEnd end, changelog::find_end(body));
  TW_ASSIGN(walked.position, decode_position(end.position));
  walked.state = as_text(end.state);
  walked.spools = std::move(end.spools);
  return {};
}

Result<Recovery::Walked> Recovery::walk_from(size_t index, File& file, const LogPlace& from,
                                             bool mid_transaction) {
  Walked walked;
  FrameWalk frames(file, frame_seed(header(index).incarnation), from, mid_transaction,
                   found_[index].bytes);
  if (!mid_transaction) walked.end = from;
  for (;;) {
    TW_ASSIGN(const auto frame, frames.next());
    if (!frame) break;
    if (auto status = take_body(*frame, walked); !status.has_value()) {
      return fail(std::move(status).error().at(
          fmt::format("{}:{}", segment_name(from.segment_base), frame->position)));
    }
    result_.epoch = std::max(result_.epoch, frame->header.epoch);
    if (!frames.mid_transaction()) walked.end = frames.place();
  }
  walked.stopped = frames.place();
  const bool closed = index + 1 < found_.size();
  walked.good_to_end = closed && frames.place().position == header(index + 1).previous_end_bytes &&
                       frames.place().chain == header(index + 1).previous_chain;
  if (walked.good_to_end) return walked;
  TW_ASSIGN(const bool proved, later_frame_proves(file, frame_seed(header(index).incarnation),
                                                  walked.stopped, found_[index].bytes));
  if (proved) return fail(corruption(walked.stopped, frames.reason()));
  TW_TRY(drop_from(index + 1, walked.stopped, frames.reason()));
  return walked;
}

Result<Recovery::Walked> Recovery::walk(size_t index) {
  const SegmentHeader segment = header(index);
  TW_ASSIGN(auto file,
            files_.open(join_path(folder_, segment_name(segment.base_offset)), OpenMode::kRead));
  // The newest segment is walked from its last checkpoint, when that shows where the log ends.
  const std::vector<IndexEntry> entries = load_index(files_, folder_, segment);
  const auto checkpoint =
      std::find_if(entries.rbegin(), entries.rend(),
                   [](const IndexEntry& entry) { return entry.is_start() && entry.is_durable(); });
  const bool newest = index + 1 == found_.size();
  if (newest && checkpoint != entries.rend()) {
    TW_ASSIGN(Walked walked, walk_from(index, *file, place_of(segment, *checkpoint), false));
    if (walked.position) return walked;
  }
  return walk_from(index, *file, start_of(segment), segment.mid_transaction());
}

// The segments whose contents are not known to be durable are walked; there is at least one.
Status Recovery::walk_segments() {
  size_t first = found_.size() - 1;
  while (first > 0 && !header(first).earlier_durable()) --first;
  result_.all_durable = first + 1 == found_.size();
  live_ = found_.size();
  std::vector<Walked> walks;
  for (size_t i = first; i < found_.size(); ++i) {
    TW_ASSIGN(Walked walked, walk(i));
    walks.push_back(std::move(walked));
  }
  return find_end(std::move(walks), first);
}

void Recovery::take_position(const Walked& walked) {
  result_.position = walked.position;
  result_.state = walked.state;
  result_.spools = walked.spools;
}

Status Recovery::find_end(std::vector<Walked> walks, size_t first) {
  for (;;) {
    while (!walks.empty() && !walks.back().end) {  // nothing but a piece of a transaction
      walks.pop_back();
      result_.after.push_back(found_[--live_].base);
    }
    if (!walks.empty()) break;
    if (first == 0) return fail(ErrorKind::kCorrupt, "the changelog holds no whole transaction");
    --first;
    TW_ASSIGN(Walked walked, walk(first));
    walks.push_back(std::move(walked));
  }
  result_.end = *walks.back().end;
  for (size_t i = walks.size(); i-- > 0 && !result_.position;) take_position(walks[i]);
  if (!result_.position) return find_position(first);
  return {};
}

// The last segment holds no commit yet: the position is in an earlier one.
Status Recovery::find_position(size_t below) {
  while (below-- > 0 && !result_.position) {
    TW_ASSIGN(Walked walked, walk(below));
    take_position(walked);
  }
  return {};
}

Status Recovery::count_torn_bytes() {
  const uint64_t bytes = found_[live_ - 1].bytes;
  TW_ASSIGN(auto file, files_.open(join_path(folder_, segment_name(result_.end.segment_base)),
                                   OpenMode::kRead));
  FrameInput input(*file);
  for (uint64_t at = result_.end.position; at < bytes;) {
    TW_ASSIGN(const Bytes run, input.read(at, 1 << 20, bytes));
    if (run.empty()) break;
    for (size_t i = run.size(); i > 0; --i) {
      if (run[i - 1] == 0) continue;
      result_.torn_bytes = at + i - result_.end.position;
      break;
    }
    at += run.size();
  }
  return {};
}

Result<Recovered> Recovery::run() {
  TW_TRY(read_headers());
  TW_TRY(check_headers());
  TW_TRY(find_live());
  std::sort(result_.after.rbegin(), result_.after.rend());
  return std::move(result_);
}

Status Recovery::find_live() {
  // A segment in which a transaction goes on that began in a deleted one is on its way out too.
  while (!found_.empty() && header(0).mid_transaction()) {
    result_.before.push_back(found_.front().base);
    found_.erase(found_.begin());
    --live_;
  }
  if (found_.empty()) return {};
  for (const Found& found : found_) {
    result_.epoch = std::max(result_.epoch, found.header->epoch);
    result_.next_schema_id = std::max(result_.next_schema_id, found.header->next_schema_id);
  }
  TW_TRY(walk_segments());
  if (head_proves(result_.end)) {
    return fail(corruption(result_.end, "the log ends before its durable end"));
  }
  TW_TRY(count_torn_bytes());
  for (size_t i = 0; i < live_; ++i) result_.segments.push_back({header(i), found_[i].bytes});
  return {};
}

}  // namespace

Error corruption(const LogPlace& place, std::string_view what) {
  return {
      ErrorKind::kCorrupt,
      fmt::format("the changelog is corrupt from offset {} on: {}", raw(place.next_offset), what),
      place.describe(),
      "look at it with `tailwater log verify`, mend it with `tailwater log repair`"};
}

Result<Recovered> recover(FileSystem& files, const std::string& folder) {
  return Recovery(files, folder).run();
}

}  // namespace tailwater::changelog
