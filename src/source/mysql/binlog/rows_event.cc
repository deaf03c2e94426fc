#include "source/mysql/binlog/rows_event.h"

#include "base/cursor.h"
#include "source/mysql/binlog/compressed.h"
#include "source/mysql/binlog/length_encoded.h"

namespace tailwater::mysql {
namespace {

constexpr size_t kColumnsMax = 4096;

struct Shape {
  RowsKind kind;
  bool extra;       // version 2: extra data after the flags
  bool compressed;  // MariaDB
};

Result<Shape> shape_of(EventType type) {
  switch (type) {
    case EventType::kWriteRowsV1:
      return Shape{RowsKind::kWrite, false, false};
    case EventType::kUpdateRowsV1:
      return Shape{RowsKind::kUpdate, false, false};
    case EventType::kDeleteRowsV1:
      return Shape{RowsKind::kDelete, false, false};
    case EventType::kWriteRows:
      return Shape{RowsKind::kWrite, true, false};
    case EventType::kUpdateRows:
      return Shape{RowsKind::kUpdate, true, false};
    case EventType::kDeleteRows:
      return Shape{RowsKind::kDelete, true, false};
    case EventType::kMariadbWriteRowsCompressedV1:
      return Shape{RowsKind::kWrite, false, true};
    case EventType::kMariadbUpdateRowsCompressedV1:
      return Shape{RowsKind::kUpdate, false, true};
    case EventType::kMariadbDeleteRowsCompressedV1:
      return Shape{RowsKind::kDelete, false, true};
    case EventType::kMariadbWriteRowsCompressed:
      return Shape{RowsKind::kWrite, true, true};
    case EventType::kMariadbUpdateRowsCompressed:
      return Shape{RowsKind::kUpdate, true, true};
    case EventType::kMariadbDeleteRowsCompressed:
      return Shape{RowsKind::kDelete, true, true};
    case EventType::kPartialUpdateRows:
      return Shape{RowsKind::kUpdate, true, false};
    default:
      return fail(ErrorKind::kUnsupported,
                  "a " + std::string(to_string(type)) + " event cannot be decoded");
  }
}

}  // namespace

Result<RowsEvent> parse_rows(const Event& event, const FormatDescription& format,
                             ByteBuffer& unpacked) {
  TW_ASSIGN(const Shape shape, shape_of(event.header.type));
  Cursor cursor(event.body);
  RowsEvent rows;
  rows.kind = shape.kind;
  rows.partial = event.header.type == EventType::kPartialUpdateRows;
  rows.table_id = cursor.le_uint(format.table_id_bytes(event.header.type));
  rows.flags = cursor.le<uint16_t>();
  if (shape.extra) {
    // Tags of partitions and NDB, with their own length; nothing in them changes a row.
    const auto extra = cursor.le<uint16_t>();
    if (extra < 2) return damaged(event.header.type, "its extra data have no length");
    cursor.skip(extra - 2u);
  }
  const uint64_t columns = length_encoded(cursor);
  if (columns > kColumnsMax) return damaged(event.header.type, "too many columns");
  rows.columns = static_cast<uint32_t>(columns);
  const Bytes first = cursor.take((columns + 7) / 8);
  if (shape.kind != RowsKind::kWrite) rows.before_columns = first;
  if (shape.kind == RowsKind::kWrite) rows.after_columns = first;
  if (shape.kind == RowsKind::kUpdate) rows.after_columns = cursor.take((columns + 7) / 8);
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  rows.rows = cursor.rest();
  if (shape.compressed) {
    TW_TRY(unpack_mariadb(rows.rows, unpacked));
    rows.rows = unpacked.view();
  }
  return rows;
}

}  // namespace tailwater::mysql
