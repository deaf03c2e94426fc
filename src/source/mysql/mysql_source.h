// MysqlSource: the binlog of a MySQL or MariaDB server, read as a replica reads it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <tailwater/event.h>

#include "base/backoff.h"
#include "changelog/writer.h"
#include "db/mysql/servers.h"
#include "model/source.h"
#include "source/mysql/binlog_watch.h"
#include "source/mysql/bound.h"
#include "source/mysql/capture.h"
#include "source/mysql/schema/tracked_schemas.h"
#include "source/mysql/snapshot/snapshots.h"
#include "transform/capture_rules.h"

namespace tailwater::mysql {

class Connection;
class DumpStream;
struct ResolvedStart;
struct ServerInfo;

struct MysqlSourceOptions {
  std::vector<Endpoint> endpoints;  ///< of the same replicated data; tried in this order
  Bound from = {};
  std::optional<Bound> until = {};
  CaptureRules rules = {};
  std::string schema_file = {};
  OnStatement on_statement = OnStatement::kStop;
  uint32_t server_id = 0;  ///< ours; 0: choose a free one at each connect
  int64_t heartbeat_us = 5'000'000;
  int64_t deadline_us = 30'000'000;
  int64_t retry_min_us = 500'000;
  int64_t retry_max_us = 60'000'000;
  bool accept_errant = false;  ///< FailoverRules
  /// How long what may pass is waited for before a server that needs the user ends the source:
  /// another one that cannot be reached, transactions that may still come.
  int64_t failover_timeout_us = 60'000'000;
  bool watch_end = false;  ///< ask the server now and then how far behind the source is
  SnapshotMode snapshot = SnapshotMode::kNever;
  unsigned snapshot_readers = 2;  ///< connections that read at once
  uint64_t snapshot_chunk_bytes = 4 << 20;
  std::string snapshot_folder = {};              ///< where snapshots that are not done are noted
  std::string history_folder = {};               ///< of the schemas; empty: only in memory
  std::vector<std::string> snapshot_order = {};  ///< kOnly: these tables, in this order
  /// Told what happens, on the thread of `run`; may be empty.
  std::function<void(const StreamEvent&)> on_event = {};
};

class MysqlSource final : public Source {
 public:
  /// `writer` and `files`, where snapshots are noted, must outlive the source. kUserFix when the
  /// schema file is wrong.
  static Result<std::unique_ptr<MysqlSource>> make(MysqlSourceOptions options, FileSystem& files,
                                                   changelog::Writer& writer);
  ~MysqlSource() override;

  Status run(std::stop_token stop) override;
  [[nodiscard]] SourceStatus status() const override;
  Result<uint64_t> request_snapshot(const SnapshotRequest& request) override {
    return snapshots_.request(request);
  }
  Status control_snapshot(SnapshotControl control) override { return snapshots_.control(control); }

 private:
  MysqlSource(MysqlSourceOptions options, FileSystem& files, changelog::Writer& writer);
  Status run_until_ended(const std::stop_token& stop);
  void set_watch(bool wanted);
  Status connect_and_stream(const std::stop_token& stop);
  Status stream(DumpStream& dump, const std::stop_token& stop);
  Status idle(DumpStream& dump, const std::stop_token& stop);
  Status prepare_capture(Connection& connection, const ServerInfo& info, ResolvedStart& start,
                         const std::stop_token& stop);
  Result<ResolvedStart> resume(Connection& connection, const ServerInfo& info, const Position& last,
                               const std::stop_token& stop);
  Result<ResolvedStart> start_anew(Connection& connection, const ServerInfo& info,
                                   const Bound& from, const std::stop_token& stop);
  [[nodiscard]] SnapshotsOptions snapshots_options() const;
  void leave_schemas();
  void note_progress(DumpStream& dump);
  Status note_start();
  void note_caught_up();
  void tell(const StreamEvent& event) const;
  void set_state(SourceStatus::State state, std::string trouble = {});
  void wait_before_retry(const std::stop_token& stop, const Error& error);
  [[nodiscard]] bool patient() const;
  Status after_failure(Error error, const std::stop_token& stop);

  /// What the servers answered since the last stream, or since all were tried.
  struct Round {
    size_t tried = 0;
    size_t refusals = 0;                ///< errors that need the user
    std::optional<Error> refused = {};  ///< the first of these
  };

  MysqlSourceOptions options_;
  Servers servers_;
  changelog::Writer& writer_;
  TrackedSchemas schemas_;
  Snapshots snapshots_;
  std::unique_ptr<Capture> capture_;
  std::unique_ptr<BinlogWatch> watch_;  ///< while it runs, and only if asked for
  Backoff backoff_;
  bool started_ = false;  ///< capture_ has a position of its own
  /// How the stream starts, until the snapshots know.
  Snapshots::Start start_kind_ = Snapshots::Start::kGoesOn;
  bool start_noted_ = false;                ///< the changelog has a position
  std::optional<CaptureEnd> end_at_start_;  ///< of the binlog, until the stream has come there
  std::string end_server_;                  ///< whose places the end names; "": none
  uint64_t bytes_before_ = 0;               ///< received on earlier connections
  Round round_;
  bool streamed_ = false;         ///< on this connection
  int64_t last_streamed_us_ = 0;  ///< steady clock

  mutable std::mutex mutex_;
  bool has_position_ = false;  ///< capture_ may be asked for it
  SourceStatus status_;
};

}  // namespace tailwater::mysql
