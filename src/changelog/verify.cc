#include "changelog/verify.h"

#include <algorithm>

#include "changelog/body.h"
#include "changelog/codec.h"
#include "changelog/frame_input.h"
#include "changelog/head.h"
#include "changelog/recovery.h"
#include "changelog/spools.h"

namespace tailwater::changelog {
namespace {

void take_spools(LogReport& report, SpoolsReport&& spools) {
  report.prepared = std::move(spools.prepared);
  report.lost_prepared = std::move(spools.lost);
}

// One pass over all segments.
class Verification {
 public:
  Verification(FileSystem& files, const std::string& folder) : files_(files), folder_(folder) {}

  Result<LogReport> run() {
    TW_ASSIGN(const auto bases, list_segments(files_, folder_));
    if (bases.empty()) return fail(ErrorKind::kNotFound, "there is no changelog in " + folder_);
    if (auto head = Head::map(files_, folder_, false)) {
      if (auto state = (*head)->read(); state && state->open) live_ = state;
    }
    for (const uint64_t base : bases) {
      if (live_ && base > live_->segment_base) break;
      TW_ASSIGN(const bool good, take_segment(base));
      if (!good) break;
    }
    if (!live_ && !report_.corruption) judge_end();
    TW_ASSIGN(report_.cursors, list_cursors(files_, folder_));
    take_spools(report_, describe_spools(files_, folder_, incarnation_, spools_, true));
    return std::move(report_);
  }

 private:
  void damage(const LogPlace& place, std::string_view what) {
    report_.corruption = corruption(place, what);
  }

  // Where the good frames end is also what recovery finds: it knows torn from corrupt.
  void judge_end() {
    const auto recovered = recover(files_, folder_);
    if (!recovered.has_value()) {
      report_.corruption = recovered.error();
      return;
    }
    report_.torn_bytes = recovered->torn_bytes;
    for (const uint64_t base : recovered->after) report_.torn_bytes += size_of(base);
  }

  uint64_t size_of(uint64_t base) const {
    const auto file = files_.open(join_path(folder_, segment_name(base)), OpenMode::kRead);
    return file.has_value() ? (*file)->size().value_or(0) : 0;
  }

  Result<bool> take_segment(uint64_t base) {
    TW_ASSIGN(const auto file,
              files_.open(join_path(folder_, segment_name(base)), OpenMode::kRead));
    SegmentReport segment;
    segment.name = segment_name(base);
    TW_ASSIGN(segment.bytes, file->size());
    auto header = read_segment_header(*file);
    if (!header.has_value() && header.error().kind != ErrorKind::kCorrupt) {
      return fail(std::move(header).error().at(segment.name + ":0"));
    }
    if (!header.has_value() || header->base_offset != base) return false;  // judged by recovery
    if (!follows(*header)) return false;
    if (report_.segments.empty()) report_.first_offset = report_.end_offset = Offset{base};
    report_.identity = header->identity;
    incarnation_ = header->incarnation;
    const bool newest_visible = live_ && live_->segment_base == base;
    const uint64_t limit = newest_visible ? live_->position : segment.bytes;
    TW_TRY(walk(*file, *header, limit, segment));
    report_.segments.push_back(segment);
    return !report_.corruption.has_value();
  }

  bool follows(const SegmentHeader& header) {
    if (!previous_) return true;
    const bool chained = header.number == previous_->segment_number + 1 &&
                         header.previous_chain == previous_->chain &&
                         header.previous_end_bytes == previous_->position;
    if (!chained && header.earlier_durable()) damage(*previous_, reason_);
    return chained;
  }

  Status walk(File& file, const SegmentHeader& header, uint64_t limit, SegmentReport& segment) {
    FrameWalk frames(file, frame_seed(header.incarnation), start_of(header),
                     header.mid_transaction(), limit);
    segment.first_offset = Offset{header.base_offset};
    for (;;) {
      const LogPlace before = frames.place();
      TW_ASSIGN(const auto frame, frames.next());
      if (!frame) break;
      if (auto status = take_frame(*frame, segment); !status.has_value()) {
        damage(before, status.error().message);
        break;
      }
    }
    segment.end_offset = frames.place().next_offset;
    segment.valid_bytes = frames.place().position;
    previous_ = frames.place();
    reason_ = frames.reason();
    if (live_ && segment.valid_bytes < limit && live_->segment_base == header.base_offset) {
      damage(frames.place(), frames.reason());
    }
    return {};
  }

  Status take_frame(const FrameWalk::Frame& frame, SegmentReport& segment) {
    Bytes body = frame.body;
    if (frame.header.codec != Compression::kNone) {
      TW_TRY(codec_.decompress(frame.header.codec, body, frame.header.raw_bytes, body_));
      body = body_.view();
    }
    for (BodyCursor records(body); !records.at_end();) TW_TRY(records.next());
    if (segment.transactions == 0 || frame.header.transactions > 0) {
      const bool first = segment.transactions == 0;
      if (frame.header.transactions > 0) {
        segment.first_ts_us = first ? frame.header.first_ts_us
                                    : std::min(segment.first_ts_us, frame.header.first_ts_us);
        segment.last_ts_us =
            first ? frame.header.last_ts_us : std::max(segment.last_ts_us, frame.header.last_ts_us);
      }
    }
    ++segment.frames;
    segment.transactions += frame.header.transactions;
    segment.changes += frame.header.changes;
    if (!ends_transaction(frame.header.kind)) return {};
    TW_ASSIGN(BodyEnd end, find_end(body));
    spools_ = std::move(end.spools);
    TW_ASSIGN(report_.position, decode_position(end.position));
    report_.end_offset = Offset{frame.header.base_offset + frame.header.changes};
    return {};
  }

  FileSystem& files_;
  const std::string& folder_;
  std::optional<HeadState> live_;  // a writer works: only what is visible is looked at
  std::optional<LogPlace> previous_;
  std::string_view reason_;
  Incarnation incarnation_ = {};
  std::vector<uint64_t> spools_;  // named by the last frame
  Codec codec_;
  ByteBuffer body_;
  LogReport report_;
};

}  // namespace

Result<LogReport> verify_log(FileSystem& files, const std::string& folder) {
  return Verification(files, folder).run();
}

Result<LogReport> describe_log(FileSystem& files, const std::string& folder) {
  TW_ASSIGN(const auto bases, list_segments(files, folder));
  if (bases.empty()) return fail(ErrorKind::kNotFound, "there is no changelog in " + folder);
  TW_ASSIGN(const Recovered recovered, recover(files, folder));
  LogReport report;
  Incarnation incarnation = {};
  for (const SegmentInfo& info : recovered.segments) {
    SegmentReport segment;
    segment.name = segment_name(info.header.base_offset);
    segment.bytes = segment.valid_bytes = info.bytes;
    segment.first_offset = Offset{info.header.base_offset};
    if (!report.segments.empty()) report.segments.back().end_offset = segment.first_offset;
    report.segments.push_back(segment);
    report.identity = info.header.identity;
    incarnation = info.header.incarnation;
  }
  if (!report.segments.empty()) {
    report.first_offset = report.segments.front().first_offset;
    report.segments.back().end_offset = recovered.end.next_offset;
    report.segments.back().valid_bytes = recovered.end.position;
    report.end_offset = recovered.end.next_offset;
  }
  report.position = recovered.position;
  report.torn_bytes = recovered.torn_bytes;
  TW_ASSIGN(report.cursors, list_cursors(files, folder));
  take_spools(report, describe_spools(files, folder, incarnation, recovered.spools, false));
  return report;
}

}  // namespace tailwater::changelog
