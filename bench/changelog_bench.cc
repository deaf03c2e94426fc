// How fast the changelog writes (durable, synced) and reads. Runs by itself and prints a table:
// changelog_bench [FOLDER [MEGABYTES]].
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/resource.h>

#include "changelog/reader.h"
#include "changelog/writer.h"

namespace tailwater::changelog {
namespace {

TableSchema orders() {
  TableSchema schema{.database = "shop", .table = "orders", .columns = {}};
  schema.columns = {
      {.name = "id",
       .type = {.kind = TypeKind::kInt64},
       .source_type = "bigint",
       .nullable = false},
      {.name = "note", .type = {.kind = TypeKind::kString}, .source_type = "text"},
  };
  return schema;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double seconds() {
  return static_cast<double>(Clock::system().steady_us()) / 1e6;
}

std::string anonymous_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon")) return line.substr(line.find_first_of("0123456789"));
  }
  return "?";
}

void check(const Status& status) {
  if (status.has_value()) return;
  std::fprintf(stderr, "%s\n", status.error().describe().c_str());
  std::exit(1);
}

struct Case {
  const char* name;
  uint64_t rows_per_transaction;
  Compression compression;
};

void write_rows(Writer& writer, const SchemaPtr& schema, uint64_t first, uint64_t rows) {
  static const std::string kNote =
      R"({"customer":4711,"city":"Stuttgart","items":[1,2,3],"comment":"the quick brown fox"})" +
      std::string(40, 'x');
  check(writer.begin({.gtid = "0-1-1",
                      .file = "bin.000001",
                      .start_pos = first,
                      .thread_id = 1,
                      .server_id = 1,
                      .ts_us = 1}));
  check(writer.start_rows({Op::kInsert, first, 1, 0, 0}, schema));
  for (uint64_t i = 0; i < rows; ++i) {
    writer.begin_image();
    RowWriter row(schema->layout(), writer.image_buffer());
    row.set_fixed<int64_t>(0, static_cast<int64_t>(first + i));
    row.set_text(1, kNote);
    writer.end_image();
    check(writer.end_change());
  }
  check(writer.end_rows());
  check(writer.commit({.end_pos = first + rows, .id = 1, .thread_id = 0, .commit_ts_us = 1}));
}

void run(const Case& what, const std::string& folder, uint64_t bytes) {
  std::filesystem::remove_all(folder);
  auto opened = Writer::open(FileSystem::posix(), folder, {.compression = what.compression},
                             {SourceKind::kMysql, "bench", "bench"});
  if (!opened.has_value()) check(fail(opened.error()));
  Writer& writer = **opened;
  writer.set_position_encoder([](ByteBuffer& out) { encode_position({}, out); });
  const SchemaPtr schema = *writer.intern(orders());
  const double start = seconds();
  const double cpu = cpu_seconds();
  uint64_t rows = 0;
  constexpr uint64_t kRowBytes = 170;
  while (rows * kRowBytes < bytes) {
    write_rows(writer, schema, rows, what.rows_per_transaction);
    rows += what.rows_per_transaction;
  }
  check(writer.flush());
  const double wall = seconds() - start;
  const double used = cpu_seconds() - cpu;
  const double megabytes = static_cast<double>(writer.status().log_bytes) / 1e6;
  const std::string memory = anonymous_memory();
  check(writer.close());

  const double read_start = seconds();
  const double read_cpu = cpu_seconds();
  auto reader = Reader::open(FileSystem::posix(), folder, {});
  if (!reader.has_value()) check(fail(reader.error()));
  uint64_t seen = 0;
  for (;;) {
    auto entry = (*reader)->next();
    if (!entry.has_value()) check(fail(entry.error()));
    if (!*entry) break;
    seen += (*entry)->kind == TailEntry::Kind::kChange ? 1U : 0U;
  }
  const double read_wall = seconds() - read_start;
  std::printf(
      "%-24s write %6.0f MB/s synced, %5.2f M rows/s, CPU %4.2f s/GB, RssAnon %s | read %5.2f M "
      "rows/s, %4.2f s/GB CPU%s\n",
      what.name, megabytes / wall, static_cast<double>(rows) / wall / 1e6,
      used / (megabytes / 1000), memory.c_str(), static_cast<double>(seen) / read_wall / 1e6,
      (cpu_seconds() - read_cpu) / (megabytes / 1000), seen == rows ? "" : " WRONG COUNT");
  std::fflush(stdout);
  std::filesystem::remove_all(folder);
}

int run(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "changelog_bench.log";
  const uint64_t bytes = (argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000ULL) * 1000000ULL;
  for (const Case& what :
       {Case{"bulk, 1000 rows/tx", 1000, Compression::kNone},
        Case{"5M rows in one tx", 5000000, Compression::kNone},
        Case{"single-row tx", 1, Compression::kNone}, Case{"bulk, lz4", 1000, Compression::kLz4},
        Case{"bulk, zstd", 1000, Compression::kZstd}}) {
    run(what, folder, bytes);
  }
  return 0;
}

}  // namespace
}  // namespace tailwater::changelog

int main(int argc, char** argv) {
  return tailwater::changelog::run(argc, argv);
}
