// A table map and rows for it: bytes are split in two, both are hostile.
#include <algorithm>
#include <memory>

#include "base/cursor.h"
#include "model/row.h"
#include "source/mysql/binlog/row_plan.h"
#include "source/mysql/binlog/rows_event.h"
#include "source/mysql/binlog/table_schema.h"

using namespace tailwater;
using namespace tailwater::mysql;

namespace {

// One row alone is read with care, one with bytes behind it the fast way: both must agree.
void compare_with_fast(const ImagePlan& image, Bytes row, const ByteBuffer& careful) {
  constexpr size_t kBehind = 512;
  ByteBuffer padded;
  padded.append(row);
  for (size_t i = 0; i < kBehind; ++i) padded.put<uint8_t>(0xa5);
  Cursor cursor(padded.view());
  ByteBuffer fast;
  if (!transcode_image(image, cursor, fast)) __builtin_trap();
  if (cursor.remaining() != kBehind) __builtin_trap();
  if (!std::ranges::equal(fast.view(), careful.view())) __builtin_trap();
}

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
    const Bytes taken = rows.rows.subspan(rows.rows.size() - before, before - cursor.remaining());
    ByteBuffer careful;
    Cursor alone(taken);
    if (!transcode_image(**image, alone, careful)) __builtin_trap();
    if (!std::ranges::equal(out.view(), careful.view())) __builtin_trap();
    compare_with_fast(**image, taken, careful);
    if (cursor.remaining() == before) return;  // a row of no columns
  }
}

// The same with every second column left out.
void transcode_some(const TableMap& map, const TableSchema& table, const RowsEvent& rows) {
  TableSchema some = table;
  some.columns.clear();
  some.key_columns.clear();
  std::vector<uint32_t> kept;
  for (uint32_t i = 0; i < table.columns.size(); i += 2) {
    kept.push_back(i);
    some.columns.push_back(table.columns[i]);
  }
  auto plan =
      RowPlan::make(map, table, kept, std::make_shared<const Schema>(SchemaId{2}, std::move(some)));
  if (!plan) __builtin_trap();
  transcode_all(*plan, rows);
}

// The same of updates with diffs: what the whole event gives is what its images give one by one.
void transcode_partial(RowPlan& plan, const RowsEvent& rows) {
  const auto before = plan.image(rows.before_columns);
  if (!before) return;
  const auto after = plan.image(rows.after_columns);
  if (!after) return;
  JsonDocuments documents;
  ByteBuffer out;
  Bytes left = rows.rows;
  const RowsTaken taken = transcode_partial_rows(**before, **after, left, SIZE_MAX, out, documents);
  Cursor cursor(rows.rows);
  size_t at = 0;
  for (uint32_t i = 0; i < taken.rows * 2; ++i) {
    ByteBuffer row;
    const bool is_after = i % 2 != 0;
    const auto transcode = is_after ? &transcode_partial_image : &transcode_before_image;
    if (!transcode(is_after ? **after : **before, cursor, row, documents)) __builtin_trap();
    if (!RowView(plan.schema()->layout(), row.view()).validate(*plan.schema())) __builtin_trap();
    const size_t bytes = load<uint32_t>(out.data() + at);
    at += sizeof(uint32_t);
    if (!std::ranges::equal(out.view(at).first(bytes), row.view())) __builtin_trap();
    at += bytes;
  }
  if (at != out.size() || (taken.sound && !left.empty())) __builtin_trap();
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
  if ((data[0] & 4) != 0) rows_event.header.type = EventType::kPartialUpdateRows;
  rows_event.body = Bytes(data + 3 + map_bytes, size - 3 - map_bytes);
  ByteBuffer unpacked;
  const auto rows = parse_rows(rows_event, format, unpacked);
  auto table = map->has_names ? schema_of_map(*map) : schema_without_names(*map);
  if (!table) return 0;
  auto plan = RowPlan::make(*map, std::make_shared<const Schema>(SchemaId{1}, *table));
  if (!plan) __builtin_trap();  // a schema of this very map always fits
  if (!rows || rows->columns != plan->columns()) return 0;
  if (rows->partial) {
    transcode_partial(*plan, *rows);
  } else {
    transcode_all(*plan, *rows);
    transcode_some(*map, *table, *rows);
  }
  return 0;
}
