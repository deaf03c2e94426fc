// ServerSchemas: names and types of tables, from the binlog's own metadata where it has them, from
// a schema file, and from the server's catalog as it is now, compared column by column.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "db/mysql/catalog.h"
#include "db/mysql/connection.h"
#include "db/mysql/endpoint.h"
#include "db/mysql/server_info.h"
#include "source/mysql/schema_file.h"
#include "source/mysql/table_cache.h"

namespace tailwater::mysql {

/// Asks the catalog over a connection of its own, opened when first needed. Not thread-safe.
class ServerSchemas final : public SchemaResolver {
 public:
  /// Tables in this file are named by it, whatever the catalog says.
  Status load_file(const std::string& path);
  /// Whose binlog is read from now on. To be called before the first `resolve`.
  void set_server(const Endpoint& endpoint, const ServerInfo& info);

  Result<TableSchema> resolve(const TableMap& map) override;

 private:
  Result<TableSchema> resolve_by_catalog(const TableMap& map);
  Result<std::optional<CatalogTable>> ask(const TableName& name);

  Endpoint endpoint_;
  std::optional<Connection> connection_;
  SchemaFile file_;
  std::set<std::string> warned_;
};

/// Resolves from the table map and, first, a schema file alone: for binlog files without a server.
class MapSchemas final : public SchemaResolver {
 public:
  Status load_file(const std::string& path);
  Result<TableSchema> resolve(const TableMap& map) override;

 private:
  SchemaFile file_;
};

}  // namespace tailwater::mysql
