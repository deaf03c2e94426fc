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
                                                           const changelog::StartAt& start) {
  std::unique_ptr<StreamSession> session(new StreamSession());
  std::string log_folder = folder;
  if (folder.empty()) {
    TW_ASSIGN(session->temporary_folder_, make_temporary_folder());
    log_folder = join_path(session->temporary_folder_, "log");
    make_temporary(config.log);
  }
  TW_ASSIGN(session->source_, RunningSource::open(config, log_folder, /*fail_fast=*/true));
  TW_ASSIGN(session->reader_, session->source_->reader({.start = start}));
  session->source_->start();
  return session;
}

StreamSession::~StreamSession() {
  source_.reset();
  reader_.reset();
  if (!temporary_folder_.empty()) remove_folder(temporary_folder_);
}

Status StreamSession::release(Offset offset) {
  (void)offset;
  return {};
}

}  // namespace tailwater::pipeline
