// LogReader: where it starts and how it goes from frame to frame and from segment to segment.
#include <algorithm>

#include <fmt/format.h>

#include "changelog/log_reader.h"

namespace tailwater::changelog {

Error LogReader::lost() const {
  auto bases = list_segments(files_, folder_);
  const std::string there = bases.has_value() && !bases->empty()
                                ? fmt::format("; it starts at offset {}", bases->front())
                                : "";
  return {ErrorKind::kResync,
          fmt::format("offset {} was deleted from the changelog by retention{}", offset_, there),
          folder_, "start from the earliest offset that is there, or bootstrap this reader again"};
}

Result<SegmentHeader> LogReader::header_of(uint64_t base) const {
  TW_ASSIGN(const auto file, files_.open(join_path(folder_, segment_name(base)), OpenMode::kRead));
  auto header = read_segment_header(*file);
  if (!header.has_value()) return fail(std::move(header).error().at(segment_name(base) + ":0"));
  return header;
}

Status LogReader::go_to(const SegmentHeader& header, const LogPlace& place) {
  if (!file_ || segment_.base_offset != header.base_offset) {
    TW_ASSIGN(file_,
              files_.open(join_path(folder_, segment_name(header.base_offset)), OpenMode::kRead));
    input_ = std::make_unique<FrameInput>(*file_);
    segment_ = header;
    closed_bytes_ = 0;
  }
  place_ = place;
  offset_ = raw(place.next_offset);
  return {};
}

bool LogReader::at_visible_end() const {
  return segment_.base_offset == end_.segment_base() && place_.position >= end_.position();
}

Result<uint64_t> LogReader::limit() {
  if (segment_.base_offset == end_.segment_base()) return end_.position();
  if (closed_bytes_ == 0) {
    TW_ASSIGN(closed_bytes_, file_->size());
  }
  return closed_bytes_;
}

// The header of the frame at `place_`, checked; nothing at the visible end.
Result<std::optional<FrameHeader>> LogReader::peek_frame() {
  for (;;) {
    if (at_visible_end()) {
      TW_ASSIGN(const bool moved, end_.refresh());
      if (!moved || at_visible_end()) return std::nullopt;
    }
    TW_ASSIGN(const uint64_t end, limit());
    TW_ASSIGN(const Bytes bytes, input_->read(place_.position, kFrameHeaderBytes, end));
    const auto header = decode_frame_header(bytes, frame_seed(segment_.incarnation));
    if (!header) {
      if (segment_.base_offset == end_.segment_base())
        return fail(damaged("a damaged frame header"));
      TW_ASSIGN(const bool opened, open_next_segment());
      if (!opened) return fail(damaged("a damaged frame header"));
      continue;
    }
    if (header->previous_crc != place_.chain) return fail(damaged("a frame of another chain"));
    if (header->base_offset != raw(place_.next_offset)) {
      return fail(damaged("a frame with a wrong offset"));
    }
    return header;
  }
}

// False when the next segment does not start where this one is read up to.
Result<bool> LogReader::open_next_segment() {
  auto next = header_of(raw(place_.next_offset));
  if (!next.has_value() && next.error().kind == ErrorKind::kNotFound) {
    TW_ASSIGN(const auto bases, list_segments(files_, folder_));
    if (!bases.empty() && bases.front() > raw(place_.next_offset)) return fail(lost());
    return false;
  }
  TW_ASSIGN(const SegmentHeader header, std::move(next));
  if (header.incarnation != segment_.incarnation || header.number != segment_.number + 1 ||
      header.previous_end_bytes != place_.position || header.previous_chain != place_.chain) {
    return false;
  }
  const uint64_t offset = offset_;
  const auto gone = go_to(header, start_of(header));
  if (!gone.has_value() && gone.error().kind == ErrorKind::kNotFound) return fail(lost());
  TW_TRY(gone);
  offset_ = offset;
  if (pin_) TW_TRY(pin_->move(Offset{in_transaction_ ? raw(transaction_.first_offset) : offset_}));
  return true;
}

Status LogReader::start(const StartAt& at) {
  TW_TRY(find_start(at));
  if (pin_) TW_TRY(pin_->move(Offset{offset_}));
  return {};
}

Status LogReader::find_start(const StartAt& at) {
  TW_ASSIGN(std::vector<uint64_t> bases, list_segments(files_, folder_));
  while (!bases.empty() && bases.back() > end_.segment_base()) bases.pop_back();
  if (bases.empty()) return fail(ErrorKind::kNotFound, "there is no changelog in " + folder_);
  switch (at.kind) {
    case StartAt::Kind::kEarliest:
      return start_at_offset(bases, 0);
    case StartAt::Kind::kLatest:
      return start_at_offset(bases, raw(end_.offset()));
    case StartAt::Kind::kTimestamp:
      return start_at_timestamp(bases, at.timestamp_us);
    case StartAt::Kind::kOffset:
      break;
  }
  if (raw(at.offset) < bases.front()) {
    offset_ = raw(at.offset);
    return fail(lost());
  }
  if (raw(at.offset) > raw(end_.offset())) {
    return fail(Error{ErrorKind::kUserFix,
                      fmt::format("offset {} is not in the changelog yet: it ends before {}",
                                  raw(at.offset), raw(end_.offset())),
                      folder_,
                      {}});
  }
  return start_at_offset(bases, raw(at.offset));
}

// Goes to the last known place at or before the offset that is not inside of a transaction, then
// forward frame by frame.
Status LogReader::start_at_offset(const std::vector<uint64_t>& bases, uint64_t offset) {
  start_offset_ = offset;
  size_t i = bases.size() - 1;
  while (i > 0 && bases[i] > offset) --i;
  for (;; --i) {
    TW_ASSIGN(const SegmentHeader header, header_of(bases[i]));
    const std::vector<IndexEntry> entries = load_index(files_, folder_, header);
    const auto entry = std::find_if(entries.rbegin(), entries.rend(), [&](const IndexEntry& e) {
      return e.is_start() && e.base_offset <= offset &&
             (header.base_offset != end_.segment_base() || e.position < end_.position());
    });
    if (entry != entries.rend()) {
      TW_TRY(go_to(header, place_of(header, *entry)));
      return walk_to(offset);
    }
    if (!header.mid_transaction()) {
      TW_TRY(go_to(header, start_of(header)));
      return walk_to(offset);
    }
    if (i == 0) break;
  }
  // The oldest segments go on with a transaction whose start was deleted: they are on their way
  // out.
  for (const uint64_t base : bases) {
    TW_ASSIGN(const SegmentHeader header, header_of(base));
    if (header.mid_transaction()) continue;
    return go_to(header, start_of(header));
  }
  return fail(lost());
}

// Stops at the frame that starts the transaction which holds the offset, or at the visible end.
Status LogReader::walk_to(uint64_t offset) {
  SegmentHeader candidate_segment = segment_;
  LogPlace candidate = place_;
  for (;;) {
    TW_ASSIGN(const auto header, peek_frame());
    if (!header) return {};
    if (starts_transaction(header->kind)) {
      candidate_segment = segment_;
      candidate = place_;
    }
    if (header->base_offset + header->changes > offset || header->base_offset >= offset) {
      return go_to(candidate_segment, candidate);
    }
    pass(*header);
  }
}

Status LogReader::start_at_timestamp(const std::vector<uint64_t>& bases, int64_t timestamp_us) {
  start_ts_us_ = timestamp_us;
  std::optional<SegmentHeader> segment;
  std::optional<IndexEntry> from;
  for (size_t i = bases.size(); i-- > 0 && !from;) {
    TW_ASSIGN(const SegmentHeader header, header_of(bases[i]));
    if (i == 0 && bases[0] > 0 && header.max_commit_ts_us >= timestamp_us) {
      offset_ = bases[0] - 1;
      return fail(lost());
    }
    if (header.max_commit_ts_us >= timestamp_us) continue;
    for (const IndexEntry& entry : load_index(files_, folder_, header)) {
      const bool visible =
          header.base_offset != end_.segment_base() || entry.position < end_.position();
      if (entry.is_start() && entry.max_commit_ts_us < timestamp_us && visible) from = entry;
    }
    segment = header;
    if (!header.mid_transaction()) break;
  }
  if (!segment || (!from && segment->mid_transaction())) return start_at_offset(bases, 0);
  if (from) return go_to(*segment, place_of(*segment, *from));
  return go_to(*segment, start_of(*segment));
}

}  // namespace tailwater::changelog
