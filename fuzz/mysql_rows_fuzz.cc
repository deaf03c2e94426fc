// A table map and rows for it: bytes are split in two, both are hostile.
#include <memory>

#include "base/cursor.h"
#include "model/row.h"
#include "source/mysql/binlog/row_plan.h"
#include "source/mysql/binlog/rows_event.h"
#include "source/mysql/binlog/table_schema.h"

using namespace tailwater;
using namespace tailwater::mysql;

namespace {

// What decodes must be a sound row.
void transcode_all(RowPlan& plan, const RowsEvent& rows) {
  Cursor cursor(rows.rows);
  ByteBuffer out;
  const Bytes sent = rows.kind == RowsKind::kDelete ? rows.before_columns : rows.after_columns;
  while (!cursor.at_end()) {
    const size_t before = cursor.remaining();
    const auto image = plan.image(sent);
    if (!image) return;
    out.clear();
    if (!transcode_image(**image, cursor, out)) {
      if (!out.empty()) __builtin_trap();
      return;
    }
    const RowView row(plan.schema()->layout(), out.view());
    if (!row.validate(*plan.schema())) __builtin_trap();
    if (cursor.remaining() == before) return;  // a row of no columns
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  FormatDescription format;
  format.mariadb = (data[0] & 1) != 0;
  const size_t map_bytes = load<uint16_t>(data + 1);
  if (map_bytes > size - 3) return 0;
  Event map_event;
  map_event.header.type = EventType::kTableMap;
  map_event.body = Bytes(data + 3, map_bytes);
  const auto map = parse_table_map(map_event, format);
  if (!map) return 0;
  Event rows_event;
  rows_event.header.type = (data[0] & 2) != 0 ? EventType::kUpdateRows : EventType::kWriteRows;
  rows_event.body = Bytes(data + 3 + map_bytes, size - 3 - map_bytes);
  ByteBuffer unpacked;
  const auto rows = parse_rows(rows_event, format, unpacked);
  auto table = map->has_names ? schema_of_map(*map) : schema_without_names(*map);
  if (!table) return 0;
  auto plan = RowPlan::make(*map, std::make_shared<const Schema>(SchemaId{1}, std::move(*table)));
  if (!plan) __builtin_trap();  // a schema of this very map always fits
  if (rows && rows->columns == plan->columns()) transcode_all(*plan, *rows);
  return 0;
}
