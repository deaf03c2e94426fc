// Snapshots: those of one source. Decides when one is needed, takes requests for more, runs one
// after the other, and remembers over restarts what is to be done. docs/snapshots.md.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <tailwater/event.h>

#include "changelog/writer.h"
#include "db/mysql/servers.h"
#include "model/source.h"
#include "source/mysql/capture.h"
#include "source/mysql/snapshot/job_files.h"
#include "source/mysql/snapshot/junction.h"
#include "source/mysql/snapshot/snapshot.h"
#include "transform/capture_rules.h"

namespace tailwater::mysql {

enum class SnapshotMode : uint8_t {
  kNever,       ///< only those that are asked for
  kInitial,     ///< of each captured table once
  kOnly,        ///< the same, then the source ends
  kWhenNeeded,  ///< when there is no position, or the server does not have it any more
};

struct SnapshotsOptions {
  const Servers* servers = nullptr;  ///< not null; outlives the object
  SnapshotMode mode = SnapshotMode::kNever;
  CaptureRules rules = {};
  std::string folder;  ///< where jobs are kept
  /// kOnly: "database.table", read one after the other in this order, and all must be there; empty:
  /// all that are captured, in any order.
  std::vector<std::string> order = {};
  std::function<void(const StreamEvent&)> on_event = {};  ///< on the stream's thread; may be empty
  unsigned readers = 2;
  size_t chunk_bytes = 4 << 20;
};

/// Everything but requests and status is the stream's thread's.
class Snapshots final : public TransactionGate {
 public:
  Snapshots(SnapshotsOptions options, FileSystem& files, changelog::Writer& writer);
  ~Snapshots() override;

  /// How a stream starts.
  enum class Start : uint8_t {
    kGoesOn,  ///< where the changelog ends
    kFresh,   ///< the changelog has no position yet
    kOver,    ///< with a gap behind what the changelog has: all tables must be read again
  };
  /// A stream is about to start. Reads what is to be done, and starts with it.
  Status enter(const Executed& executed, const ServerInfo& info, Start start,
               const std::stop_token& stop);
  /// Between two transactions, now and then while the stream is busy: starts and ends snapshots.
  Status look_after();
  /// It has ended; what is being read now is read again later.
  void leave();
  /// Waits until `has_input`, and takes what readers bring. kStopped when the stop asks.
  Status idle(const std::function<bool()>& has_input);
  Status before_transaction(std::string_view file, uint64_t pos, const MysqlGtid* gtid) override;
  bool watches(const TableSchema& table) override;
  Status row_moved(const Schema& schema, const RowView& before, const RowView& after) override;
  /// kOnly: all is read.
  [[nodiscard]] bool finished() const { return finished_; }
  /// From any thread: what idle waits for may have come.
  void wake() { junction_.wake(); }

  // From any thread.
  Result<uint64_t> request(const SnapshotRequest& request);
  Status control(Source::SnapshotControl control);
  [[nodiscard]] std::optional<SnapshotStatus> status() const;

 private:
  void take_requests();
  Status take_controls();
  Status take_control(Source::SnapshotControl control);
  Status start_next();
  Status start_job(SnapshotJob job, const std::string& state);
  Status end_job(bool keep_tables);
  Status fail_job(Error error);
  Status load(bool with_state);
  Status add_initial(bool fresh);
  Status start_over();
  Result<SnapshotJob> make_job(const SnapshotRequest& request);
  Status put_in_order(SnapshotJob& job) const;
  void tell(StreamEvent::Kind kind) const;
  [[nodiscard]] bool needs_attention() const;

  SnapshotsOptions options_;
  changelog::Writer& writer_;
  JobFiles files_;
  Junction junction_;
  ServerInfo info_;
  std::stop_token stop_;
  bool loaded_ = false;
  bool finished_ = false;
  std::vector<SnapshotJob> waiting_;  ///< oldest first
  std::set<uint64_t> loaded_ids_;     ///< of the jobs that there were at the start

  mutable std::mutex mutex_;
  std::unique_ptr<Snapshot> snapshot_;  ///< the one that runs, or is paused
  std::optional<SnapshotStatus> last_;  ///< of the one before
  std::vector<SnapshotJob> asked_;
  std::vector<Source::SnapshotControl> controls_;
  bool paused_ = false;
  uint64_t last_id_ = 0;
};

}  // namespace tailwater::mysql
