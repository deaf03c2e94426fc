// MysqlSource: the binlog of a MySQL or MariaDB server, read as a replica reads it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/backoff.h"
#include "changelog/writer.h"
#include "db/mysql/endpoint.h"
#include "model/source.h"
#include "source/mysql/binlog_watch.h"
#include "source/mysql/bound.h"
#include "source/mysql/capture.h"
#include "source/mysql/server_schemas.h"
#include "source/mysql/snapshot/snapshots.h"
#include "transform/capture_rules.h"

namespace tailwater::mysql {

class Connection;
class DumpStream;
struct ResolvedStart;
struct ServerInfo;

struct MysqlSourceOptions {
  Endpoint endpoint;
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
  bool watch_end = false;  ///< ask the server now and then how far behind the source is
  SnapshotMode snapshot = SnapshotMode::kNever;
  unsigned snapshot_readers = 2;  ///< connections that read at once
  uint64_t snapshot_chunk_bytes = 4 << 20;
  std::string snapshot_folder = {};  ///< where snapshots that are not done are noted
};

class MysqlSource final : public Source {
 public:
  /// `writer` must outlive the source. kUserFix when the schema file is wrong.
  static Result<std::unique_ptr<MysqlSource>> make(MysqlSourceOptions options,
                                                   changelog::Writer& writer);
  ~MysqlSource() override;

  Status run(std::stop_token stop) override;
  [[nodiscard]] SourceStatus status() const override;
  Result<uint64_t> request_snapshot(const SnapshotRequest& request) override {
    return snapshots_.request(request);
  }
  Status control_snapshot(SnapshotControl control) override { return snapshots_.control(control); }

 private:
  MysqlSource(MysqlSourceOptions options, changelog::Writer& writer);
  Status run_until_ended(const std::stop_token& stop);
  void set_watch(bool wanted);
  Status connect_and_stream(const std::stop_token& stop);
  Status stream(DumpStream& dump, const std::stop_token& stop);
  Status idle(DumpStream& dump, const std::stop_token& stop);
  Status prepare_capture(Connection& connection, const ServerInfo& info, ResolvedStart& start,
                         bool& fresh, const std::stop_token& stop);
  [[nodiscard]] SnapshotsOptions snapshots_options() const;
  void note_progress(DumpStream& dump);
  void set_state(SourceStatus::State state, std::string trouble = {});
  void wait_before_retry(const std::stop_token& stop, const Error& error);

  MysqlSourceOptions options_;
  changelog::Writer& writer_;
  ServerSchemas schemas_;
  Snapshots snapshots_;
  std::unique_ptr<Capture> capture_;
  std::unique_ptr<BinlogWatch> watch_;  ///< while it runs, and only if asked for
  Backoff backoff_;
  bool started_ = false;       ///< capture_ has a position of its own
  uint64_t bytes_before_ = 0;  ///< received on earlier connections

  mutable std::mutex mutex_;
  bool has_position_ = false;  ///< capture_ may be asked for it
  SourceStatus status_;
};

}  // namespace tailwater::mysql
