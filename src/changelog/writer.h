// Writer: the only one that adds to a changelog.
//
// A source calls it from one thread: begin, rows, commit. Committed transactions gather in an open
// frame, which is sealed and handed to the writer's own I/O thread; that thread compresses, checks
// sums, writes, syncs and publishes. Back-pressure: the queue between the two is bounded, and
// sealing waits when it is full. The format is docs/changelog_format.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"
#include "changelog/change_writer.h"
#include "changelog/options.h"
#include "changelog/spool.h"
#include "model/change.h"
#include "model/position.h"
#include "model/schema.h"

namespace tailwater::changelog {

/// What a source knows when a transaction starts.
struct TransactionStart {
  std::string_view gtid = {};
  std::string_view file = {};
  uint64_t start_pos = 0;
  uint64_t thread_id = 0;
  uint32_t server_id = 0;
  int64_t ts_us = 0;
  std::string_view audience = {};  ///< the one sink that it is for; "": all
};

/// What a source knows when it ends.
struct TransactionEnd {
  uint64_t end_pos = 0;
  uint64_t id = 0;
  uint64_t thread_id = 0;  ///< 0: as at the start
  int64_t commit_ts_us = 0;
};

/// What the writer knows of itself, for status pages. Read from any thread.
struct WriterStatus {
  Offset next_visible = {};       ///< the first offset that is not yet durable
  uint64_t bytes_written = 0;     ///< since open
  uint64_t transactions = 0;      ///< committed since open
  uint64_t changes = 0;           ///< since open
  uint64_t log_bytes = 0;         ///< of all segments now
  int64_t last_commit_ts_us = 0;  ///< source time of the newest durable transaction
  bool paused_full = false;       ///< waits for cursors because of log_max_bytes
  uint64_t prepared = 0;          ///< transactions that are prepared at the source
  int64_t prepared_since_us = 0;  ///< when the oldest of these was, source time; 0: none
};

class Writer : public ChangeWriter {
 public:
  /// Opens a changelog for writing; makes the folder when it is missing. Recovers: the torn tail
  /// and any open transaction are cut. kBusy when there is another writer, kResync when the folder
  /// holds another source's changes, kCorrupt (with segment:byte) when synced bytes are damaged.
  /// `files` must outlive the writer.
  static Result<std::unique_ptr<Writer>> open(FileSystem& files, const std::string& folder,
                                              const WriterOptions& options,
                                              const SourceIdentity& identity);
  /// The position after the last committed transaction in the log; nothing in a new log.
  [[nodiscard]] virtual const std::optional<Position>& last_position() const = 0;
  /// What `set_state` said with that commit; empty in a new log, and when it said nothing.
  [[nodiscard]] virtual const std::string& last_state() const = 0;
  /// The offset that the next change will get.
  [[nodiscard]] virtual Offset next_offset() const = 0;

  /// Called on the source's thread when a frame with commits is sealed: must append the encoded
  /// position after the last `commit` or `advance`. Set it before the first begin.
  virtual void set_position_encoder(std::function<void(ByteBuffer&)> encoder) = 0;

  /// What else the source must know to go on from the position (how far a snapshot is): stored
  /// beside it in every frame from now on; in an open transaction, from its commit on. Durable with
  /// the next commit or advance that is. Keep it small.
  virtual void set_state(std::string state) = 0;

  /// The schema with a number in this log: the same table schema always gets the same number.
  virtual Result<SchemaPtr> intern(const TableSchema& table) = 0;

  /// Starts a transaction; its changes follow (ChangeWriter), then `commit` or `abort`.
  virtual Status begin(const TransactionStart& start) = 0;
  /// The transaction is complete. It becomes visible with the next group.
  virtual Status commit(const TransactionEnd& end) = 0;
  /// Takes back the open transaction, wherever its frames are. No error when none is open.
  virtual Status abort() = 0;
  /// The source moved on without a change for us (heartbeats, filtered transactions). Cheap: many
  /// in a row become one record. Only between transactions.
  virtual Status advance(std::string_view file, uint64_t end_pos, int64_t ts_us) = 0;

  // Transactions that the source has not committed yet (XA, two-phase). Their changes are kept in
  // spools beside the log, and join it when the source commits them. docs/spool_format.md.

  /// A new spool. It is gone when its object goes, unless it was prepared. Any number may be open.
  virtual Result<std::unique_ptr<Spool>> open_spool() = 0;
  /// From the next `commit` or `advance` on the spool is a part of the log: it is durable before a
  /// position of then or later is, and found again at every open, until `end_prepared`. One with
  /// the same `prepared.id` is replaced. Only between transactions.
  virtual Status prepare(std::unique_ptr<Spool> spool, const SpoolInfo& prepared) = 0;
  /// The prepared one with this id; null when there is none. Valid until the next call of this
  /// writer that commits or advances.
  virtual Spool* find_prepared(std::string_view id) = 0;
  /// Reads a spool from its start; the schemas that it gives are this log's.
  virtual Result<SpoolReader> read_spool(Spool& spool) = 0;
  /// From the next `commit` or `advance` on the prepared spool is gone (`abort` takes that back).
  /// Its file is removed when that is durable.
  virtual void end_prepared(std::string_view id) = 0;
  /// Those that are prepared now, oldest first.
  [[nodiscard]] virtual std::vector<SpoolInfo> prepared() const = 0;

  /// Hands all that is committed to the I/O thread. A source calls it before it waits for more
  /// input, so that no commit waits without a reason; between such calls frames are sealed by size
  /// and age.
  virtual Status seal() = 0;
  /// Seals, then waits until all committed so far is durable and visible.
  virtual Status flush() = 0;
  /// Waits while the log is full and `on_full` is pause_source; kStopped when `stop` asks.
  virtual Status wait_for_room(std::stop_token stop) = 0;
  /// Flushes and ends the I/O thread. An open transaction is cut. Called by the destructor too.
  virtual Status close() = 0;

  [[nodiscard]] virtual WriterStatus status() const = 0;
};

}  // namespace tailwater::changelog
