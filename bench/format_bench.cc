// How fast changes become text, on one core: rows of seven mixed columns (bigint, int, varchar,
// decimal, datetime, json, double), inserted, into a buffer that is emptied now and then.
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "format/formatter.h"

namespace tailwater::format {
namespace {

constexpr size_t kRows = 4096;
constexpr size_t kBufferBytes = 1 << 20;

TableSchema mixed_table() {
  TableSchema table;
  table.database = "shop";
  table.table = "events";
  table.columns = {{"id", {TypeKind::kInt64}, "bigint", {}, false},
                   {"quantity", {TypeKind::kInt32}, "int"},
                   {"title", {TypeKind::kString, 0, 0, 100}, "varchar(100)", "utf8mb4"},
                   {"price", {TypeKind::kDecimal, 12, 2}, "decimal(12,2)"},
                   {"created", {TypeKind::kDatetime, 6}, "datetime(6)"},
                   {"details", {TypeKind::kJson}, "json"},
                   {"score", {TypeKind::kFloat64}, "double"}};
  table.key_kind = KeyKind::kPrimary;
  table.key_columns = {0};
  return table;
}

std::vector<ByteBuffer> mixed_rows(const Schema& schema) {
  std::mt19937_64 random(1);
  std::vector<ByteBuffer> rows(kRows);
  for (size_t i = 0; i < kRows; ++i) {
    RowWriter row(schema.layout(), rows[i]);
    row.set_fixed<int64_t>(0, static_cast<int64_t>(1000000 + i));
    row.set_fixed<int32_t>(1, static_cast<int32_t>(random() % 1000));
    row.set_text(2, "Product number " + std::to_string(random() % 100000) + " of the catalogue");
    row.set_text(3, std::to_string(random() % 100000) + "." + std::to_string(10 + random() % 90));
    row.set_datetime(4, {Date::of(2024, static_cast<uint32_t>(1 + random() % 12),
                                  static_cast<uint32_t>(1 + random() % 28)),
                         static_cast<int64_t>(random() % 86400000000)});
    row.set_text(5, R"({"tags": ["new", "sale"], "views": )" + std::to_string(random() % 10000) +
                        R"(, "colour": "green"})");
    row.set_fixed<double>(6, static_cast<double>(random() % 1000000) / 1000.0);
  }
  return rows;
}

void format_rows(benchmark::State& state, const char* name, bool with_schema) {
  FormatOptions options;
  options.debezium.schemas_enable = with_schema;
  auto formatter = make_formatter(name, options, SourceKind::kMysql);
  const Schema schema(SchemaId{1}, mixed_table());
  const std::vector<ByteBuffer> rows = mixed_rows(schema);
  TransactionInfo transaction;
  transaction.gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:23";
  transaction.file = "binlog.000007";
  transaction.id = 7711;
  transaction.server_id = 1;
  transaction.commit_ts_us = 1700000000123456;
  ChangeView change;
  change.schema = &schema;
  change.ts_us = 1700000000000000;
  std::string out;
  out.reserve(2 * kBufferBytes);
  uint64_t bytes = 0;
  size_t i = 0;
  for (auto _ : state) {
    change.after = RowView(schema.layout(), rows[i % kRows].view());
    change.source_pos = 4711 + i;
    change.source_row = static_cast<uint32_t>(i % 100);
    change.offset = Offset{i++};
    const size_t before = out.size();
    if (!(*formatter)->append(transaction, change, out).has_value())
      state.SkipWithError("append failed");
    bytes += out.size() - before;
    if (out.size() > kBufferBytes) out.clear();
  }
  state.SetItemsProcessed(static_cast<int64_t>(i));
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}

BENCHMARK_CAPTURE(format_rows, debezium, "debezium", false);
BENCHMARK_CAPTURE(format_rows, debezium_with_schema, "debezium", true);
BENCHMARK_CAPTURE(format_rows, maxwell, "maxwell", false);

}  // namespace
}  // namespace tailwater::format

BENCHMARK_MAIN();
