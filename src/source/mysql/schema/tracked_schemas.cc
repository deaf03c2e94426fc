#include "source/mysql/schema/tracked_schemas.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/log_line.h"
#include "source/mysql/binlog/table_schema.h"

namespace tailwater::mysql {
namespace {

constexpr const char* kNamesHint =
    "let the binlog carry the names (SET GLOBAL binlog_row_metadata = 'FULL', for changes from "
    "then on), or give the columns of that time with --schema FILE (docs/schema_file.md)";

// A table of a schema file. What its keys are called is not told.
TrackedTable tracked_of(const TableFacts& facts) {
  TrackedTable table;
  table.facts = facts;
  const auto add = [&](std::string name, const std::vector<uint32_t>& columns) {
    TrackedKey key{std::move(name), true, false, {}};
    for (const uint32_t column : columns) key.parts.push_back({column, 0});
    table.keys.push_back(std::move(key));
  };
  if (!facts.primary_key.empty()) add("PRIMARY", facts.primary_key);
  for (const uint32_t column : facts.primary_key) table.facts.columns[column].nullable = false;
  for (size_t i = 0; i < facts.unique_keys.size(); ++i) {
    add(fmt::format("given{:03}", i), facts.unique_keys[i]);
  }
  return table;
}

}  // namespace

struct TrackedSchemas::Server {
  Server(const Endpoint& endpoint, std::string named)
      : tables(endpoint), ahead(endpoint), name(std::move(named)) {}

  LiveTables tables;
  Lookahead ahead;
  std::string name;
};

TrackedSchemas::TrackedSchemas(FileSystem& files, std::string folder)
    : files_(files), history_(files, std::move(folder)) {}
TrackedSchemas::~TrackedSchemas() = default;

Status TrackedSchemas::load_given(const std::string& path) {
  given_path_ = path;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    given_history_ = path;
    return {};
  }
  TW_ASSIGN(given_, SchemaFile::load(path));
  return {};
}

Status TrackedSchemas::start(const Endpoint& endpoint, const ServerInfo& info,
                             const Position& position, bool fresh, std::stop_token stop) {
  stop_ = std::move(stop);
  const std::string name = endpoint.describe() + " " + info.identity;
  if (!server_ || server_->name != name) server_ = std::make_unique<Server>(endpoint, name);
  server_->tables.set_server(info);
  return begin(position, fresh);
}

Status TrackedSchemas::start_without_server(const Position& position, bool fresh) {
  return begin(position, fresh);
}

Status TrackedSchemas::begin(const Position& position, bool fresh) {
  TW_ASSIGN(const bool known, history_.go_to(position, !fresh));
  if (!known) {
    ReadTables tables;
    tables.end = position;
    bool is_true = true;
    if (!given_history_.empty()) {
      TW_ASSIGN(auto catalog, SchemaHistory::read_at(files_, given_history_, position));
      if (!catalog) {
        return fail(
            Error{ErrorKind::kUserFix,
                  "the schema history in " + given_history_ + " does not tell of this place",
                  position.describe(), "start at a place that it was kept for, or without it"});
      }
      tables.catalog = *std::move(catalog);
    } else if (server_) {
      TW_ASSIGN(tables, server_->tables.read_all());
      is_true = false;
      log_lines().info("read the columns of {} tables; from here on they are followed",
                       tables.catalog.tables().size());
    }
    TW_TRY(history_.begin(position, std::move(tables), is_true));
  }
  return take_given(position);
}

// A schema file is taken in once: from there on its tables are followed like all others.
Status TrackedSchemas::take_given(const Position& position) {
  given_now_.clear();
  if (!given_) return {};
  SchemaCatalog tables(history_.catalog().name_case());
  for (const auto& [name, facts] : given_->tables()) tables.put_table(name, tracked_of(facts));
  if (history_.schema_file_crc() != given_->crc()) {
    TW_TRY(history_.put_given_tables(position, tables, given_->crc()));
  }
  for (const auto& [name, table] : tables.tables()) {
    const TrackedTable* now = history_.catalog().find(name.database, name.table);
    if (now != nullptr && now->facts == table.facts) given_now_.insert(name);
  }
  return {};
}

