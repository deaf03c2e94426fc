#include <array>

#include "source/mysql/ddl/parse_column.h"
#include "source/mysql/ddl/parse_table.h"

namespace tailwater::mysql {
namespace {

using Kind = SqlToken::Kind;

// NAME [=] value: a word, a number, a string.
void parse_value(SqlReader& reader) {
  (void)reader.accept('=');
  if (reader.peek().kind == Kind::kString) return (void)reader.text();
  if (reader.at_end() || reader.peek().kind == Kind::kSymbol) return reader.stop("a value");
  reader.skip();
}

// Options that are written without "=" as often as with it.
constexpr auto kPlainOptions = std::to_array<std::string_view>({"engine",
                                                                "type",
                                                                "auto_increment",
                                                                "avg_row_length",
                                                                "checksum",
                                                                "table_checksum",
                                                                "comment",
                                                                "compression",
                                                                "connection",
                                                                "delay_key_write",
                                                                "encryption",
                                                                "insert_method",
                                                                "key_block_size",
                                                                "max_rows",
                                                                "min_rows",
                                                                "pack_keys",
                                                                "password",
                                                                "row_format",
                                                                "stats_auto_recalc",
                                                                "stats_persistent",
                                                                "stats_sample_pages",
                                                                "tablespace",
                                                                "storage",
                                                                "secondary_engine",
                                                                "engine_attribute",
                                                                "secondary_engine_attribute",
                                                                "transactional",
                                                                "page_checksum",
                                                                "autoextend_size",
                                                                "raid_type",
                                                                "raid_chunks",
                                                                "raid_chunksize",
                                                                "nodegroup"});

bool parse_two_word_option(SqlReader& reader) {
  if (reader.accept_both("data", "directory") || reader.accept_both("index", "directory")) {
    parse_value(reader);
    return true;
  }
  if (reader.at("union") &&
      (reader.peek_second().is_symbol('=') || reader.peek_second().is_symbol('('))) {
    reader.skip();
    (void)reader.accept('=');
    reader.skip_parentheses();
    return true;
  }
  // MySQL 8.0.21: an atomic CREATE … SELECT, in the binlog.
  return reader.accept_both("start", "transaction");
}

bool parse_sequence_option(SqlReader& reader, TableOptions& options) {
  if (!reader.at("sequence") || !reader.dialect().is_mariadb()) return false;
  reader.skip();
  (void)reader.accept('=');
  options.sequence = reader.number() != 0;
  return true;
}

bool parse_versioned(SqlReader& reader, TableOptions& options) {
  if (!reader.accept_both("with", "system")) return false;
  reader.expect("versioning");
  options.versioned = true;
  return true;
}

}  // namespace

bool parse_table_option(SqlReader& reader, TableOptions& options) {
  if (parse_charset_option(reader, options.charset)) {
    options.charset_said = true;
    return true;
  }
  if (parse_versioned(reader, options) || parse_two_word_option(reader) ||
      parse_sequence_option(reader, options)) {
    return true;
  }
  // STORAGE ENGINE = x in old statements.
  if (reader.at_both("storage", "engine")) reader.skip();
  if (reader.at_any(kPlainOptions)) {
    reader.skip();
    parse_value(reader);
    return true;
  }
  if (!reader.peek().is_name() || !reader.peek_second().is_symbol('=')) return false;
  reader.skip();
  parse_value(reader);
  return true;
}

bool parse_lock_wait(SqlReader& reader) {
  if (reader.accept("nowait")) return true;
  if (!reader.at("wait") || reader.peek_second().kind != Kind::kNumber) return false;
  reader.skip();
  reader.skip();
  return true;
}

}  // namespace tailwater::mysql
