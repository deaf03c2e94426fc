#include "source/mysql/ddl/parse_column.h"
#include "source/mysql/ddl/parse_statement.h"
#include "source/mysql/ddl/parse_table.h"

namespace tailwater::mysql {
namespace {

// FIRST, AFTER a.
ColumnPlace parse_place(SqlReader& reader) {
  if (reader.accept("first")) return {ColumnPlace::Kind::kFirst, {}};
  if (reader.accept("after")) return {ColumnPlace::Kind::kAfter, reader.column_name()};
  return {};
}

// p, q or ALL.
void parse_partition_names(SqlReader& reader) {
  if (reader.accept("all")) return;
  do {
    (void)reader.name();
  } while (reader.accept(','));
}

void add_keys(std::vector<KeyDefinition>& keys, AlterTable& alter) {
  for (KeyDefinition& key : keys) alter.actions.emplace_back(AddKey{std::move(key)});
}

// The column stands before its keys, so that they find it.
void parse_added_column(SqlReader& reader, AlterTable& alter, bool if_not_exists, bool placed) {
  AddColumn add;
  add.if_not_exists = if_not_exists;
  add.column.name = reader.column_name();
  std::vector<KeyDefinition> keys;
  parse_column(reader, add.column, keys);
  if (placed) add.place = parse_place(reader);
  alter.actions.emplace_back(std::move(add));
  add_keys(keys, alter);
}

void parse_added_list(SqlReader& reader, AlterTable& alter, bool if_not_exists) {
  reader.expect('(');
  do {
    std::vector<KeyDefinition> keys;
    if (at_key(reader)) {
      parse_key(reader, keys);
      add_keys(keys, alter);
    } else {
      parse_added_column(reader, alter, if_not_exists, false);
    }
  } while (reader.accept(','));
  reader.expect(')');
}

// ADD PARTITION [IF NOT EXISTS] [NO_WRITE_TO_BINLOG | LOCAL] (…) | PARTITIONS n.
void parse_added_partition(SqlReader& reader) {
  (void)reader.if_not_exists();
  (void)reader.accept_any({"no_write_to_binlog", "local"});
  if (reader.accept("partitions")) return (void)reader.number();
  parse_partition_list(reader);
}

void parse_add(SqlReader& reader, AlterTable& alter) {
  if (reader.accept("partition")) return parse_added_partition(reader);
  if (reader.accept_both("system", "versioning")) {
    alter.actions.emplace_back(SetVersioning{true});
    return;
  }
  if (at_key(reader)) {
    std::vector<KeyDefinition> keys;
    parse_key(reader, keys);
    return add_keys(keys, alter);
  }
  (void)reader.accept("column");
  const bool if_not_exists = reader.if_not_exists();
  if (reader.at('(')) return parse_added_list(reader, alter, if_not_exists);
  parse_added_column(reader, alter, if_not_exists, true);
}

void parse_drop(SqlReader& reader, AlterTable& alter) {
  if (reader.accept_both("primary", "key")) {
    alter.actions.emplace_back(DropKey{"PRIMARY", false});
  } else if (reader.accept_both("foreign", "key") || reader.accept("check") ||
             reader.accept_both("period", "for")) {
    (void)reader.if_exists();
    (void)reader.name();
  } else if (reader.accept_any({"key", "index"})) {
    const bool if_exists = reader.if_exists();
    alter.actions.emplace_back(DropKey{reader.name(), if_exists});
  } else if (reader.accept("constraint")) {
    const bool if_exists = reader.if_exists();
    alter.actions.emplace_back(DropConstraint{reader.name(), if_exists});
  } else if (reader.accept("partition")) {
    (void)reader.if_exists();
    parse_partition_names(reader);
  } else if (reader.accept_both("system", "versioning")) {
    alter.actions.emplace_back(SetVersioning{false});
  } else {
    (void)reader.accept("column");
    const bool if_exists = reader.if_exists();
    alter.actions.emplace_back(DropColumn{reader.column_name(), if_exists});
    (void)reader.accept_any({"restrict", "cascade"});
  }
}

void parse_changed(SqlReader& reader, AlterTable& alter, bool renames) {
  (void)reader.accept("column");
  ChangeColumn change;
  change.if_exists = reader.if_exists();
  change.old_name = reader.column_name();
  change.column.name = renames ? reader.column_name() : change.old_name;
  std::vector<KeyDefinition> keys;
  parse_column(reader, change.column, keys);
  change.place = parse_place(reader);
  alter.actions.emplace_back(std::move(change));
  add_keys(keys, alter);
}

void parse_rename(SqlReader& reader, AlterTable& alter) {
  if (reader.at("column") && reader.peek_second().is_name() &&
      !reader.peek_second().is_word("to")) {
    reader.skip();
    RenameColumn rename;
    rename.if_exists = reader.if_exists();
    rename.old_name = reader.column_name();
    reader.expect("to");
    rename.new_name = reader.column_name();
    alter.actions.emplace_back(std::move(rename));
    return;
  }
  if (reader.accept_any({"index", "key"})) {
    RenameKey rename;
    rename.if_exists = reader.if_exists();
    rename.old_name = reader.name();
    reader.expect("to");
    rename.new_name = reader.name();
    alter.actions.emplace_back(std::move(rename));
    return;
  }
  if (!reader.accept_any({"to", "as"})) (void)reader.accept('=');
  RenameTo to{reader.table_name()};
  if (!reader.stopped()) reader.note_table(to.name);
  alter.actions.emplace_back(std::move(to));
}

// ALTER [COLUMN] a SET DEFAULT …, ALTER INDEX i INVISIBLE, ALTER CHECK c ENFORCED.
void parse_alter_part(SqlReader& reader, AlterTable& alter) {
  if (reader.at_any({"index", "key", "check", "constraint"})) {
    reader.skip();
    (void)reader.if_exists();
    (void)reader.name();
    (void)reader.accept("not");
    if (!reader.accept_any({"visible", "invisible", "ignored", "enforced"})) {
      reader.stop("VISIBLE");
    }
    return;
  }
  (void)reader.accept("column");
  (void)reader.if_exists();
  const std::string column = reader.column_name();
  if (reader.accept("drop")) return reader.expect("default");
  reader.expect("set");
  if (reader.at_any({"visible", "invisible"})) {
    const bool invisible = reader.at("invisible");
    reader.skip();
    alter.actions.emplace_back(ShowColumn{column, invisible});
    return;
  }
  reader.expect("default");
  parse_default(reader);
}

// CONVERT TO CHARACTER SET, and of MariaDB: CONVERT PARTITION p TO TABLE t, CONVERT TABLE t TO
// PARTITION p ….
void parse_convert(SqlReader& reader, AlterTable& alter) {
  if (reader.accept("partition")) {
    (void)reader.name();
    reader.expect("to");
    reader.expect("table");
    const TableName made = reader.table_name();
    if (!reader.stopped()) reader.note_table(made);
    alter.actions.emplace_back(PartitionToTable{made});
    return;
  }
  if (reader.accept("table")) {
    const TableName gone = reader.table_name();
    if (!reader.stopped()) reader.note_table(gone);
    reader.expect("to");
    parse_partition_entry(reader);
    alter.actions.emplace_back(TableToPartition{gone});
    return;
  }
  reader.expect("to");
  CharsetWords charset;
  if (!parse_charset_option(reader, charset)) return reader.stop("CHARACTER SET");
  if (reader.at("collate")) (void)parse_charset_option(reader, charset);
  alter.actions.emplace_back(ConvertCharset{charset});
}

// EXCHANGE PARTITION p WITH TABLE t [WITH|WITHOUT VALIDATION].
void parse_exchange(SqlReader& reader) {
  reader.expect("partition");
  (void)reader.name();
  reader.expect("with");
  reader.expect("table");
  (void)reader.table_name();
  if (reader.accept_any({"with", "without"})) reader.expect("validation");
}

// REORGANIZE PARTITION [p, q INTO (…)].
void parse_reorganize(SqlReader& reader) {
  reader.expect("partition");
  (void)reader.accept_any({"no_write_to_binlog", "local"});
  if (!reader.peek().is_name()) return;
  parse_partition_names(reader);
  reader.expect("into");
  parse_partition_list(reader);
}

// ANALYZE, CHECK, COALESCE, … PARTITION, and the words that may follow.
bool parse_partition_work(SqlReader& reader) {
  if (!reader.at_any({"analyze", "check", "optimize", "rebuild", "repair", "truncate", "discard",
                      "import", "coalesce"}) ||
      !reader.peek_second().is_word("partition")) {
    return false;
  }
  const bool coalesces = reader.at("coalesce");
  reader.skip();
  reader.skip();
  (void)reader.accept_any({"no_write_to_binlog", "local"});
  if (coalesces) {
    (void)reader.number();
    return true;
  }
  parse_partition_names(reader);
  while (reader.accept_any({"tablespace", "quick", "fast", "medium", "extended", "changed",
                            "use_frm", "for", "upgrade"})) {
  }
  return true;
}

void parse_order(SqlReader& reader) {
  reader.expect("by");
  do {
    if (reader.at('(')) {
      reader.skip_parentheses();
    } else {
      (void)reader.column_name();
    }
    (void)reader.accept_any({"asc", "desc"});
  } while (reader.accept(','));
}

// What changes nothing that readers of rows see.
bool parse_quiet_action(SqlReader& reader) {
  if (parse_partition_work(reader)) return true;
  if (reader.accept("force")) return true;
  if (reader.accept_any({"enable", "disable"})) {
    reader.expect("keys");
  } else if (reader.accept_any({"discard", "import"})) {
    reader.expect("tablespace");
  } else if (reader.accept_any({"with", "without"})) {
    reader.expect("validation");
  } else if (reader.accept("exchange")) {
    parse_exchange(reader);
  } else if (reader.accept("reorganize")) {
    parse_reorganize(reader);
  } else if (reader.at_any({"remove", "upgrade"})) {
    reader.skip();
    reader.expect("partitioning");
  } else if (reader.accept("order")) {
    parse_order(reader);
  } else if (reader.accept_any({"algorithm", "lock"})) {
    (void)reader.accept('=');
    (void)reader.name();
  } else if (reader.accept_any({"secondary_load", "secondary_unload"})) {
    if (reader.at("partition")) {
      reader.skip();
      reader.skip_parentheses();
    }
  } else {
    return false;
  }
  return true;
}

bool parse_options(SqlReader& reader, AlterTable& alter) {
  TableOptions options;
  bool any = false;
  while (!reader.at_end() && !reader.at_both("with", "validation") &&
         parse_table_option(reader, options)) {
    any = true;
  }
  if (options.charset_said) alter.actions.emplace_back(SetCharset{options.charset});
  if (options.sequence) alter.undecided = "it becomes a sequence";
  return any;
}

bool parse_action(SqlReader& reader, AlterTable& alter) {
  if (reader.accept("add")) {
    parse_add(reader, alter);
  } else if (reader.accept("drop")) {
    parse_drop(reader, alter);
  } else if (reader.accept("change")) {
    parse_changed(reader, alter, true);
  } else if (reader.accept("modify")) {
    parse_changed(reader, alter, false);
  } else if (reader.accept("rename")) {
    parse_rename(reader, alter);
  } else if (reader.accept("alter")) {
    parse_alter_part(reader, alter);
  } else if (reader.accept("convert")) {
    parse_convert(reader, alter);
  } else {
    return parse_quiet_action(reader) || parse_options(reader, alter);
  }
  return true;
}

}  // namespace

AlterTable parse_alter_table(SqlReader& reader) {
  AlterTable alter;
  alter.if_exists = reader.if_exists();
  alter.name = reader.table_name();
  if (!reader.stopped()) reader.note_table(alter.name);
  (void)parse_lock_wait(reader);
  while (!reader.at_end() && !reader.at(';')) {
    if (!parse_partitioning(reader) && !parse_action(reader, alter)) {
      reader.stop("what to alter");
    }
    if (!reader.accept(',')) {
      // Partitions, and their removal, stand last and without a comma.
      if (parse_partitioning(reader)) continue;
      if (reader.accept_both("remove", "partitioning")) continue;
      break;
    }
  }
  return alter;
}

}  // namespace tailwater::mysql