Status TrackedSchemas::leave(const Position& position) {
  return history_.note_followed(position);
}

Result<std::vector<SchemaChange>> TrackedSchemas::apply(const StatementInBinlog& statement,
                                                        const SchemaStatement& parsed) {
  TW_ASSIGN(auto changes, history_.apply(statement, parsed, place()));
  for (const SchemaChange& change : changes) {
    given_now_.erase(change.name);
    given_now_.erase(change.old_name);
    if (change.kind != SchemaChange::Kind::kUnknown) continue;
    log_lines().warn(
        "{}: {} is not followed through a statement: {}; it is read again when rows "
        "of it come",
        statement.place.after.describe(),
        change.name.table.empty() ? "a table" : change.name.describe(), change.reason);
  }
  return changes;
}

Result<TableSchema> TrackedSchemas::resolve(const TableMap& map) {
  const TableName name{std::string(map.database), std::string(map.table)};
  const TrackedTable* known = history_.catalog().find(name.database, name.table);
  if (known == nullptr) return resolve_unknown(map, name, "it is not known");
  if (known->must_be_read()) return resolve_unknown(map, name, known->stale);
  auto schema = schema_of_catalog(map, known->facts);
  if (schema.has_value()) {
    if (!map.has_names) TW_TRY(confirm(name));
    return schema;
  }
  if (given_now_.contains(history_.catalog().key_of(name))) return schema;
  return resolve_unknown(map, name, schema.error().message);
}

// A table that the history does not tell of, or not rightly: `why`.
Result<TableSchema> TrackedSchemas::resolve_unknown(const TableMap& map, const TableName& name,
                                                    const std::string& why) {
  std::string there = "the table is not there any more or cannot be seen by this user";
  if (server_) {
    TW_ASSIGN(auto schema, resolve_by_server(map, name, there));
    if (schema) return *std::move(schema);
  }
  if (map.has_names) return schema_of_map(map);
  if (!server_) return schema_without_names(map);
  return fail(ErrorKind::kUserFix,
              fmt::format("the binlog has no column names, and the columns at this place are not "
                          "known ({}); now {}",
                          why, there),
              fmt::format("GRANT SELECT ON {} if it exists; else {}", name.describe(), kNamesHint));
}

// As the server has it now; nothing, and `there` says why, where that does not fit.
Result<std::optional<TableSchema>> TrackedSchemas::resolve_by_server(const TableMap& map,
                                                                     const TableName& name,
                                                                     std::string& there) {
  TW_ASSIGN(const auto read, server_->tables.read(name));
  if (!read) return std::optional<TableSchema>();
  auto schema = schema_of_catalog(map, read->table.facts);
  if (!schema.has_value()) {
    there = "it does not fit: " + schema.error().message;
    return std::optional<TableSchema>();
  }
  TW_TRY(history_.put_read_table(place(), name, read->table, read->end));
  if (!map.has_names) TW_TRY(confirm(name));
  return std::optional(*std::move(schema));
}

// A table that was read from the server is what it was here only if no statement has changed it in
// between: a column that was renamed cannot be noticed otherwise.
Status TrackedSchemas::confirm(const TableName& name) {
  if (!server_ || !history_.was_read(name.database, name.table)) return {};
  const Position here = place();
  TW_ASSIGN(const Passed passed, Passed::make(here));
  if (passed.passed(history_.read_position())) {
    history_.confirm_read();
    return {};
  }
  TW_ASSIGN(const auto ahead,
            server_->ahead.first_statement(name, here, history_.read_position(), stop_));
  if (!ahead) {
    history_.confirm_read(name.database, name.table);
    return {};
  }
  return fail(ErrorKind::kUserFix,
              fmt::format("the binlog has no column names, and the columns at this place are not "
                          "known: the table was changed later, {}",
                          ahead->describe()),
              std::string("start after that statement, or ") + kNamesHint);
}

}  // namespace tailwater::mysql
