#include "source/mysql/ddl/parse_column.h"
#include "source/mysql/ddl/parse_statement.h"
#include "source/mysql/ddl/parse_table.h"

namespace tailwater::mysql {
namespace {

// Options of databases; the character set is what counts.
CharsetWords parse_database_options(SqlReader& reader) {
  CharsetWords charset;
  while (!reader.at_end() && !reader.at(';')) {
    if (parse_charset_option(reader, charset)) continue;
    (void)reader.accept("default");
    if (reader.accept_both("read", "only") || reader.accept_any({"encryption", "comment"})) {
      (void)reader.accept('=');
      if (reader.at_end() || reader.peek().kind == SqlToken::Kind::kSymbol) {
        reader.stop("a value");
      }
      reader.skip();
    } else {
      reader.stop("a database's option");
    }
  }
  return charset;
}

}  // namespace

DropTables parse_drop_tables(SqlReader& reader, bool temporary) {
  DropTables drop{{}, temporary};
  (void)reader.if_exists();
  do {
    drop.names.push_back(reader.table_name());
    if (!reader.stopped()) reader.note_table(drop.names.back());
  } while (reader.accept(','));
  (void)parse_lock_wait(reader);
  (void)reader.accept_any({"restrict", "cascade"});
  return drop;
}

RenameTables parse_rename_tables(SqlReader& reader) {
  RenameTables rename;
  const bool if_exists = reader.if_exists();
  do {
    RenameTables::Pair pair;
    pair.if_exists = if_exists;
    pair.from = reader.table_name();
    if (!reader.stopped()) reader.note_table(pair.from);
    (void)parse_lock_wait(reader);
    reader.expect("to");
    pair.to = reader.table_name();
    if (!reader.stopped()) reader.note_table(pair.to);
    rename.pairs.push_back(std::move(pair));
  } while (reader.accept(','));
  return rename;
}

TruncateTable parse_truncate(SqlReader& reader) {
  (void)reader.accept("table");
  TruncateTable truncate{reader.table_name()};
  if (!reader.stopped()) reader.note_table(truncate.name);
  (void)parse_lock_wait(reader);
  (void)reader.accept_any({"drop", "reuse"});  // STORAGE, of MariaDB's Oracle mode
  (void)reader.accept("storage");
  return truncate;
}

CreateDatabase parse_create_database(SqlReader& reader, const CreateWords& words) {
  CreateDatabase create;
  create.or_replace = words.or_replace;
  create.if_not_exists = reader.if_not_exists();
  create.name = reader.name();
  create.charset = parse_database_options(reader);
  return create;
}

AlterDatabase parse_alter_database(SqlReader& reader) {
  AlterDatabase alter;
  const bool options = reader.at_any(
      {"default", "character", "charset", "char", "collate", "encryption", "read", "comment"});
  const SqlToken second = reader.peek_second();
  // A database may be called like an option: then more than a value follows.
  const bool named = !options || second.is_word("character") || second.is_word("charset");
  alter.name = named && !reader.at("default") ? reader.name() : reader.session().default_database;
  if (reader.accept_both("upgrade", "data")) {
    reader.expect("directory");
    reader.expect("name");
    return alter;
  }
  alter.charset = parse_database_options(reader);
  return alter;
}

DropDatabase parse_drop_database(SqlReader& reader) {
  (void)reader.if_exists();
  return {reader.name()};
}

}  // namespace tailwater::mysql
