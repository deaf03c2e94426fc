#include "source/mysql/ddl/parse_column.h"
#include "source/mysql/ddl/parse_statement.h"
#include "source/mysql/ddl/parse_table.h"

namespace tailwater::mysql {
namespace {

// ALGORITHM, LOCK, WAIT: behind CREATE INDEX and DROP INDEX.
void parse_index_clauses(SqlReader& reader) {
  for (;;) {
    if (reader.accept_any({"algorithm", "lock"})) {
      (void)reader.accept('=');
      (void)reader.name();
    } else if (!parse_lock_wait(reader)) {
      return;
    }
  }
}

}  // namespace

AlterTable parse_create_index(SqlReader& reader, const CreateWords& words) {
  AlterTable alter;
  KeyDefinition key;
  if (reader.accept("unique")) {
    key.kind = KeyDefinition::Kind::kUnique;
  } else {
    (void)reader.accept_any({"fulltext", "spatial", "vector"});
  }
  reader.expect("index");
  key.or_replace = words.or_replace;
  key.if_not_exists = reader.if_not_exists();
  key.name = reader.name();
  parse_key_options(reader);
  reader.expect("on");
  alter.name = reader.table_name();
  if (!reader.stopped()) reader.note_table(alter.name);
  key.parts = parse_key_parts(reader);
  parse_key_options(reader);
  parse_index_clauses(reader);
  alter.actions.emplace_back(AddKey{std::move(key)});
  return alter;
}

AlterTable parse_drop_index(SqlReader& reader) {
  AlterTable alter;
  DropKey drop;
  drop.if_exists = reader.if_exists();
  drop.name = reader.name();
  reader.expect("on");
  alter.name = reader.table_name();
  if (!reader.stopped()) reader.note_table(alter.name);
  parse_index_clauses(reader);
  alter.actions.emplace_back(std::move(drop));
  return alter;
}

}  // namespace tailwater::mysql
