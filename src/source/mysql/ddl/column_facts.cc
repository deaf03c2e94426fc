#include "source/mysql/ddl/column_facts.h"

#include <algorithm>

#include "base/text.h"
#include "source/mysql/binlog/charset.h"
#include "source/mysql/ddl/parse_column.h"

namespace tailwater::mysql {
namespace {

// Since when the catalog calls utf8 by its full name.
constexpr Version kMysqlUtf8mb3Since = {8, 0, 29};
constexpr Version kMariadbUtf8mb3Since = {10, 6, 0};

std::string shown_charset(const Charset& charset, const SqlDialect& dialect) {
  const Version since = dialect.is_mariadb() ? kMariadbUtf8mb3Since : kMysqlUtf8mb3Since;
  if (charset.name == "utf8mb3" && dialect.version < since) return "utf8";
  return std::string(charset.name);
}

// A collation's name begins with its character set's; MariaDB's uca1400 ones take that of the
// place they stand in.
Result<std::string> charset_of_collation_name(const std::string& collation,
                                              const std::string& inherited,
                                              const SqlDialect& dialect) {
  const std::string name = to_lower(collation);
  if (name == "default" || name.starts_with("uca1400_")) return inherited;
  const Charset* const charset = charset_named(name.substr(0, name.find('_')));
  if (charset == nullptr) return fail(ErrorKind::kUnsupported, "unknown collation " + collation);
  return shown_charset(*charset, dialect);
}

uint64_t blob_bytes(SqlKind kind) {
  switch (kind) {
    case SqlKind::kTinytext:
      return UINT8_MAX;
    case SqlKind::kText:
      return UINT16_MAX;
    case SqlKind::kMediumtext:
      return (1U << 24) - 1;
    default:
      return UINT32_MAX;
  }
}

// Servers keep the bytes of labels where they should convert them, so that others come out, unless
// the bytes are the same in both character sets.
bool loses_labels(const SqlType& type, const Charset& before, std::string_view after) {
  const Charset* const set = charset_named(after);
  if (set == nullptr) return true;
  if (before.is_copied() && set->is_copied()) return false;
  const bool ascii = std::ranges::all_of(type.labels, [](const SqlLabel& label) {
    return std::ranges::all_of(label.text, [](char c) { return (c & 0x80) == 0; });
  });
  const auto narrow = [](const Charset& each) { return each.is_copied() || each.has_ascii(); };
  return !ascii || !narrow(before) || !narrow(*set);
}

bool is_nullable(const ColumnDefinition& column, const DdlSession& session) {
  using Null = ColumnDefinition::Null;
  if (column.null != Null::kUnsaid) return column.null == Null::kNull;
  // A generated timestamp may be NULL in MariaDB all the same.
  const bool exempt = column.generated && session.dialect.is_mariadb();
  const bool old_timestamp = column.type.kind == SqlKind::kTimestamp && !exempt &&
                             !session.explicit_defaults_for_timestamp;
  return !old_timestamp;
}

void set_type(ColumnFacts& facts, SqlType& type, const std::string& charset,
              const DdlSession& session) {
  settle_type(type, charset, session.dialect);
  facts.data_type = data_type_name(type.kind, session.dialect);
  facts.column_type = column_type_text(type, charset, session.dialect);
  // Enums and sets stay what they are when their character set is binary; MySQL shows none then.
  const bool shown =
      is_character(type.kind) && (charset != "binary" || session.dialect.is_mariadb());
  facts.character_set = shown ? charset : std::string();
}

}  // namespace

Result<std::string> resolve_charset(const CharsetWords& words, const std::string& inherited,
                                    const SqlDialect& dialect) {
  const std::string name = to_lower(words.charset);
  if (!name.empty() && name != "default") {
    const Charset* const charset = charset_named(name);
    if (charset == nullptr) {
      return fail(ErrorKind::kUnsupported, "unknown character set " + words.charset);
    }
    return shown_charset(*charset, dialect);
  }
  if (words.collation.empty()) return inherited;
  return charset_of_collation_name(words.collation, inherited, dialect);
}

Result<ColumnFacts> make_column(const ColumnDefinition& column, const std::string& table_charset,
                                const DdlSession& session) {
  ColumnFacts facts;
  SqlType type = column.type;
  std::string charset;
  if (is_character(type.kind)) {
    TW_ASSIGN(charset, resolve_charset(type.charset, table_charset, session.dialect));
    if (type.binary_bytes) charset = "binary";
    if (charset.empty()) {
      return fail(ErrorKind::kUnsupported,
                  "the default character set of column '" + column.name + "' is not known");
    }
  }
  facts.name = column.name;
  TW_TRY(settle_labels(type, charset));
  set_type(facts, type, charset, session);
  facts.nullable = is_nullable(column, session);
  facts.generated = column.generated;
  facts.invisible = column.invisible;
  return facts;
}

Result<ColumnFacts> converted_column(const ColumnFacts& column, const std::string& charset,
                                     const DdlSession& session) {
  if (column.character_set.empty() || column.character_set == "binary") return column;
  // The type is written as information_schema writes it, whatever the session's sql_mode is.
  DdlSession plain = session;
  plain.dialect.sql_mode = 0;
  SqlReader reader(column.column_type, plain);
  ColumnDefinition parsed;
  SqlType type = parse_type(reader, parsed);
  if (reader.stopped() || !is_character(type.kind)) {
    return fail(ErrorKind::kUnsupported, "cannot convert " + column.column_type);
  }
  const Charset* const before = charset_named(column.character_set);
  if (before == nullptr) {
    return fail(ErrorKind::kUnsupported, "unknown character set " + column.character_set);
  }
  TW_TRY(settle_labels(type, charset));
  if (!type.labels.empty() && loses_labels(type, *before, charset)) {
    return fail(ErrorKind::kUnsupported, "labels are converted to another character set");
  }
  // As many characters as before must fit.
  if (is_blob(type.kind)) type.length = blob_bytes(type.kind) / before->char_bytes_max;
  ColumnFacts converted = column;
  set_type(converted, type, charset, session);
  return converted;
}

}  // namespace tailwater::mysql
