// BinlogWatch: how much binlog the server has after a position, asked now and then.
#pragma once

#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "db/mysql/server_info.h"
#include "db/mysql/servers.h"
#include "model/position.h"

namespace tailwater::mysql {

/// Asks the server for its binlogs every few seconds, over a connection and in a thread of its own.
/// Trouble only means that nothing is known. Thread-safe.
class BinlogWatch {
 public:
  /// Of the server that is in use; `servers` must outlive it.
  explicit BinlogWatch(const Servers& servers);
  ~BinlogWatch();
  BinlogWatch(const BinlogWatch&) = delete;
  BinlogWatch& operator=(const BinlogWatch&) = delete;

  /// Bytes from `place` to the end of the binlog when it was last asked for; -1: not known.
  [[nodiscard]] int64_t bytes_after(const BinlogPosition& place) const;

 private:
  void watch(const std::stop_token& stop);

  const Servers& servers_;
  mutable std::mutex mutex_;
  std::vector<BinaryLog> logs_;
  std::jthread thread_;
};

}  // namespace tailwater::mysql
