#include "source/mysql/schema/live_tables.h"

#include "source/mysql/schema_reader.h"
#include "source/mysql/start.h"

namespace tailwater::mysql {

void LiveTables::set_server(const ServerInfo& info) {
  info_ = info;
  connection_.reset();
}

// A connection that was idle may have been closed by the server: then once more with a new one.
template <typename Ask>
auto LiveTables::ask(const Ask& question) -> decltype(question(std::declval<Connection&>())) {
  for (bool again = connection_.has_value();; again = false) {
    if (!connection_) {
      TW_ASSIGN(connection_, Connection::open(endpoint_));
    }
    auto answer = question(*connection_);
    if (answer.has_value()) return answer;
    connection_.reset();
    if (!again) return answer;
  }
}

Result<Position> LiveTables::read_end(Connection& connection) const {
  Position end{source_kind(info_), info_.identity, {}, {}};
  if (info_.gtid_only()) {
    TW_ASSIGN(end.gtids, read_gtid_binlog_pos(connection));
    return end;
  }
  TW_ASSIGN(const BinlogStatus status, read_binlog_status(connection));
  end.binlog = status.end;
  end.gtids = status.gtids;
  return end;
}

Result<ReadTables> LiveTables::read_all() {
  return ask([this](Connection& connection) -> Result<ReadTables> {
    ReadTables tables;
    TW_ASSIGN(tables.catalog,
              read_schema_catalog(connection, [](const TableName&) { return true; }));
    TW_ASSIGN(tables.end, read_end(connection));
    return tables;
  });
}

Result<std::optional<ReadTable>> LiveTables::read(const TableName& name) {
  return ask([&](Connection& connection) -> Result<std::optional<ReadTable>> {
    TW_ASSIGN(auto table, read_tracked_table(connection, name));
    if (!table) return std::optional<ReadTable>();
    TW_ASSIGN(Position end, read_end(connection));
    return std::optional(ReadTable{*std::move(table), std::move(end)});
  });
}

}  // namespace tailwater::mysql
