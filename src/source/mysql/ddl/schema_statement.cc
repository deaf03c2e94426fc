#include "source/mysql/ddl/schema_statement.h"

#include <array>

#include <fmt/format.h>

#include "source/mysql/ddl/parse_statement.h"
#include "source/mysql/ddl/sql_reader.h"

namespace tailwater::mysql {
namespace {

// Statements that begin with one of these are not about the shape of tables.
constexpr auto kOtherFirst = std::to_array<std::string_view>(
    {"analyze",  "backup",    "begin",    "binlog",   "cache",      "call",     "change",
     "check",    "checksum",  "clone",    "commit",   "deallocate", "delete",   "desc",
     "describe", "do",        "end",      "execute",  "explain",    "flush",    "get",
     "grant",    "handler",   "help",     "import",   "insert",     "install",  "kill",
     "load",     "lock",      "optimize", "prepare",  "purge",      "release",  "repair",
     "replace",  "reset",     "resignal", "restart",  "revoke",     "rollback", "savepoint",
     "select",   "set",       "show",     "shutdown", "signal",     "start",    "stop",
     "table",    "uninstall", "unlock",   "update",   "use",        "values",   "with",
     "xa"});

// What CREATE, ALTER and DROP make that is no table.
constexpr auto kOtherObjects = std::to_array<std::string_view>(
    {"view",    "trigger",    "procedure", "function",  "event",    "user",    "role",
     "server",  "tablespace", "undo",      "logfile",   "resource", "spatial", "instance",
     "package", "aggregate",  "definer",   "algorithm", "sql",      "library", "json"});

bool at_other_object(const SqlReader& reader) {
  // CREATE SPATIAL INDEX is about a table, CREATE SPATIAL REFERENCE SYSTEM is not.
  if (reader.at("spatial")) return reader.peek_second().is_word("reference");
  return reader.at_any(kOtherObjects);
}

SchemaStatement parse_create(SqlReader& reader) {
  CreateWords words;
  words.or_replace = reader.accept_both("or", "replace");
  (void)reader.accept_any({"online", "offline"});
  words.temporary = reader.accept("temporary");
  if (at_other_object(reader)) return OtherStatement{};
  if (reader.accept("table")) return parse_create_table(reader, words);
  if (reader.accept_any({"database", "schema"})) return parse_create_database(reader, words);
  if (reader.accept("sequence")) return parse_create_sequence(reader, words);
  if (reader.at_any({"unique", "fulltext", "spatial", "vector", "index"})) {
    return parse_create_index(reader, words);
  }
  reader.stop("what to create");
  return OtherStatement{};
}

SchemaStatement parse_alter(SqlReader& reader) {
  while (reader.accept_any({"online", "offline", "ignore"})) {
  }
  if (at_other_object(reader)) return OtherStatement{};
  if (reader.accept("table")) return parse_alter_table(reader);
  if (reader.accept_any({"database", "schema"})) return parse_alter_database(reader);
  if (reader.accept("sequence")) return parse_alter_sequence(reader);
  reader.stop("what to alter");
  return OtherStatement{};
}

SchemaStatement parse_drop(SqlReader& reader) {
  (void)reader.accept_any({"online", "offline"});
  const bool temporary = reader.accept("temporary");
  if (at_other_object(reader)) return OtherStatement{};
  if (reader.accept_any({"table", "tables", "sequence"})) {
    return parse_drop_tables(reader, temporary);
  }
  if (reader.accept_any({"database", "schema"})) return parse_drop_database(reader);
  if (reader.accept("index")) return parse_drop_index(reader);
  reader.stop("what to drop");
  return OtherStatement{};
}

SchemaStatement parse_rename(SqlReader& reader) {
  if (reader.at("user")) return OtherStatement{};
  if (reader.accept_any({"table", "tables"})) return parse_rename_tables(reader);
  reader.stop("TABLE");
  return OtherStatement{};
}

// SET STATEMENT a = 1, b = 2 FOR …: false where it is a plain SET.
bool skip_set_statement(SqlReader& reader) {
  if (!reader.accept_both("set", "statement")) return false;
  while (!reader.at_end() && !reader.at("for")) {
    if (reader.at('(')) {
      reader.skip_parentheses();
    } else {
      reader.skip();
    }
  }
  reader.expect("for");
  return true;
}

SchemaStatement parse_first(SqlReader& reader) {
  while (reader.accept(';')) {
  }
  if (reader.at_end() && !reader.stopped()) return OtherStatement{};
  while (skip_set_statement(reader)) {
  }
  if (reader.accept("create")) return parse_create(reader);
  if (reader.accept("alter")) return parse_alter(reader);
  if (reader.accept("drop")) return parse_drop(reader);
  if (reader.accept("rename")) return parse_rename(reader);
  if (reader.accept("truncate")) return parse_truncate(reader);
  if (reader.at_any(kOtherFirst) || reader.at('(')) return OtherStatement{};
  reader.stop("a statement");
  return OtherStatement{};
}

}  // namespace

std::string UnknownStatement::describe() const {
  const std::string near = word.empty() ? "at the end" : fmt::format("near '{}'", word);
  return fmt::format("{} (byte {}): expected {}", near, offset, expected);
}

SchemaStatement parse_schema_statement(std::string_view sql, const DdlSession& session) {
  SqlReader reader(sql, session);
  SchemaStatement statement = parse_first(reader);
  if (!reader.stopped() && std::holds_alternative<OtherStatement>(statement)) return statement;
  while (reader.accept(';')) {
  }
  if (!reader.at_end()) reader.stop("the end of the statement");
  if (reader.stopped()) return reader.unknown();
  return statement;
}

}  // namespace tailwater::mysql
