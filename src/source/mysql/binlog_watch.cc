#include "source/mysql/binlog_watch.h"

#include <condition_variable>
#include <optional>

#include "base/own_thread.h"
#include "db/mysql/connection.h"

namespace tailwater::mysql {
namespace {

constexpr auto kAskEvery = std::chrono::seconds(5);

}  // namespace

BinlogWatch::BinlogWatch(const Servers& servers) : servers_(servers) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    begin_own_thread("tw-watch");
    watch(stop);
  });
}

BinlogWatch::~BinlogWatch() = default;

void BinlogWatch::watch(const std::stop_token& stop) {
  std::optional<Connection> connection;
  std::mutex mutex;
  std::condition_variable_any wake;
  while (!stop.stop_requested()) {
    const Endpoint endpoint = servers_.current();
    if (connection && connection->endpoint().describe() != endpoint.describe()) connection.reset();
    if (!connection) {
      if (auto opened = Connection::open(endpoint); opened.has_value()) {
        connection.emplace(std::move(*opened));
      }
    }
    std::vector<BinaryLog> logs;
    if (connection) {
      if (auto listed = list_binary_logs(*connection); listed.has_value()) {
        logs = std::move(*listed);
      } else {
        connection.reset();
      }
    }
    {
      const std::scoped_lock lock(mutex_);
      logs_ = std::move(logs);
    }
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, kAskEvery, [] { return false; });
  }
}

int64_t BinlogWatch::bytes_after(const BinlogPosition& place) const {
  const std::scoped_lock lock(mutex_);
  int64_t behind = -1;
  for (const BinaryLog& log : logs_) {
    if (log.name == place.file) {
      behind = log.bytes > place.pos ? static_cast<int64_t>(log.bytes - place.pos) : 0;
    } else if (behind >= 0) {
      behind += static_cast<int64_t>(log.bytes);
    }
  }
  return behind;
}

}  // namespace tailwater::mysql
