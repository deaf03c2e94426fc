// latency: from a commit's return at the client to its visibility for a changelog reader.
//
//   latency URL TABLE RATE SECONDS
// Inserts into TABLE (id BIGINT, sent_us BIGINT, …) at RATE transactions per second while a
// changelog captures it; prints the percentiles in milliseconds.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "changelog/reader.h"
#include "db/mysql/connection.h"
#include "db/mysql/endpoint.h"
#include "pipeline/running_source.h"
#include "pipeline/temporary_folder.h"

namespace tailwater::bench {
namespace {

/// When each row's commit returned; the writer fills it, the reader takes from it.
struct Commits {
  std::mutex mutex;
  std::unordered_map<int64_t, int64_t> returned_us;
  std::unordered_map<int64_t, int64_t> seen_us;
};

Status write_rows(const std::string& url, const std::string& table, int rate, int64_t count,
                  Commits& commits) {
  TW_ASSIGN(mysql::Endpoint endpoint, mysql::parse_endpoint(url));
  TW_TRY(mysql::complete_endpoint(endpoint, mysql::Surroundings::of_process()));
  TW_ASSIGN(mysql::Connection connection, mysql::Connection::open(endpoint));
  const int64_t start_us = Clock::system().steady_us();
  for (int64_t id = 0; id < count; ++id) {
    const int64_t due_us = start_us + id * 1'000'000 / rate;
    const int64_t early_us = due_us - Clock::system().steady_us();
    if (early_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(early_us));
    TW_TRY(connection.execute(fmt::format("INSERT INTO {} (id) VALUES ({})", table, id)));
    const int64_t now_us = Clock::system().steady_us();
    const std::scoped_lock lock(commits.mutex);
    commits.returned_us[id] = now_us;
  }
  const double seconds = static_cast<double>(Clock::system().steady_us() - start_us) / 1e6;
  fmt::print("rate {:.0f} tx/s\n", static_cast<double>(count) / seconds);
  return {};
}

Status read_rows(changelog::Reader& reader, int64_t count, Commits& commits) {
  for (int64_t seen = 0; seen < count;) {
    TW_ASSIGN(const auto entry, reader.next());
    if (!entry) {
      TW_TRY(reader.wait({}, 1'000'000));
      continue;
    }
    if (entry->kind != TailEntry::Kind::kChange || entry->change->op != Op::kInsert) continue;
    const int64_t now_us = Clock::system().steady_us();
    const std::scoped_lock lock(commits.mutex);
    commits.seen_us[entry->change->after.fixed<int64_t>(0)] = now_us;
    ++seen;
  }
  return {};
}

void print_percentiles(const Commits& commits) {
  std::vector<int64_t> delays_us;
  for (const auto& [id, returned_us] : commits.returned_us) {
    const auto seen = commits.seen_us.find(id);
    if (seen != commits.seen_us.end()) delays_us.push_back(seen->second - returned_us);
  }
  std::sort(delays_us.begin(), delays_us.end());
  const auto at = [&](double part) {
    const auto index = static_cast<size_t>(part * static_cast<double>(delays_us.size() - 1));
    return static_cast<double>(delays_us[index]) / 1000;
  };
  fmt::print("p50_ms {:.2f} p99_ms {:.2f} max_ms {:.2f} count {}\n", at(0.5), at(0.99), at(1),
             delays_us.size());
}

Status measure(const std::string& url, const std::string& table, int rate, int seconds) {
  TW_ASSIGN(const auto temporary, pipeline::TemporaryFolder::make());
  const std::string& folder = temporary->path();
  pipeline::SourceConfig config;
  config.name = "latency";
  config.url = url;
  config.table_include = {".*\\." + table.substr(table.find('.') + 1)};
  TW_ASSIGN(auto source, pipeline::RunningSource::open(config, folder + "/log", true));
  TW_ASSIGN(auto reader, source->reader({}));
  source->start();
  while (source->status().source.state != SourceStatus::State::kStreaming) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  Commits commits;
  const int64_t count = int64_t{rate} * seconds;
  Status written;
  std::thread writer([&] { written = write_rows(url, table, rate, count, commits); });
  Status read = read_rows(*reader, count, commits);
  writer.join();
  TW_TRY(written);
  TW_TRY(read);
  TW_TRY(source->stop());
  print_percentiles(commits);
  return {};
}

}  // namespace
}  // namespace tailwater::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: latency URL DATABASE.TABLE RATE SECONDS\n");
    return 2;
  }
  const auto done =
      tailwater::bench::measure(argv[1], argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
  if (done.has_value()) return 0;
  std::fprintf(stderr, "latency: %s\n", done.error().describe().c_str());
  return 1;
}
