// StreamSession: one source read through a changelog to one reader: what `tailwater stream` and the
// library do.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "changelog/cursor.h"
#include "changelog/reader.h"
#include "pipeline/running_source.h"
#include "pipeline/temporary_folder.h"

namespace tailwater::pipeline {

/// Thread-safe, but for `reader`, which is for one thread.
class StreamSession {
 public:
  /// Connects and starts to capture. With an empty `folder` the changelog is a temporary one that
  /// goes with the session; else it is kept there, and a reader of that name goes on after what it
  /// released last. Trouble with the first connection is an error at once.
  static Result<std::unique_ptr<StreamSession>> open(SourceConfig config, const std::string& folder,
                                                     const std::string& reader_name);
  ~StreamSession();
  StreamSession(const StreamSession&) = delete;
  StreamSession& operator=(const StreamSession&) = delete;

  [[nodiscard]] changelog::Reader& reader() { return *reader_; }
  [[nodiscard]] RunningSource& source() { return *source_; }
  /// Whether nothing more will come: the end was reached, or the source failed.
  [[nodiscard]] bool ended() const { return source_->ended(); }
  /// Everything before this offset was used: the next session need not give it again, and a
  /// temporary changelog may forget it. Whole transactions only.
  Status release(Offset offset);

 private:
  StreamSession() = default;

  Status open_reader();

  std::unique_ptr<TemporaryFolder> temporary_folder_;
  std::string folder_;
  std::string reader_name_;
  std::unique_ptr<changelog::Pin> pin_;  ///< of a temporary changelog
  std::unique_ptr<RunningSource> source_;
  std::unique_ptr<changelog::Reader> reader_;
};

}  // namespace tailwater::pipeline
