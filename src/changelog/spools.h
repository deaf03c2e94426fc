// Spools: the prepared transactions of a changelog, as its writer knows them. Which ones there are
// stands in every frame beside the position (docs/spool_format.md), so position and spools can
// never disagree; what no frame names is removed at the next open.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "changelog/log_output.h"
#include "changelog/spool.h"

namespace tailwater::changelog {

/// Used on the source's thread, but for what says otherwise.
class Spools {
 public:
  /// Finds the spools that the log names at its end, and removes all others. One that is missing or
  /// damaged is said in a log line and left out: its transaction is then not known.
  static Result<std::unique_ptr<Spools>> open(FileSystem& files, const std::string& log_folder,
                                              const Incarnation& incarnation,
                                              const std::vector<uint64_t>& named, bool durable);

  Result<std::unique_ptr<Spool>> make(size_t block_bytes, int64_t now_us);
  Status prepare(std::unique_ptr<Spool> spool, const SpoolInfo& prepared);
  Spool* find(std::string_view id);
  void end(std::string_view id);
  [[nodiscard]] std::vector<SpoolInfo> infos() const;

  /// After a commit or an advance: what was prepared and ended before it counts.
  void settle();
  /// After an abort: what was ended in the transaction is not.
  void restore();

  /// The record of a frame that ends with a position; nothing when nothing is prepared.
  void put_numbers(ByteBuffer& body) const;
  /// Gives a frame with a position what must be durable before it, and may go after it.
  void hand_over(FrameJob& job);
  /// Whether so many files wait for a frame that one should be made.
  [[nodiscard]] bool wants_frame() const { return unnamed_ >= kUnnamedMax; }

  /// From any thread.
  [[nodiscard]] uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  [[nodiscard]] int64_t oldest_us() const { return oldest_us_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kUnnamedMax = 64;

  struct Entry {
    std::unique_ptr<Spool> spool;
    bool named = false;   ///< a frame with it was handed over
    bool counts = false;  ///< it was prepared before the last commit or advance
    bool ended = false;   ///< from the next commit or advance on
  };

  Spools(FileSystem& files, const std::string& log_folder, const Incarnation& incarnation,
         bool durable);
  Status load(uint64_t number);
  void note_counts();

  FileSystem& files_;
  std::string folder_;
  Incarnation incarnation_;
  bool durable_;
  uint64_t next_number_ = 1;
  bool made_folder_ = false;
  bool unsettled_ = false;  ///< something was prepared or ended since the last commit or advance
  size_t unnamed_ = 0;      ///< that count
  std::list<Entry> entries_;
  std::vector<std::string> ended_files_;  ///< not yet handed over
  std::atomic<uint64_t> count_ = 0;
  std::atomic<int64_t> oldest_us_ = 0;
};

/// Looks at the spools with these numbers from outside; `whole`: all their bytes. Those that are
/// damaged or missing are in `lost`.
struct SpoolsReport {
  std::vector<SpoolInfo> prepared = {};
  std::vector<Error> lost = {};
};
SpoolsReport describe_spools(FileSystem& files, const std::string& log_folder,
                             const Incarnation& incarnation, const std::vector<uint64_t>& named,
                             bool whole);

}  // namespace tailwater::changelog
