// RowsEvent: rows that one statement wrote, changed or deleted in one table.
// Sources: MySQL Rows_event (rows_event.h); MariaDB Knowledge Base, "Rows Event V1/V2".
#pragma once

#include "source/mysql/binlog/event.h"
#include "source/mysql/binlog/format_description.h"

namespace tailwater::mysql {

enum class RowsKind : uint8_t { kWrite, kUpdate, kDelete };

/// Borrows from the event (or from `unpacked`).
struct RowsEvent {
  static constexpr uint16_t kEndOfStatement = 1;  ///< the server may forget its table ids after it
  /// The table id of an event without rows that only ends a statement.
  static constexpr uint64_t kDummyTableId = 0x00ffffff;

  RowsKind kind = RowsKind::kWrite;
  bool partial = false;  ///< an update whose after images may hold diffs, see JsonDocuments
  uint64_t table_id = 0;
  uint16_t flags = 0;
  uint32_t columns = 0;
  Bytes before_columns = {};  ///< which columns the before images have; a bit each, lowest first
  Bytes after_columns = {};   ///< which columns the after images have
  Bytes rows = {};            ///< the images, see RowPlan; updates alternate before and after

  [[nodiscard]] bool ends_statement() const { return (flags & kEndOfStatement) != 0; }
};

/// Reads the head of a row event of version 1 or 2, compressed by MariaDB (then `unpacked` gets the
/// rows) or not, or of a partial update. kUnsupported for version 0 (MySQL 5.1 before its release).
Result<RowsEvent> parse_rows(const Event& event, const FormatDescription& format,
                             ByteBuffer& unpacked);

}  // namespace tailwater::mysql
