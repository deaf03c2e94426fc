#include "source/mysql/ddl/parse_column.h"

namespace tailwater::mysql {
namespace {

using Null = ColumnDefinition::Null;
using Kind = SqlToken::Kind;

// Since when a column's own REFERENCES makes a foreign key; before, it was read and forgotten.
constexpr Version kMysqlReferencesSince = {9, 0, 0};
constexpr Version kMariadbReferencesSince = {10, 5, 0};

bool heeds_references(const SqlDialect& dialect) {
  return dialect.version >=
         (dialect.is_mariadb() ? kMariadbReferencesSince : kMysqlReferencesSince);
}

// One word or quoted thing with what belongs to it: f(x), d.f(x), CASE … END, NEXT VALUE FOR s.
void skip_value(SqlReader& reader) {
  if (reader.accept_both("next", "value") || reader.accept_both("previous", "value")) {
    reader.expect("for");
    (void)reader.column_name();
    return;
  }
  if (reader.accept("case")) {
    size_t depth = 1;
    while (depth > 0 && !reader.at_end()) {
      if (reader.at("case")) ++depth;
      if (reader.at("end")) --depth;
      reader.skip();
    }
    if (depth > 0) reader.stop("END");
    return;
  }
  if (reader.at_any({"date", "time", "timestamp"}) && reader.peek_second().kind == Kind::kString) {
    reader.skip();
    (void)reader.text();
    return;
  }
  (void)reader.column_name();
  if (reader.at('(')) reader.skip_parentheses();
}

// GENERATED ALWAYS AS (…) VIRTUAL, and MariaDB's AS ROW START.
void parse_generated(SqlReader& reader, ColumnDefinition& column) {
  if (reader.accept("generated")) reader.expect("always");
  reader.expect("as");
  column.generated = true;
  if (reader.accept("row")) {
    column.null = Null::kNotNull;
    column.row_end = reader.at("end");
    if (!reader.accept_any({"start", "end"})) reader.stop("START or END");
    return;
  }
  reader.skip_parentheses();
  (void)reader.accept_any({"virtual", "stored", "persistent"});
}

// NOT NULL, NOT ENFORCED, NOT SECONDARY, NOT INVISIBLE ….
void parse_not(SqlReader& reader, ColumnDefinition& column) {
  if (reader.accept("null")) {
    column.null = Null::kNotNull;
  } else if (!reader.accept_any({"secondary", "enforced"})) {
    reader.stop("NULL");
  }
}

void parse_unique(SqlReader& reader, ColumnDefinition& column) {
  column.unique = true;
  (void)reader.accept("key");
}

// SERIAL DEFAULT VALUE.
void parse_serial_default(SqlReader& reader, ColumnDefinition& column) {
  reader.expect("default");
  reader.expect("value");
  column.null = Null::kNotNull;
  column.auto_increment = true;
  column.unique = true;
}

bool parse_check_attribute(SqlReader& reader) {
  if (reader.accept("constraint")) {
    if (!reader.at_any({"check", "references"})) (void)reader.name();
    if (!reader.at_any({"check", "references"})) reader.stop("CHECK");
  }
  if (!reader.accept("check")) return false;
  parse_check(reader);
  return true;
}

// Attributes with one word or value that says nothing to readers of rows; engines of MariaDB have
// more, each written NAME = value.
bool parse_ignored_attribute(SqlReader& reader) {
  if (reader.accept_any({"comment", "engine_attribute", "secondary_engine_attribute"})) {
    (void)reader.accept('=');
    (void)reader.text();
    return true;
  }
  if (reader.accept("visible")) return true;
  if (reader.accept("storage")) {
    (void)reader.name();
    return true;
  }
  if (reader.accept_any({"srid", "ref_system_id"})) {
    (void)reader.accept('=');
    (void)reader.number();
    return true;
  }
  if (reader.peek().is_name() && reader.peek_second().is_symbol('=')) {
    reader.skip();
    reader.skip();
    if (reader.at_end() || reader.peek().kind == Kind::kSymbol) reader.stop("a value");
    reader.skip();
    return true;
  }
  return false;
}

bool parse_versioning(SqlReader& reader, ColumnDefinition& column) {
  if (reader.accept_both("with", "system")) {
    column.versioned = true;
  } else if (!reader.accept_both("without", "system")) {
    return false;
  }
  reader.expect("versioning");
  return true;
}

bool parse_value_attribute(SqlReader& reader, ColumnDefinition& column) {
  if (reader.accept("default")) {
    column.has_default = column.has_default || !reader.at("null");
    parse_default(reader);
    return true;
  }
  if (reader.accept_both("on", "update")) {
    column.has_default = true;
    parse_default(reader);
    return true;
  }
  if (reader.at_any({"generated", "as"})) {
    parse_generated(reader, column);
    return true;
  }
  return false;
}

bool parse_attribute(SqlReader& reader, ColumnDefinition& column) {
  if (reader.accept("not")) {
    parse_not(reader, column);
  } else if (reader.accept("null")) {
    column.null = Null::kNull;
  } else if (reader.accept("auto_increment")) {
    column.auto_increment = true;
    column.null = Null::kNotNull;
  } else if (reader.accept("serial")) {
    parse_serial_default(reader, column);
  } else if (reader.accept_both("primary", "key") || reader.accept("key")) {
    column.primary = true;
  } else if (reader.accept("unique")) {
    parse_unique(reader, column);
  } else if (reader.accept("invisible")) {
    column.invisible = true;
  } else if (reader.accept("column_format")) {
    (void)reader.name();
  } else if (reader.at("collate")) {
    (void)parse_charset_option(reader, column.type.charset);
  } else {
    return parse_value_attribute(reader, column) || parse_check_attribute(reader) ||
           parse_versioning(reader, column) || parse_ignored_attribute(reader);
  }
  return true;
}

}  // namespace

void parse_column(SqlReader& reader, ColumnDefinition& column, std::vector<KeyDefinition>& keys) {
  column.type = parse_type(reader, column);
  while (!reader.at_end() && parse_attribute(reader, column)) {
  }
  const std::vector<KeyDefinition::Part> parts = {{column.name}};
  if (column.primary) keys.push_back({.kind = KeyDefinition::Kind::kPrimary, .parts = parts});
  // MariaDB makes one key of both.
  const bool one_key = column.primary && reader.dialect().is_mariadb();
  if (column.unique && !one_key)
    keys.push_back({.kind = KeyDefinition::Kind::kUnique, .parts = parts});
  if (reader.at("references")) {
    parse_references(reader);
    if (heeds_references(reader.dialect())) {
      keys.push_back({.kind = KeyDefinition::Kind::kForeign, .parts = parts});
    }
    while (!reader.at_end() && parse_attribute(reader, column)) {
    }
  }
}

// What DEFAULT and ON UPDATE may have. MariaDB takes functions without parentheses.
void parse_default(SqlReader& reader) {
  if (reader.at('(')) return reader.skip_parentheses();
  while (reader.accept('-') || reader.accept('+')) {
  }
  const SqlToken& token = reader.peek();
  if (token.kind == Kind::kNumber || token.kind == Kind::kBytes) return reader.skip();
  if (token.kind == Kind::kString) return (void)reader.text();
  const bool introduced = token.kind == Kind::kWord && token.text[0] == '_';
  if (introduced) {
    const Kind next = reader.peek_second().kind;
    if (next == Kind::kString || next == Kind::kBytes) {
      reader.skip();
      return next == Kind::kString ? (void)reader.text() : reader.skip();
    }
  }
  if (reader.accept('{')) {  // {d '2001-01-01'}
    (void)reader.name();
    (void)reader.text();
    return reader.expect('}');
  }
  if (reader.accept('@')) {
    while (reader.accept('@')) {
    }
    return (void)reader.column_name();
  }
  skip_value(reader);
}

bool parse_charset_option(SqlReader& reader, CharsetWords& charset) {
  if (reader.at("default") && !reader.peek_second().is_word("character") &&
      !reader.peek_second().is_word("charset") && !reader.peek_second().is_word("char") &&
      !reader.peek_second().is_word("collate")) {
    return false;
  }
  if (!reader.at_any({"default", "character", "charset", "char", "collate"})) return false;
  (void)reader.accept("default");
  const bool collation = reader.accept("collate");
  if (!collation && !reader.accept("charset")) {
    reader.skip();  // CHARACTER, CHAR
    reader.expect("set");
  }
  (void)reader.accept('=');
  std::string& word = collation ? charset.collation : charset.charset;
  // Not a name but this word: nothing of its own.
  word = reader.at("default") ? "default" : "";
  if (word.empty()) {
    word = reader.name_or_text();
  } else {
    reader.skip();
  }
  return true;
}

std::vector<KeyDefinition::Part> parse_key_parts(SqlReader& reader) {
  std::vector<KeyDefinition::Part> parts;
  reader.expect('(');
  if (reader.accept(')')) return parts;
  do {
    KeyDefinition::Part part;
    if (reader.at('(')) {
      reader.skip_parentheses();
    } else {
      part.column = reader.column_name();
      if (reader.accept('(')) {
        part.prefix = reader.number();
        reader.expect(')');
      }
    }
    (void)reader.accept_any({"asc", "desc"});
    if (reader.accept("without")) reader.expect("overlaps");
    parts.push_back(std::move(part));
  } while (reader.accept(','));
  reader.expect(')');
  return parts;
}

void parse_references(SqlReader& reader) {
  reader.expect("references");
  (void)reader.column_name();
  if (reader.at('(')) reader.skip_parentheses();
  for (;;) {
    if (reader.accept("match")) {
      (void)reader.name();
      continue;
    }
    if (!reader.at_both("on", "delete") && !reader.at_both("on", "update")) return;
    reader.skip();
    reader.skip();
    if (reader.accept("set")) {
      if (!reader.accept_any({"null", "default"})) reader.stop("NULL");
    } else if (reader.accept("no")) {
      reader.expect("action");
    } else if (!reader.accept_any({"restrict", "cascade"})) {
      reader.stop("what to do");
    }
  }
}

void parse_check(SqlReader& reader) {
  reader.skip_parentheses();
  if (reader.at_both("not", "enforced")) reader.skip();
  (void)reader.accept("enforced");
}

}  // namespace tailwater::mysql
