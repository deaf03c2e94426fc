// The small events: rotate, XID, heartbeats, incident, statements that ran, XA prepare.
// Source: MySQL control_events.h, statement_events.h; MariaDB Knowledge Base, "Replication
// Protocol".
#pragma once

#include <string_view>

#include "source/mysql/binlog/event.h"
#include "source/mysql/binlog/format_description.h"

namespace tailwater::mysql {

/// The binlog goes on in another file; a server that tells no files names none. Views borrow from
/// the event, here and below.
struct Rotate {
  std::string_view file;
  uint64_t pos = 0;
};
Result<Rotate> parse_rotate(const Event& event);

/// The number of a transaction that commits.
Result<uint64_t> parse_xid(const Event& event);

/// "I am alive, and the binlog ends at this place". Of both versions; v1 has only 32 bits for
/// `pos`.
struct Heartbeat {
  std::string_view file;
  uint64_t pos = 0;
};
Result<Heartbeat> parse_heartbeat(const Event& event);

/// The server says that its binlog may lack something.
struct Incident {
  uint16_t number = 0;  ///< 1: LOST_EVENTS
  std::string_view message;
};
Result<Incident> parse_incident(const Event& event);

/// The statement that made the rows that follow: rows_query (MySQL) or annotate_rows (MariaDB). In
/// the session's character set.
Result<std::string_view> parse_rows_query(const Event& event);

/// The file that a crash recovery of MariaDB needs to start from.
Result<std::string_view> parse_binlog_checkpoint(const Event& event);

/// The end of an XA transaction's first phase (MySQL; MariaDB has it in its GTID event).
struct XaPrepare {
  bool one_phase = false;  ///< XA COMMIT … ONE PHASE: a commit
  uint32_t format_id = 0;
  std::string_view gtrid;
  std::string_view bqual;
};
Result<XaPrepare> parse_xa_prepare(const Event& event);

}  // namespace tailwater::mysql
