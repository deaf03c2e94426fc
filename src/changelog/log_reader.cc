#include "changelog/log_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/crc32c.h"

namespace tailwater::changelog {

LogReader::LogReader(FileSystem& files, std::string folder, const ReaderOptions& options,
                     VisibleEnd end)
    : files_(files),
      folder_(std::move(folder)),
      tables_(options.tables.begin(), options.tables.end()),
      end_(std::move(end)) {
  for (const std::string& table : tables_) wanted_bits_.push_back(table_bits(table));
}

Error LogReader::damaged(std::string_view what) const {
  LogPlace place = place_;
  return corruption(place, what);
}

// The frame that holds the start may begin before it; at the visible end no frame does.
Offset LogReader::offset() const {
  return Offset{std::max(offset_, start_offset_)};
}

bool LogReader::may_hold(uint64_t tables) const {
  if (tables_.empty()) return true;
  for (const uint64_t bits : wanted_bits_) {
    if ((tables & bits) == bits) return true;
  }
  return false;
}

bool LogReader::wants(const Schema& schema) const {
  return tables_.empty() || tables_.contains(schema.table().full_name());
}

void LogReader::pass(const FrameHeader& header) {
  place_.position += header.total_bytes();
  place_.chain = header.crc;
  place_.next_offset = place_.next_offset + header.changes;
}

Result<Bytes> LogReader::read_body(const FrameHeader& header, uint64_t position) {
  TW_ASSIGN(const uint64_t end, limit());
  TW_ASSIGN(const Bytes stored, input_->read(position + kFrameHeaderBytes, header.body_bytes, end));
  if (stored.size() != header.body_bytes || crc32c(stored) != header.body_crc) {
    return fail(damaged("a damaged frame body"));
  }
  if (header.codec == Compression::kNone) return stored;
  TW_TRY(codec_.decompress(header.codec, stored, header.raw_bytes, raw_body_));
  return raw_body_.view();
}

// Passes over a frame, or a transaction of several, that holds none of our tables.
Result<bool> LogReader::pass_unwanted(const FrameHeader& header) {
  if (tables_.empty() || !starts_transaction(header.kind)) return false;
  if (header.kind == FrameKind::kWhole) {
    if (may_hold(header.tables) || header.tables == 0) return false;
    passed_frame_ = header;
    passed_place_ = place_;
    pass(header);
  } else {
    TW_TRY(look_ahead(header));
    if (may_hold(ahead_->tables)) return false;
    const Ahead ahead = *ahead_;
    ahead_.reset();
    const auto gone = go_to(ahead.segment, ahead.place);
    if (!gone.has_value() && gone.error().kind == ErrorKind::kNotFound) return fail(lost());
    TW_TRY(gone);
  }
  offset_ = raw(place_.next_offset);
  moved_ = true;
  return true;
}

// Opens the next frame that may matter; false when all that is visible was read.
Result<bool> LogReader::next_frame() {
  for (;;) {
    TW_ASSIGN(const auto header, peek_frame());
    if (!header) return false;
    TW_ASSIGN(const bool passed, pass_unwanted(*header));
    if (passed) continue;
    if (header->kind == FrameKind::kFirst && !ahead_) TW_TRY(look_ahead(*header));
    frame_position_ = place_.position;
    TW_ASSIGN(const Bytes body, read_body(*header, frame_position_));
    records_ = BodyCursor(body);
    offset_ = header->base_offset;
    passed_frame_.reset();
    pass(*header);
    return true;
  }
}

// A begin must tell all of its transaction, so that of one that spans frames its end is read first.
// It is there: only whole transactions are visible.
Status LogReader::look_ahead(const FrameHeader& first) {
  LogReader scout(files_, folder_, {}, end_.copy());
  scout.file_ = file_;
  scout.input_ = std::make_unique<FrameInput>(*file_);
  scout.segment_ = segment_;
  TW_TRY(scout.go_to(segment_, place_));
  scout.pass(first);
  for (;;) {
    TW_ASSIGN(const auto header, scout.peek_frame());
    if (!header || starts_transaction(header->kind))
      return fail(damaged("a transaction without its end"));
    const uint64_t position = scout.place_.position;
    if (header->kind != FrameKind::kLast) {
      scout.pass(*header);
      continue;
    }
    TW_ASSIGN(const Bytes body, scout.read_body(*header, position));
    TW_ASSIGN(const BodyEnd end, find_end(body));
    if (!end.commit) return fail(damaged("a transaction without its commit"));
    scout.pass(*header);
    ahead_ = Ahead{*end.commit, header->tables, scout.segment_, scout.place_};
    return {};
  }
}

Result<std::optional<TailEntry>> LogReader::next() {
  if (held_) {
    const auto entry = held_;
    held_.reset();
    return entry;
  }
  for (;;) {
    if (run_left_ > 0) {
      TW_ASSIGN(const auto entry, next_row());
      return entry;
    }
    while (!records_.at_end()) {
      auto record = records_.next();
      if (!record.has_value()) return fail(std::move(record).error().at(place_.describe()));
      auto entry = take_record(*record);
      if (!entry.has_value()) return fail(std::move(entry).error().at(place_.describe()));
      if (*entry) return *entry;
      if (run_left_ > 0) break;
    }
    if (run_left_ > 0) continue;
    TW_ASSIGN(const bool more, next_frame());
    if (!more) return position_of_skipped();
  }
}

// All is read: where the source is, if the last transactions were none of ours.
Result<std::optional<TailEntry>> LogReader::position_of_skipped() {
  if (!moved_) return std::nullopt;
  moved_ = false;
  if (passed_frame_ && passed_place_.segment_base == segment_.base_offset) {
    const FrameHeader header = *passed_frame_;
    passed_frame_.reset();
    TW_ASSIGN(const Bytes body, read_body(header, passed_place_.position));
    TW_ASSIGN(const BodyEnd end, find_end(body));
    for (BodyCursor records(body); !records.at_end();) {
      TW_ASSIGN(const RecordView record, records.next());
      if (record.type != RecordType::kBegin) continue;
      TW_ASSIGN(const BeginRecord begin, parse_begin(record));
      file_name_ = begin.file;
    }
    transaction_ = {};
    transaction_.file = file_name_;
    if (end.commit) {
      transaction_.end_pos = end.commit->end_pos;
      transaction_.commit_ts_us = end.commit->commit_ts_us;
    }
  }
  transaction_.first_offset = Offset{offset_};
  return TailEntry{TailEntry::Kind::kPosition, &transaction_, nullptr};
}

Status LogReader::wait(std::stop_token stop, int64_t timeout_us) {
  if (held_ || run_left_ > 0 || !records_.at_end() || !at_visible_end()) return {};
  return end_.wait(stop, timeout_us);
}

namespace {

Result<std::unique_ptr<Reader>> open_reader(FileSystem& files, const std::string& folder,
                                            const ReaderOptions& options) {
  TW_ASSIGN(VisibleEnd end, VisibleEnd::find(files, folder));
  auto reader = std::make_unique<LogReader>(files, folder, options, std::move(end));
  if (options.pin) {
    TW_ASSIGN(auto pin, Pin::take(files, folder, Offset{0}));
    reader->hold(std::move(pin));
  }
  TW_TRY(reader->start(options.start));
  return reader;
}

}  // namespace

Result<std::unique_ptr<Reader>> Reader::open(FileSystem& files, const std::string& folder,
                                             const ReaderOptions& options) {
  constexpr int kAttempts =
      10;  // retention may delete a segment between its listing and its opening
  for (int attempt = 1;; ++attempt) {
    auto reader = open_reader(files, folder, options);
    if (reader.has_value() || attempt == kAttempts) return reader;
    const ErrorKind kind = reader.error().kind;
    const bool lost = kind == ErrorKind::kResync && options.start.kind != StartAt::Kind::kOffset;
    if (kind != ErrorKind::kNotFound && !lost) return reader;
    const auto bases = list_segments(files, folder);
    if (!bases.has_value() || bases->empty()) return reader;
  }
}

}  // namespace tailwater::changelog
