// JobFiles: which snapshots were asked for and are not done, and which tables need no initial one
// any more. Small files in a folder beside the changelog, replaced durably.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "source/mysql/snapshot/progress.h"

namespace tailwater::mysql {

/// Several threads may use it, for different jobs.
class JobFiles {
 public:
  JobFiles(FileSystem& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  /// All jobs that are not done, oldest first. kCorrupt, naming the file, when one is damaged.
  Result<std::vector<SnapshotJob>> load();
  /// Stores a job durably; replaces it when it is there.
  Status store(const SnapshotJob& job);
  /// The job is done, or was cancelled.
  Status remove(uint64_t id);

  /// The tables that were read, or were there from their start: "database.table".
  Result<std::set<std::string>> known_tables();
  Status add_known_tables(const std::vector<SnapshotTable>& tables);

 private:
  [[nodiscard]] std::string path_of(uint64_t id) const;

  FileSystem& files_;
  std::string folder_;
};

}  // namespace tailwater::mysql
