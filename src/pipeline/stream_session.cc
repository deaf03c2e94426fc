#include "pipeline/stream_session.h"

namespace tailwater::pipeline {
namespace {

// A temporary changelog lives in the page cache: small segments, never synced, and the source waits
// when the reader is this far behind.
constexpr uint64_t kTemporarySegmentBytes = 16 << 20;
constexpr uint64_t kTemporaryMaxBytes = 256 << 20;

void make_temporary(changelog::WriterOptions& log) {
  log.sync = changelog::SyncPolicy::kNone;
  log.segment_bytes = kTemporarySegmentBytes;
  log.retention_bytes = kTemporarySegmentBytes;
  log.log_max_bytes = kTemporaryMaxBytes;
  log.on_full = changelog::OnFull::kPauseSource;
}

}  // namespace

Result<std::unique_ptr<StreamSession>> StreamSession::open(SourceConfig config,
                                                           const std::string& folder,
                                                           const std::string& reader_name) {
  std::unique_ptr<StreamSession> session(new StreamSession());
  session->folder_ = folder;
  session->reader_name_ = reader_name;
  if (folder.empty()) {
    TW_ASSIGN(session->temporary_folder_, TemporaryFolder::make());
    session->folder_ = session->temporary_folder_->file("log");
    make_temporary(config.log);
  }
  TW_ASSIGN(session->source_, RunningSource::open(config, session->folder_, /*fail_fast=*/true));
  TW_TRY(session->open_reader());
  session->source_->start();
  return session;
}

Status StreamSession::open_reader() {
  FileSystem& files = FileSystem::posix();
  changelog::StartAt start;
  if (temporary_folder_ == nullptr) {
    TW_ASSIGN(const auto cursor, changelog::load_cursor(files, folder_, reader_name_));
    if (cursor) start = {changelog::StartAt::Kind::kOffset, cursor->next};
  }
  TW_ASSIGN(reader_, source_->reader({.start = start}));
  if (temporary_folder_ != nullptr) {
    TW_ASSIGN(pin_, changelog::Pin::take(files, folder_, reader_->offset()));
    return {};
  }
  return changelog::store_cursor(files, folder_, {reader_name_, reader_->offset()});
}

StreamSession::~StreamSession() {
  source_.reset();
  reader_.reset();
  pin_.reset();
}

Status StreamSession::release(Offset offset) {
  if (pin_ != nullptr) return pin_->move(offset);
  return changelog::store_cursor(FileSystem::posix(), folder_, {reader_name_, offset});
}

}  // namespace tailwater::pipeline
