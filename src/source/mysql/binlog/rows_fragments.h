// RowsFragments: a rows event that MariaDB (12.3 and later) has cut into partial_row_data events.
// Source: MariaDB docs, "PARTIAL_ROW_DATA_EVENT"; MDEV-32570. That page and the server's own
// comments do not agree on the order of a fragment's two numbers; the first fragment of a group
// tells, as its number is 1.
#pragma once

#include <optional>

#include "source/mysql/binlog/event.h"

namespace tailwater::mysql {

/// Joins the fragments of one rows event after the other. Memory: one such event, and never much
/// more than what was received. Not thread-safe.
class RowsFragments {
 public:
  /// As large as an event can be: its length has 32 bits.
  static constexpr uint64_t kEventBytesMax = (uint64_t{1} << 32) - 1;

  /// Takes a fragment's event. After the last of a group: the whole rows event, valid until the
  /// next call. kCorrupt when a fragment is missing, or they do not make a rows event.
  Result<std::optional<Event>> take(const Event& fragment);
  /// Whether a group has begun and not ended.
  [[nodiscard]] bool open() const { return next_ != 0; }
  /// Forgets an open group.
  void drop();

 private:
  struct Fragment {
    uint32_t first = 0;
    uint32_t second = 0;
    std::optional<uint64_t> event_bytes;
    Bytes content;
  };
  static Result<Fragment> parse(const Event& event);
  Status begin(const Fragment& fragment);
  Result<Event> finish();

  ByteBuffer whole_;
  uint32_t next_ = 0;   // the number of the fragment that must come; 0: no group is open
  uint32_t total_ = 0;  // of the open group
  bool number_first_ = true;
  std::optional<uint64_t> event_bytes_;
};

}  // namespace tailwater::mysql
