#include "source/mysql/schema/ddl_session.h"

#include "source/mysql/binlog/charset.h"

namespace tailwater::mysql {
namespace {

// MariaDB's bit for it in flags2, as 10.11 writes it. Servers without the bit had it off, unless
// they were told.
constexpr uint32_t kMariadbExplicitDefaults = 1U << 24;

bool has_explicit_defaults(const QueryEvent& query, const FormatDescription& format) {
  constexpr uint32_t kOnByDefault = 80002;  // MySQL
  if (format.mariadb) return (query.flags2.value_or(0) & kMariadbExplicitDefaults) != 0;
  return query.explicit_defaults_for_timestamp.value_or(format.version >= kOnByDefault);
}

}  // namespace

DdlSession ddl_session(const QueryEvent& query, const FormatDescription& format) {
  DdlSession session;
  session.dialect.flavor = format.mariadb ? Flavor::kMariadb : Flavor::kMysql;
  session.dialect.version = parse_version(format.server_version);
  session.dialect.sql_mode = query.sql_mode.value_or(0);
  session.default_database = query.database;
  const Charset* charset = charset_of_collation(query.server_collation);
  if (charset != nullptr) session.server_charset = charset->name;
  session.explicit_defaults_for_timestamp = has_explicit_defaults(query, format);
  return session;
}

}  // namespace tailwater::mysql
