// Reader: a tail on a changelog, in the writer's process or another. It sees whole transactions up
// to the last durable commit, and never waits for the writer nor blocks it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "changelog/options.h"
#include "model/tail.h"

namespace tailwater::changelog {

/// Where a reader starts. A place inside a transaction starts at that transaction's first change.
struct StartAt {
  enum class Kind : uint8_t { kEarliest, kLatest, kOffset, kTimestamp };
  Kind kind = Kind::kEarliest;
  Offset offset = {};
  int64_t timestamp_us = 0;  ///< the first transaction committed at or after
};

struct ReaderOptions {
  StartAt start = {};
  /// "database.table" names to read; empty: all. Frames without any of them are skipped unread.
  std::vector<std::string> tables = {};
  /// Hold retention back at the reader's place while it lives (needs write access to the folder).
  bool pin = false;
};

class Reader : public Tail {
 public:
  /// kNotFound when there is no changelog; kResync when the start was deleted by retention (the
  /// message says what is there); kCorrupt with segment:byte. `files` must outlive the reader.
  static Result<std::unique_ptr<Reader>> open(FileSystem& files, const std::string& folder,
                                              const ReaderOptions& options);

  /// The first offset that is not visible yet.
  [[nodiscard]] virtual Offset visible_end() const = 0;
  /// The source's position that stands at the end of the newest frame that was read to its end
  /// (encode_position): after all that was given before, and not after anything else. Empty: no
  /// frame was. Another number with each frame; valid until `next`.
  struct StoredPosition {
    uint64_t number = 0;
    Bytes encoded = {};
  };
  [[nodiscard]] virtual StoredPosition stored_position() const = 0;
  /// Whose changes these are.
  [[nodiscard]] virtual const SourceIdentity& identity() const = 0;
};

}  // namespace tailwater::changelog
