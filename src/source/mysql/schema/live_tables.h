// LiveTables: a server's tables as they are now, and when now is.
#pragma once

#include <optional>

#include "db/mysql/endpoint.h"
#include "db/mysql/server_info.h"
#include "source/mysql/schema/schema_history.h"

namespace tailwater::mysql {

struct ReadTable {
  TrackedTable table;
  Position end;  ///< the binlog's end, after the table was read
};

/// Asks over a connection of its own, opened when first needed. Not thread-safe.
class LiveTables {
 public:
  explicit LiveTables(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  void set_server(const ServerInfo& info);
  /// All that this user may see.
  Result<ReadTables> read_all();
  /// One of them; nothing where it does not exist or this user may not see it.
  Result<std::optional<ReadTable>> read(const TableName& name);

 private:
  template <typename Ask>
  auto ask(const Ask& question) -> decltype(question(std::declval<Connection&>()));
  [[nodiscard]] Result<Position> read_end(Connection& connection) const;

  Endpoint endpoint_;
  ServerInfo info_;
  std::optional<Connection> connection_;
};

}  // namespace tailwater::mysql
