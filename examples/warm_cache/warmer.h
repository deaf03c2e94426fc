// Warmer: fills a cache from tables of a server and keeps it as they are.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include <tailwater/stream.h>

#include "cache.h"

class Warmer {
 public:
  /// `file` holds the cache and its position between two runs. Borrows the cache.
  Warmer(Cache& cache, tailwater::StreamOptions options, std::vector<std::string> tables,
         std::string file);
  /// Keeps the cache warm until `stop`, or an error that trying again does not cure.
  tailwater::Status run();
  /// From any thread.
  void stop();

 private:
  tailwater::Result<std::string> load();
  tailwater::Status follow(const std::string& position);
  tailwater::Status read(tailwater::Stream& stream);
  [[nodiscard]] bool alters_ours(const tailwater::Change& change) const;
  bool enter(tailwater::Stream& stream);
  void leave();

  Cache& cache_;
  tailwater::StreamOptions options_;
  std::vector<std::string> tables_;
  std::string file_;

  std::mutex mutex_;
  tailwater::Stream* stream_ = nullptr;  // the one that is read now
  bool stopped_ = false;
};
