// How fast row images become rows: one core, one table of seven mixed columns, as MySQL 9.7 wrote
// it. Also the floor: copying the same bytes.
#include <string>

#include <benchmark/benchmark.h>

#include "base/cursor.h"
#include "base/text.h"
#include "source/mysql/binlog/row_plan.h"
#include "source/mysql/binlog/rows_event.h"
#include "source/mysql/binlog/table_schema.h"

namespace tailwater::mysql {
namespace {

// (id bigint primary key, n int, name varchar(100), price decimal(12,2), made datetime(3), doc
// json, score double), and the row (1234567, 42, 'a customer name', '12345.67', '2024-05-06
// 07:08:09.123',
// '{"a": 123456, "tags": ["x", "y"], "ok": true}', 3.25).
constexpr const char* kMap =
    "7700000000000100017400026237000708030ff612f5050790010c020304087e0101000203fcff00041f026964016e"
    "04"
    "6e616d65057072696365046d61646503646f630573636f72650801000c01fe";
constexpr const char* kRow =
    "0087d61200000000002a0000000f006120637573746f6d6572206e616d6580000030394399b34c720904ce3300"
    "00000003003200190001001a0002001c000400072000040100022400616f6b7461677340e2010002000e000c0a"
    "000c0c00017801790000000000000a40";
constexpr size_t kRows = 4096;

struct Setup {
  // With `json_as_text` the document's bytes are those of a LONGTEXT, as MariaDB has them.
  explicit Setup(bool json_as_text = false) : map_bytes(from_hex(kMap).value()) {
    constexpr char kJsonType = '\xf5';
    constexpr char kBlobType = '\xfc';
    if (json_as_text) map_bytes[map_bytes.find(kJsonType)] = kBlobType;
    Event event;
    event.header.type = EventType::kTableMap;
    event.body = as_bytes(map_bytes);
    map = parse_table_map(event, FormatDescription{}).value();
    schema = std::make_shared<const Schema>(SchemaId{1}, schema_of_map(map).value());
    const std::string row = from_hex(kRow).value();
    for (size_t i = 0; i < kRows; ++i) rows += row;
  }
  std::string map_bytes;
  TableMap map;
  SchemaPtr schema;
  std::string rows;
};

void report(benchmark::State& state, const Setup& setup) {
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(setup.rows.size()));
}

void transcode(benchmark::State& state, bool json_as_text) {
  const Setup setup(json_as_text);
  RowPlan plan = RowPlan::make(setup.map, setup.schema).value();
  const uint8_t sent = 0xff;
  const ImagePlan* const image = plan.image(Bytes(&sent, 1)).value();
  ByteBuffer out;
  for (auto _ : state) {
    out.clear();
    Bytes left = as_bytes(setup.rows);
    const RowsTaken taken = transcode_rows(*image, nullptr, left, SIZE_MAX, out);
    if (!taken.sound || taken.rows != kRows) return state.SkipWithError("a row was refused");
    benchmark::DoNotOptimize(out.data());
  }
  report(state, setup);
}
BENCHMARK_CAPTURE(transcode, binary_json, false);
BENCHMARK_CAPTURE(transcode, text_json, true);

void copy_floor(benchmark::State& state) {
  const Setup setup;
  ByteBuffer out;
  const size_t row = setup.rows.size() / kRows;
  for (auto _ : state) {
    out.clear();
    for (size_t i = 0; i < kRows; ++i) out.append(as_bytes(setup.rows).subspan(i * row, row));
    benchmark::DoNotOptimize(out.data());
  }
  report(state, setup);
}
BENCHMARK(copy_floor);

}  // namespace
}  // namespace tailwater::mysql

BENCHMARK_MAIN();
