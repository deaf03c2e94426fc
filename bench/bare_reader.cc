// bare_reader: the floor of catch-up: receives a server's binlog, writes it to a file, syncs it.
// No decoding, no checks.
//
//   bare_reader URL BINLOG_FILE OUTPUT_FILE
#include <cstdio>

#include "base/file.h"
#include "db/mysql/connection.h"
#include "db/mysql/dump_stream.h"
#include "db/mysql/endpoint.h"
#include "db/mysql/server_id.h"

namespace tailwater::bench {
namespace {

constexpr size_t kWriteBytes = 1 << 20;

Status read_all(const std::string& url, const std::string& binlog, const std::string& path) {
  TW_ASSIGN(mysql::Endpoint endpoint, mysql::parse_endpoint(url));
  TW_TRY(mysql::complete_endpoint(endpoint, mysql::Surroundings::of_process()));
  TW_ASSIGN(mysql::Connection connection, mysql::Connection::open(endpoint));
  mysql::DumpOptions options;
  TW_ASSIGN(options.server_id, mysql::choose_server_id(connection));
  options.non_blocking = true;
  TW_ASSIGN(auto dump,
            mysql::DumpStream::open(std::move(connection), BinlogPosition{binlog, 4}, options));
  TW_ASSIGN(auto file, FileSystem::posix().open(path, OpenMode::kCreateNew));
  ByteBuffer buffer(kWriteBytes * 2);
  uint64_t written = 0;
  const auto write = [&]() -> Status {
    TW_TRY(file->write_at(written, buffer.view()));
    written += buffer.size();
    buffer.clear();
    return {};
  };
  for (;;) {
    TW_ASSIGN(const auto event, dump.next({}));
    if (!event) break;
    buffer.append(*event);
    if (buffer.size() >= kWriteBytes) TW_TRY(write());
  }
  TW_TRY(write());
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
