// QueryEvent: a statement in the binlog: BEGIN, COMMIT, schema changes, statement-based changes.
// Sources: MySQL Query_event (statement_events.h); MariaDB Knowledge Base, "QUERY_EVENT".
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "source/mysql/binlog/event.h"
#include "source/mysql/binlog/format_description.h"

namespace tailwater::mysql {

/// Views borrow from the event.
struct QueryEvent {
  uint32_t thread_id = 0;
  uint32_t exec_time_s = 0;
  uint16_t error_code = 0;
  std::string_view database = {};   ///< the session's default database
  std::string_view statement = {};  ///< in the session's character set: see append_statement
  // What the status variables say; nothing where the server did not write one.
  std::optional<uint32_t> flags2 = {};
  std::optional<uint64_t> sql_mode = {};
  std::string_view catalog = {};
  uint16_t client_collation = 0;  ///< 0: not given
  uint16_t connection_collation = 0;
  uint16_t server_collation = 0;
  uint16_t database_collation = 0;
  std::string_view time_zone = {};
  std::optional<uint32_t> microseconds = {};  ///< to add to the header's timestamp
  std::optional<uint64_t> xid = {};           ///< of an atomic DDL
  std::optional<bool> explicit_defaults_for_timestamp = {};
  std::vector<std::string_view> updated_databases = {};
};

/// Reads a query event, MariaDB's query_compressed, whose statement is unpacked into `unpacked`, or
/// an execute_load_query event.
Result<QueryEvent> parse_query(const Event& event, const FormatDescription& format,
                               ByteBuffer& unpacked);

/// Appends the statement as UTF-8; as it is when its character set is not known.
void append_statement(const QueryEvent& query, std::string& out);

}  // namespace tailwater::mysql
