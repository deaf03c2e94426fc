#include "source/mysql/server_schemas.h"

#include <fmt/format.h>

#include "base/log_line.h"
#include "source/mysql/binlog/table_schema.h"

namespace tailwater::mysql {
namespace {

constexpr const char* kNamesHint =
    "let the binlog carry the names (SET GLOBAL binlog_row_metadata = 'FULL', for changes from "
    "then "
    "on), or give the names of that time with --schema FILE (docs/schema_file.md)";

}  // namespace

Status ServerSchemas::load_file(const std::string& path) {
  TW_ASSIGN(file_, SchemaFile::load(path));
  return {};
}

void ServerSchemas::set_server(const Endpoint& endpoint, const ServerInfo& info) {
  endpoint_ = endpoint;
  connection_.reset();
  if (info.row_metadata == "FULL") return;
  log_lines().warn(
      "binlog_row_metadata is {}: column names are taken from the tables as they are now, and "
      "compared with the binlog by type; a column that was renamed in between cannot be noticed",
      info.row_metadata.empty() ? "not known to this server" : info.row_metadata);
}

Result<TableSchema> ServerSchemas::resolve(const TableMap& map) {
  if (const TableFacts* facts = file_.find(map.database, map.table)) {
    return schema_of_catalog(map, *facts);
  }
  if (!map.has_names) return resolve_by_catalog(map);
  // The catalog knows more (generated columns, unique keys, MariaDB's uuid), but only if the table
  // is still as it was.
  TW_ASSIGN(const auto table, ask({std::string(map.database), std::string(map.table)}));
  if (table) {
    auto schema = schema_of_catalog(map, facts_of(*table));
    if (schema.has_value()) return schema;
  }
  return schema_of_map(map);
}

Result<TableSchema> ServerSchemas::resolve_by_catalog(const TableMap& map) {
  const TableName name{std::string(map.database), std::string(map.table)};
  TW_ASSIGN(const auto table, ask(name));
  if (!table) {
    return fail(
        ErrorKind::kUserFix,
        "the binlog has no column names, and the table is not there any more or cannot be "
        "seen by this user",
        fmt::format("GRANT SELECT ON {} if it exists; else {}", name.describe(), kNamesHint));
  }
  auto schema = schema_of_catalog(map, facts_of(*table));
  if (!schema.has_value()) {
    Error error = std::move(schema).error();
    error.hint = error.hint.empty() ? kNamesHint : error.hint + "; or " + kNamesHint;
    return fail(std::move(error));
  }
  return schema;
}

Result<std::optional<CatalogTable>> ServerSchemas::ask(const TableName& name) {
  for (bool again = connection_.has_value();; again = false) {
    if (!connection_) {
      TW_ASSIGN(connection_, Connection::open(endpoint_));
    }
    auto table = read_table(*connection_, name);
    if (table.has_value()) return table;
    connection_.reset();  // it may have been idle for longer than the server likes
    if (!again) return table;
  }
}

Status MapSchemas::load_file(const std::string& path) {
  TW_ASSIGN(file_, SchemaFile::load(path));
  return {};
}

Result<TableSchema> MapSchemas::resolve(const TableMap& map) {
  if (const TableFacts* facts = file_.find(map.database, map.table)) {
    return schema_of_catalog(map, *facts);
  }
  return map.has_names ? schema_of_map(map) : schema_without_names(map);
}

}  // namespace tailwater::mysql
