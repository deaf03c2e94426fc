// Cursors: how far each sink has durably taken a changelog. Small files in `cursors/` beside the
// segments, replaced durably; retention never passes one that is not detached. Pins are the same
// for readers that live: they end with their process. docs/changelog_format.md, "Cursors and pins".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "model/change.h"

namespace tailwater::changelog {

struct SinkCursor {
  std::string name;        ///< letters, digits, `.`, `_`, `-`; at most 100
  Offset next = {};        ///< the first offset that is not taken
  bool detached = false;   ///< the log was full and went on without it: what it needs may be gone
  int64_t updated_us = 0;  ///< UTC

  bool operator==(const SinkCursor&) const = default;
};

/// Cursors and pins change, and retention looks at them and deletes, one at a time: whoever
/// registers a cursor or a pin knows afterwards that what is there then stays. The lock ends with
/// the object.
Result<std::unique_ptr<File>> lock_cursors(FileSystem& files, const std::string& folder);

/// Stores a cursor durably; makes it when it is new. A detached cursor stays detached, whatever
/// `cursor.detached` says. kUserFix for a bad name.
Status store_cursor(FileSystem& files, const std::string& folder, const SinkCursor& cursor);
/// Marks a cursor as detached, or takes the mark back. kNotFound when there is no such cursor.
Status set_cursor_detached(FileSystem& files, const std::string& folder, const std::string& name,
                           bool detached);
/// The same for who holds the lock.
Status set_cursor_detached_locked(FileSystem& files, const std::string& folder,
                                  const std::string& name, bool detached);
/// Nothing when there is no such cursor; kCorrupt when its file is damaged.
Result<std::optional<SinkCursor>> load_cursor(FileSystem& files, const std::string& folder,
                                              const std::string& name);
/// All cursors, by name. kCorrupt when one is damaged.
Result<std::vector<SinkCursor>> list_cursors(FileSystem& files, const std::string& folder);
/// Makes what `list_cursors` gives durable, whatever happened to those who stored it.
Status sync_cursors(FileSystem& files, const std::string& folder);
/// Forgets a cursor: retention no longer waits for it. No error when there is none.
Status remove_cursor(FileSystem& files, const std::string& folder, const std::string& name);

/// Holds retention back at an offset while it lives. Not thread-safe.
class Pin {
 public:
  static Result<std::unique_ptr<Pin>> take(FileSystem& files, const std::string& folder,
                                           Offset next);
  ~Pin();
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  /// From now on holds from here.
  Status move(Offset next);

 private:
  Pin(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  FileSystem& files_;
  std::string path_;
  std::unique_ptr<File> file_;
};

/// The lowest offset that a living pin holds; removes the pins of dead processes. Nothing: none.
Result<std::optional<Offset>> lowest_pin(FileSystem& files, const std::string& folder);

}  // namespace tailwater::changelog
