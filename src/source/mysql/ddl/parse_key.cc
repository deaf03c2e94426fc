#include "source/mysql/ddl/parse_column.h"
#include "source/mysql/ddl/parse_table.h"

namespace tailwater::mysql {
namespace {

using Kind = KeyDefinition::Kind;

// "USING BTREE" or "TYPE BTREE", which may stand before the columns.
bool parse_index_type(SqlReader& reader) {
  const bool typed = reader.at("type") && reader.peek_second().kind == SqlToken::Kind::kWord;
  if (!typed && !reader.at("using")) return false;
  reader.skip();
  (void)reader.name();
  return true;
}

void parse_name_and_parts(SqlReader& reader, KeyDefinition& key) {
  key.if_not_exists = reader.if_not_exists() || key.if_not_exists;
  if (!parse_index_type(reader) && reader.peek().is_name()) {
    key.name = reader.name();
    (void)parse_index_type(reader);
  }
  key.parts = parse_key_parts(reader);
}

void parse_foreign(SqlReader& reader, KeyDefinition& key) {
  reader.expect("key");
  key.kind = Kind::kForeign;
  parse_name_and_parts(reader, key);
  parse_references(reader);
  // The index that it makes is called like the constraint where that has a name.
  if (!key.constraint.empty()) key.name = key.constraint;
}

// CONSTRAINT [IF NOT EXISTS] [name].
void parse_constraint(SqlReader& reader, KeyDefinition& key) {
  if (!reader.accept("constraint")) return;
  key.if_not_exists = reader.if_not_exists();
  if (!reader.at_any({"primary", "unique", "foreign", "check"})) key.constraint = reader.name();
}

KeyDefinition parse_period(SqlReader& reader) {
  KeyDefinition period;
  period.kind = Kind::kPeriod;
  reader.expect("period");
  reader.expect("for");
  (void)reader.if_not_exists();
  (void)reader.name();
  period.parts = parse_key_parts(reader);
  return period;
}

}  // namespace

bool at_key(const SqlReader& reader) {
  if (reader.at_any({"primary", "unique", "key", "index", "fulltext", "spatial", "constraint",
                     "foreign", "check"})) {
    return true;
  }
  return reader.at_both("period", "for") || reader.at_both("vector", "index") ||
         reader.at_both("vector", "key");
}

void parse_key(SqlReader& reader, std::vector<KeyDefinition>& keys) {
  if (reader.at("period")) return keys.push_back(parse_period(reader));
  KeyDefinition key;
  parse_constraint(reader, key);
  if (reader.accept("check")) {
    (void)reader.if_not_exists();
    return parse_check(reader);
  }
  if (reader.accept("foreign")) {
    parse_foreign(reader, key);
  } else if (reader.accept("primary")) {
    reader.expect("key");
    key.kind = Kind::kPrimary;
    parse_name_and_parts(reader, key);
    parse_key_options(reader);
  } else {
    if (reader.accept("unique")) {
      key.kind = Kind::kUnique;
      if (reader.dialect().is_mariadb() || key.name.empty()) key.name = key.constraint;
    } else {
      (void)reader.accept_any({"fulltext", "spatial", "vector"});
    }
    const std::string constraint = key.name;
    (void)reader.accept_any({"key", "index"});
    parse_name_and_parts(reader, key);
    if (key.name.empty()) key.name = constraint;
    parse_key_options(reader);
  }
  keys.push_back(std::move(key));
}

void parse_key_options(SqlReader& reader) {
  while (!reader.at_end()) {
    if (parse_index_type(reader)) continue;
    if (reader.accept_any({"visible", "invisible", "ignored"})) continue;
    if (reader.accept_both("not", "ignored")) continue;
    if (reader.accept_both("with", "parser")) {
      (void)reader.name();
    } else if (reader.accept_any({"comment", "engine_attribute", "secondary_engine_attribute"})) {
      (void)reader.accept('=');
      (void)reader.text();
    } else if (reader.accept("key_block_size")) {
      (void)reader.accept('=');
      (void)reader.number();
    } else if (reader.peek().is_name() && reader.peek_second().is_symbol('=')) {
      reader.skip();
      reader.skip();
      if (reader.at_end() || reader.peek().kind == SqlToken::Kind::kSymbol) {
        reader.stop("a value");
      }
      reader.skip();
    } else {
      return;
    }
  }
}

}  // namespace tailwater::mysql
