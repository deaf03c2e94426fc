#include "source/mysql/ddl/parse_column.h"
#include "source/mysql/ddl/parse_table.h"

namespace tailwater::mysql {
namespace {

void parse_algorithm(SqlReader& reader) {
  if (!reader.accept("algorithm")) return;
  (void)reader.accept('=');
  (void)reader.number();
}

// HASH(…), KEY(…), RANGE(…), RANGE COLUMNS(…), LIST(…), and MariaDB's SYSTEM_TIME ….
void parse_method(SqlReader& reader) {
  (void)reader.accept("linear");
  if (reader.accept("key")) {
    parse_algorithm(reader);
    return reader.skip_parentheses();
  }
  if (reader.accept("system_time")) {
    if (reader.accept("limit")) return (void)reader.number();
    if (reader.accept("interval")) {
      // An amount, which may be an expression, and a unit.
      if (reader.at('(')) {
        reader.skip_parentheses();
      } else {
        reader.skip();
      }
      (void)reader.name();
    }
    if (reader.accept("starts")) {
      (void)reader.accept("timestamp");
      (void)reader.text();
    }
    (void)reader.accept("auto");
    return;
  }
  if (!reader.accept_any({"hash", "range", "list"})) return reader.stop("a kind of partition");
  (void)reader.accept_any({"columns"});
  reader.skip_parentheses();
}

void parse_count(SqlReader& reader, std::string_view word) {
  if (reader.accept(word)) (void)reader.number();
}

void parse_values(SqlReader& reader) {
  if (!reader.accept("values")) return;
  if (reader.accept("less")) {
    reader.expect("than");
    if (!reader.accept("maxvalue")) reader.skip_parentheses();
    return;
  }
  if (reader.accept("in")) return reader.skip_parentheses();
  reader.stop("LESS THAN or IN");
}

// Options of a partition, and its subpartitions with theirs.
void parse_partition(SqlReader& reader, std::string_view word) {
  reader.expect(word);
  (void)reader.name_or_text();
  parse_values(reader);
  (void)reader.accept_any({"history", "current", "default"});
  TableOptions ignored;
  while (!reader.at_end() && parse_table_option(reader, ignored)) {
  }
}

}  // namespace

void parse_partition_entry(SqlReader& reader) {
  parse_partition(reader, "partition");
  if (!reader.accept('(')) return;
  do {
    parse_partition(reader, "subpartition");
  } while (reader.accept(','));
  reader.expect(')');
}

void parse_partition_list(SqlReader& reader) {
  reader.expect('(');
  do {
    parse_partition_entry(reader);
  } while (reader.accept(','));
  reader.expect(')');
}

bool parse_partitioning(SqlReader& reader) {
  if (!reader.accept_both("partition", "by")) return false;
  parse_method(reader);
  parse_count(reader, "partitions");
  if (reader.accept("subpartition")) {
    reader.expect("by");
    parse_method(reader);
    parse_count(reader, "subpartitions");
  }
  if (reader.at('(')) parse_partition_list(reader);
  return true;
}

}  // namespace tailwater::mysql
