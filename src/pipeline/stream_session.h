// StreamSession: one source read through a changelog to one reader: what `tailwater stream` and the
// library do.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "changelog/reader.h"
#include "pipeline/running_source.h"

namespace tailwater::pipeline {

/// Thread-safe, but for `reader`, which is for one thread.
class StreamSession {
 public:
  /// Connects and starts to capture. With an empty `folder` the changelog is a temporary one that
  /// goes with the session; else it is kept there, and the next session goes on where this one
  /// ended: the reader then starts at `start`. Trouble with the first connection is an error at
  /// once.
  static Result<std::unique_ptr<StreamSession>> open(SourceConfig config, const std::string& folder,
                                                     const changelog::StartAt& start);
  ~StreamSession();
  StreamSession(const StreamSession&) = delete;
  StreamSession& operator=(const StreamSession&) = delete;

  [[nodiscard]] changelog::Reader& reader() { return *reader_; }
  [[nodiscard]] RunningSource& source() { return *source_; }
  /// Whether nothing more will come: the end was reached, or the source failed.
  [[nodiscard]] bool ended() const { return source_->ended(); }
  /// Everything before this offset was used: a temporary changelog may forget it.
  Status release(Offset offset);

 private:
  StreamSession() = default;

  std::string temporary_folder_;
  std::unique_ptr<RunningSource> source_;
  std::unique_ptr<changelog::Reader> reader_;
};

}  // namespace tailwater::pipeline
