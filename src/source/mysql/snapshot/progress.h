// Progress: what a snapshot is to read, what of it is in the changelog, and who reads what now.
//
// Its stored form goes into the changelog with each chunk, so that after a crash reading goes on
// behind the last chunk that is there; docs/snapshots.md, "State".
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "db/mysql/catalog.h"
#include "db/mysql/key_range.h"

namespace tailwater::mysql {

/// A table to read.
struct SnapshotTable {
  TableName name;
  std::string where = {};  ///< a condition in SQL; "": all rows
};

/// What a snapshot is asked to do. Stored beside the changelog until it is done.
struct SnapshotJob {
  uint64_t id = 0;  ///< the microsecond in which it was asked for
  std::vector<SnapshotTable> tables;
  std::string audience = {};  ///< the one sink that it is for; "": all
  bool initial = false;       ///< of what is captured from now on: its tables need no other
  bool paused = false;
  bool ordered = false;  ///< one table after the other, as `tables` has them
};

/// A part of a table that one reader reads, chunk by chunk.
struct ReadTask {
  size_t table = 0;
  uint64_t range_id = 0;
  KeyRange range;
};

/// Thread-safe.
class Progress {
 public:
  explicit Progress(SnapshotJob job) : job_(std::move(job)) {}
  /// Goes on where a stored state says. kCorrupt when it is not one of this job.
  static Result<std::unique_ptr<Progress>> resume(SnapshotJob job, const std::string& state);
  /// What a stored state is of; kCorrupt when it is none.
  struct Stored {
    uint64_t id = 0;  ///< of the job
    bool done = false;
  };
  static Result<Stored> look_into(const std::string& state);

  [[nodiscard]] const SnapshotJob& job() const { return job_; }
  [[nodiscard]] std::string encode() const;

  /// The next part that nobody reads; nothing when there is none now.
  std::optional<ReadTask> take_task();
  /// The reader of a part gives it back, as it is in the changelog.
  void give_back(const ReadTask& task);
  /// Whether somebody without work waits for a part of another one's.
  [[nodiscard]] bool split_wanted() const;
  /// The task's reader gives the rows behind `at` to others. False when nobody wants them any more.
  bool split(ReadTask& task, const KeyBound& at);
  /// A reader says that it has nothing to do, or has again.
  void set_hungry(bool hungry);

  /// What a chunk did, once it is in the changelog.
  struct Step {
    bool first = false;  ///< of its table
    bool last = false;   ///< of its table
  };
  [[nodiscard]] Step step_of(size_t table, uint64_t range_id, bool exhausted) const;
  void chunk_taken(size_t table, uint64_t range_id, const KeyBound& last_key, bool exhausted,
                   uint64_t rows);
  /// Whether a table of this name ("database.table") is being read; which it is.
  [[nodiscard]] std::optional<size_t> being_read(const std::string& name) const;
  /// One more row is to be read of a table that is being read.
  void add_row(size_t table, std::string condition);
  /// The table is gone, or is left out: nothing more is read of it.
  void drop_table(size_t table);

  [[nodiscard]] bool done() const;
  struct Counts {
    size_t tables = 0;
    size_t tables_done = 0;
    uint64_t rows = 0;
    std::vector<std::string> reading = {};  ///< the names of tables that are being read
  };
  [[nodiscard]] Counts counts() const;

 private:
  struct Part {
    uint64_t id = 0;
    KeyRange range;  ///< what is not in the changelog yet
    bool taken = false;
  };
  struct Table {
    size_t index = 0;
    bool started = false;
    uint64_t rows = 0;
    std::vector<Part> parts;
  };
  [[nodiscard]] const Table* find_locked(size_t table) const;
  Table* find_locked(size_t table);
  [[nodiscard]] bool must_wait_locked() const;

  const SnapshotJob job_;
  mutable std::mutex mutex_;
  size_t next_table_ = 0;      ///< those before were started
  std::vector<Table> active_;  ///< started and not done
  uint64_t next_part_id_ = 1;
  uint64_t rows_ = 0;
  int hungry_ = 0;
};

/// The stored form of a job, and back. kCorrupt when the text is none.
std::string encode_job(const SnapshotJob& job);
Result<SnapshotJob> decode_job(const std::string& text);

}  // namespace tailwater::mysql
