#include "source/mysql/ddl/parse_column.h"
#include "source/mysql/ddl/parse_statement.h"
#include "source/mysql/ddl/parse_table.h"

namespace tailwater::mysql {
namespace {

bool at_query(const SqlReader& reader) {
  return reader.at_any({"select", "with", "values", "table"}) || reader.at('(');
}

// [IGNORE | REPLACE] [AS] SELECT …, which is not read.
bool parse_query(SqlReader& reader, CreateTable& table) {
  const bool marked = reader.accept_any({"ignore", "replace"});
  const bool as = reader.accept("as");
  if (!at_query(reader)) {
    if (marked || as) reader.stop("a query");
    return false;
  }
  table.from_select = true;
  while (!reader.at_end()) reader.skip();
  return true;
}

void parse_element(SqlReader& reader, CreateTable& table) {
  if (at_key(reader)) return parse_key(reader, table.keys);
  ColumnDefinition column;
  column.name = reader.column_name();
  parse_column(reader, column, table.keys);
  table.columns.push_back(std::move(column));
}

void parse_elements(SqlReader& reader, CreateTable& table) {
  do {
    parse_element(reader, table);
  } while (reader.accept(','));
  reader.expect(')');
}

void parse_options(SqlReader& reader, CreateTable& table) {
  TableOptions options;
  while (!reader.at_end() && parse_table_option(reader, options)) {
    while (reader.accept(',')) {
    }
  }
  table.charset = options.charset;
  table.versioned = options.versioned;
  (void)parse_partitioning(reader);
}

ColumnDefinition sequence_column(std::string_view name, SqlKind kind, bool is_unsigned) {
  ColumnDefinition column;
  column.name = name;
  column.type.kind = kind;
  column.type.is_unsigned = is_unsigned;
  if (kind == SqlKind::kBigint) column.type.length = 21;
  if (kind == SqlKind::kTinyint) column.type.length = 1;
  column.null = ColumnDefinition::Null::kNotNull;
  return column;
}

}  // namespace

CreateTable parse_create_table(SqlReader& reader, const CreateWords& words) {
  CreateTable table;
  table.temporary = words.temporary;
  table.or_replace = words.or_replace;
  table.if_not_exists = reader.if_not_exists();
  table.name = reader.table_name();
  if (!reader.stopped()) reader.note_table(table.name);
  if (reader.accept("like")) {
    table.like = reader.table_name();
    return table;
  }
  if (reader.at('(')) {
    const SqlToken inner = reader.peek_second();
    if (inner.is_word("like")) {
      reader.skip();
      reader.skip();
      table.like = reader.table_name();
      reader.expect(')');
      return table;
    }
    const bool query = inner.is_word("select") || inner.is_word("with") || inner.is_symbol('(');
    if (!query) {
      reader.skip();
      parse_elements(reader, table);
    }
  }
  parse_options(reader, table);
  (void)parse_query(reader, table);
  if (table.columns.empty() && !table.from_select) {
    table.undecided = "it names no columns: its engine finds them";
  }
  return table;
}

CreateTable parse_create_sequence(SqlReader& reader, const CreateWords& words) {
  CreateTable table;
  table.temporary = words.temporary;
  table.or_replace = words.or_replace;
  table.if_not_exists = reader.if_not_exists();
  table.name = reader.table_name();
  if (!reader.stopped()) reader.note_table(table.name);
  for (const char* name :
       {"next_not_cached_value", "minimum_value", "maximum_value", "start_value", "increment"}) {
    table.columns.push_back(sequence_column(name, SqlKind::kBigint, false));
  }
  table.columns.push_back(sequence_column("cache_size", SqlKind::kBigint, true));
  table.columns.push_back(sequence_column("cycle_option", SqlKind::kTinyint, true));
  table.columns.push_back(sequence_column("cycle_count", SqlKind::kBigint, false));
  if (reader.at("as")) table.undecided = "it is a sequence of a type of its own";
  // What follows are the sequence's values, which may come in any order.
  while (!reader.at_end() && !reader.at(';')) reader.skip();
  return table;
}

AlterTable parse_alter_sequence(SqlReader& reader) {
  AlterTable alter;
  alter.if_exists = reader.if_exists();
  alter.name = reader.table_name();
  if (!reader.stopped()) reader.note_table(alter.name);
  if (reader.at("as")) alter.undecided = "it is a sequence of a type of its own";
  while (!reader.at_end() && !reader.at(';')) reader.skip();
  return alter;
}

}  // namespace tailwater::mysql
