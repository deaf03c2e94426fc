#include "source/mysql/binlog_file_source.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "source/mysql/binlog/binlog_file.h"

namespace tailwater::mysql {
namespace {

constexpr uint64_t kFirstEventPos = 4;
constexpr uint32_t kEventsPerLook = 4096;

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

Result<std::unique_ptr<BinlogFileSource>> BinlogFileSource::make(BinlogFileOptions options,
                                                                 FileSystem& files,
                                                                 changelog::Writer& writer) {
  if (options.paths.empty()) {
    return fail(ErrorKind::kUserFix, "no binlog file is named",
                "binlog:FILE, or binlog:FILE,FILE,…");
  }
  const auto is_gtids = [](const Bound& bound) { return bound.kind == Bound::Kind::kGtids; };
  if (is_gtids(options.from) || (options.until && is_gtids(*options.until))) {
    return fail(ErrorKind::kUserFix, "bounds of binlog files are FILE:POS or a time, not GTIDs");
  }
  std::unique_ptr<BinlogFileSource> source(new BinlogFileSource(std::move(options), files, writer));
  if (!source->options_.schema_file.empty()) {
    TW_TRY(source->schemas_.load_given(source->options_.schema_file));
  }
  CaptureEnd end;
  if (const auto& until = source->options_.until; until) {
    if (until->kind == Bound::Kind::kBinlog) end.binlog = until->binlog;
    if (until->kind == Bound::Kind::kTimestamp) end.timestamp_us = until->timestamp_us;
  }
  source->capture_ =
      std::make_unique<Capture>(writer, source->schemas_, source->options_.rules, std::move(end));
  source->capture_->set_on_statement(source->options_.on_statement);
  return source;
}

Result<SourceKind> BinlogFileSource::kind_of(FileSystem& files, const std::string& path) {
  TW_ASSIGN(BinlogFile file, BinlogFile::open(files, path));
  TW_ASSIGN(const auto event, file.next());
  if (!event) return fail(ErrorKind::kCorrupt, path + " holds no event");
  return file.format().mariadb ? SourceKind::kMariadb : SourceKind::kMysql;
}

Status BinlogFileSource::run(std::stop_token stop) {
  Status read = read_all(stop);
  const Status dropped = writer_.abort();
  const std::scoped_lock lock(mutex_);
  status_.state = read.has_value() ? SourceStatus::State::kStopped : SourceStatus::State::kFailed;
  if (!read.has_value()) status_.last_error = read.error().describe();
  return read.has_value() ? dropped : read;
}

Status BinlogFileSource::read_all(const std::stop_token& stop) {
  std::optional<BinlogPosition> from;
  if (options_.from.kind == Bound::Kind::kBinlog) from = options_.from.binlog;
  std::string gtids;
  if (const auto& last = writer_.last_position(); last) {
    from = last->binlog;
    gtids = last->gtids;
  }
  TW_ASSIGN(const SourceKind kind, kind_of(files_, options_.paths.front()));
  const BinlogPosition oldest{base_name(options_.paths.front()), kFirstEventPos};
  TW_TRY(schemas_.start_without_server({kind, "", from.value_or(oldest), gtids},
                                       !writer_.last_position().has_value()));
  bool first = true;
  for (const std::string& path : options_.paths) {
    if (stop.stop_requested() || (!first && capture_->finished())) break;
    const BinlogPosition head{base_name(path), kFirstEventPos};
    if (from && compare_binlog({head.file, ~uint64_t{0}}, *from) < 0) continue;
    CaptureStart start;
    start.position = first ? Position{kind, "", head, gtids} : capture_->position();
    start.position.binlog = head;
    start.gtids_from_file = start.position.gtids.empty();
    if (from && head.file == from->file && from->pos > kFirstEventPos)
      start.skip_to_pos = from->pos;
    if (first && options_.from.kind == Bound::Kind::kTimestamp) {
      start.skip_to_us = options_.from.timestamp_us;
    }
    first = false;
    TW_TRY(read_one(path, start, stop));
  }
  if (!first) TW_TRY(schemas_.leave(capture_->position()));
  return writer_.flush();
}

Status BinlogFileSource::read_one(const std::string& path, const CaptureStart& start,
                                  const std::stop_token& stop) {
  TW_ASSIGN(BinlogFile file, BinlogFile::open(files_, path));
  TW_TRY(capture_->start(start));
  uint32_t until_look = kEventsPerLook;
  while (!stop.stop_requested() && !capture_->finished()) {
    TW_ASSIGN(const auto event, file.next());
    if (!event) break;
    // The name of the next file, which a rotate event holds, does not matter here.
    if (event->header.type == EventType::kRotate) continue;
    TW_TRY(capture_->take(*event));
    if (--until_look == 0) {
      until_look = kEventsPerLook;
      note_progress(file.position());
      if (!capture_->in_transaction()) TW_TRY(writer_.wait_for_room(stop));
    }
  }
  note_progress(file.position());
  if (!file.ends_inside_event() || capture_->finished()) return {};
  return fail(Error{ErrorKind::kCorrupt, base_name(path) + " stops in the middle of an event",
                    fmt::format("{}:{}", base_name(path), file.next_position()),
                    "whole transactions before it were read; if a server still writes the file, "
                    "stream from the server instead"});
}

void BinlogFileSource::note_progress(uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  status_.state = SourceStatus::State::kStreaming;
  status_.server = "binlog files";
  status_.position = capture_->position();
  status_.bytes_received = bytes;
  status_.last_input_us = Clock::system().steady_us();
  status_.last_transaction_ts_us = capture_->last_transaction_ts_us();
}

SourceStatus BinlogFileSource::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

}  // namespace tailwater::mysql
