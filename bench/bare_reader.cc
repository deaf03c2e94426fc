// bare_reader: the floor of catch-up: receives a server's binlog, writes it to a file, syncs it.
// No decoding, no checks. It writes as the changelog does, around the page cache.
//
//   bare_reader URL BINLOG_FILE OUTPUT_FILE
#include <cstdio>

#include "base/file.h"
#include "changelog/appender.h"
#include "db/mysql/connection.h"
#include "db/mysql/dump_stream.h"
#include "db/mysql/endpoint.h"
#include "db/mysql/server_id.h"

namespace tailwater::bench {
namespace {

// A rotate event that is in the file; the server also sends one that is not, before the first.
bool is_end_of_file(Bytes event) {
  constexpr size_t kTypeAt = 4;
  constexpr size_t kNextPosAt = 13;
  constexpr uint8_t kRotate = 4;
  return event.size() > kNextPosAt + 4 && event[kTypeAt] == kRotate &&
         load<uint32_t>(event.data() + kNextPosAt) != 0;
}

Status read_all(const std::string& url, const std::string& binlog, const std::string& path) {
  TW_ASSIGN(mysql::Endpoint endpoint, mysql::parse_endpoint(url));
  TW_TRY(mysql::complete_endpoint(endpoint, mysql::Surroundings::of_process()));
  TW_ASSIGN(mysql::Connection connection, mysql::Connection::open(endpoint));
  mysql::DumpOptions options;
  TW_ASSIGN(options.server_id, mysql::choose_server_id(connection));
  options.non_blocking = true;
  TW_ASSIGN(auto dump,
            mysql::DumpStream::open(std::move(connection), BinlogPosition{binlog, 4}, options));
  FileSystem& files = FileSystem::posix();
  TW_TRY(files.open(path, OpenMode::kCreateNew));
  TW_ASSIGN(auto file,
            changelog::Appender::open(
                files, path, 0, {.reserve_bytes = 16 << 20, .direct_write_bytes = 128 << 10}));
  for (;;) {
    TW_ASSIGN(const auto event, dump.next({}));
    if (!event) break;
    TW_TRY(file->append(*event));
    if (is_end_of_file(*event)) break;
  }
  TW_TRY(file->flush());
  TW_TRY(file->trim());
  return file->sync();
}

}  // namespace
}  // namespace tailwater::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bare_reader URL BINLOG_FILE OUTPUT_FILE\n");
    return 2;
  }
  const auto done = tailwater::bench::read_all(argv[1], argv[2], argv[3]);
  if (done.has_value()) return 0;
  std::fprintf(stderr, "bare_reader: %s\n", done.error().describe().c_str());
  return 1;
}
