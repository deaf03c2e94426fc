// TrackedSchemas: names and types of tables, as they were where the stream stands.
//
// They come from the history of schemas, which follows the statements of the binlog; from the
// binlog's own metadata where it has names; from a user's schema file; and at last from the server
// as it is now, if nothing in between can have changed the table. What is known is always compared
// with the table map, column by column.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "db/mysql/endpoint.h"
#include "db/mysql/server_info.h"
#include "source/mysql/schema/live_tables.h"
#include "source/mysql/schema/lookahead.h"
#include "source/mysql/schema/schema_history.h"
#include "source/mysql/schema_file.h"
#include "source/mysql/table_cache.h"

namespace tailwater::mysql {

/// Not thread-safe.
class TrackedSchemas final : public SchemaResolver {
 public:
  /// `folder`: of the history; empty: it is kept in memory only. `files` must outlive this object.
  TrackedSchemas(FileSystem& files, std::string folder);
  ~TrackedSchemas() override;

  /// What a user says of tables: a schema file (docs/schema_file.md), or the folder of another
  /// history. kUserFix where it is wrong.
  Status load_given(const std::string& path);

  /// A stream of this server's binlog starts at `position`; `fresh`: it is the first one.
  /// `stop` ends what takes long.
  Status start(const Endpoint& endpoint, const ServerInfo& info, const Position& position,
               bool fresh, std::stop_token stop);
  /// A stream of binlog files, without a server.
  Status start_without_server(const Position& position, bool fresh);
  /// The stream ends, having come to this position.
  Status leave(const Position& position);

  void set_place(const std::function<Position()>& place) override { place_ = place; }
  Result<TableSchema> resolve(const TableMap& map) override;
  Result<std::vector<SchemaChange>> apply(const StatementInBinlog& statement,
                                          const SchemaStatement& parsed) override;

 private:
  struct Server;

  Status begin(const Position& position, bool fresh);
  Status take_given(const Position& position);
  Result<TableSchema> resolve_unknown(const TableMap& map, const TableName& name,
                                      const std::string& why);
  Result<std::optional<TableSchema>> resolve_by_server(const TableMap& map, const TableName& name,
                                                       std::string& why);
  Status confirm(const TableName& name);
  [[nodiscard]] Position place() const { return place_ ? place_() : Position(); }

  FileSystem& files_;
  SchemaHistory history_;
  std::string given_path_;
  std::optional<SchemaFile> given_;
  std::string given_history_;      ///< the folder of another history
  std::set<TableName> given_now_;  ///< tables that still are as the file says
  std::unique_ptr<Server> server_;
  std::stop_token stop_;
  std::function<Position()> place_;
};

}  // namespace tailwater::mysql
