// Dump stream: the server's binlog, event by event, as a replica receives it.
//
// Protocol: MySQL Internals, "Replication Protocol" (COM_REGISTER_SLAVE, COM_BINLOG_DUMP,
// COM_BINLOG_DUMP_GTID); MariaDB Knowledge Base, "Replication Protocol".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

#include "base/result.h"
#include "db/mysql/connection.h"
#include "db/mysql/packet_reader.h"
#include "db/mysql/server_error.h"
#include "model/position.h"

namespace tailwater::mysql {

/// Start after these transactions. MySQL with gtid_mode=ON only.
struct MysqlGtidStart {
  std::string encoded;  ///< the executed set in the wire form of COM_BINLOG_DUMP_GTID
  std::string text;     ///< the same for messages
};
/// Start after the last GTID of each domain, "0-1-77,1-1-5"; "" is the very beginning. MariaDB
/// only.
struct MariadbGtidStart {
  std::string gtids;
};
using DumpStart = std::variant<BinlogPosition, MysqlGtidStart, MariadbGtidStart>;

struct DumpOptions {
  uint32_t server_id = 0;  ///< ours, not 0; no other replica of the server may have it
  std::string replica_uuid =
      {};  ///< ours; MySQL ends an older dump of the same uuid. Empty: made anew
  int64_t heartbeat_period_us = 5'000'000;
  int64_t deadline_us =
      30'000'000;  ///< without event or heartbeat for so long: kRetry. 0: for ever
  size_t buffer_bytes = 1 << 20;
  bool non_blocking = false;  ///< end at the end of the newest binlog instead of waiting there
  bool annotate_rows = true;  ///< MariaDB: send the statements' text too
};

/// Whether this user may replicate: registers as a replica, as a dump does first, and closes the
/// connection again. kUserFix with the GRANT where the server refuses.
Status try_to_register(Connection connection, uint32_t server_id);

/// One thread at a time; a stop may be asked for by any.
class DumpStream {
 public:
  /// Sets the session up, registers as a replica and asks for the binlog. Errors: kUserFix (no
  /// grant, binlog off), kResync (GTIDs that the server does not have, on MariaDB), kRetry. A
  /// position that is gone is mostly told by the first `next`.
  static Result<DumpStream> open(Connection connection, const DumpStart& start,
                                 const DumpOptions& options);

  /// Connects, and asks for the binlog up to its end at this moment.
  static Result<DumpStream> open_to_end(const Endpoint& endpoint, const DumpStart& start);

  DumpStream(DumpStream&&) noexcept;
  DumpStream& operator=(DumpStream&&) noexcept;
  ~DumpStream();

  /// The next event, from its header to its checksum (if any), in place: valid until the next call.
  /// Nothing at the end of a non-blocking dump. Errors: kRetry (connection lost, deadline), kResync
  /// (the position is purged or of another server; the hint says what the server still has),
  /// kUserFix, kCorrupt, kStopped; after an error the stream is over.
  Result<std::optional<Bytes>> next(const std::stop_token& stop) {
    auto packet = reader_->next(stop);
    if (!packet.has_value()) [[unlikely]]
      return fail(std::move(packet).error());
    // A status byte stands before each event: 0 is "OK".
    if (packet->size() > 1 && (*packet)[0] == 0) [[likely]] {
      return std::optional<Bytes>(packet->subspan(1));
    }
    return end_or_error(*packet);
  }

  /// Whether the next event is complete in memory, so that `next` will not wait.
  [[nodiscard]] bool has_buffered_event() { return reader_->has_buffered_packet(); }
  /// Whether `next` will not wait, be it for an error.
  [[nodiscard]] bool has_news() { return reader_->has_news(); }
  /// What to call, from a thread of its own, whenever `has_news` may have changed.
  void on_input(const std::function<void()>& call) { reader_->on_input(call); }
  [[nodiscard]] uint64_t bytes_received() const { return reader_->bytes_received(); }
  /// Steady time (Clock) of the last byte, microseconds.
  [[nodiscard]] int64_t last_received_us() const { return reader_->last_received_us(); }
  [[nodiscard]] const Connection& connection() const { return *connection_; }

 private:
  friend Status try_to_register(Connection connection, uint32_t server_id);

  explicit DumpStream(Connection connection);
  Status take_over(const DumpOptions& options);
  Status prepare(const DumpStart& start, const DumpOptions& options);
  Status register_replica(const DumpOptions& options);
  Status send_command(Bytes payload);
  Result<std::optional<Bytes>> end_or_error(Bytes packet);

  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<PacketReader> reader_;
  DumpSurroundings surroundings_;
  bool non_blocking_ = false;
};

}  // namespace tailwater::mysql
