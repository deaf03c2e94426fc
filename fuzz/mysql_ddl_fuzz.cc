// Statements about tables: any bytes are read to an end, and what a catalog makes of them is stored
// and read back as it was. The first byte chooses the server and its sql_mode.
#include <algorithm>

#include "source/mysql/ddl/schema_catalog.h"

using namespace tailwater;

namespace {

mysql::DdlSession session_of(uint8_t choice) {
  mysql::DdlSession session;
  const bool mariadb = (choice & 1) != 0;
  session.dialect.flavor = mariadb ? mysql::Flavor::kMariadb : mysql::Flavor::kMysql;
  session.dialect.version = mariadb ? mysql::Version{10, 11, 6} : mysql::Version{8, 0, 40};
  const auto set = [&](int bit, mysql::SqlMode mode) {
    if ((choice & 1 << bit) != 0) session.dialect.sql_mode |= static_cast<uint64_t>(mode);
  };
  set(1, mysql::SqlMode::kAnsiQuotes);
  set(2, mysql::SqlMode::kNoBackslashEscapes);
  set(3, mysql::SqlMode::kOracle);
  session.explicit_defaults_for_timestamp = (choice & 16) != 0;
  session.default_database = "d";
  session.server_charset = "utf8mb4";
  return session;
}

void check_stored_form(const mysql::SchemaCatalog& catalog) {
  ByteBuffer stored;
  catalog.encode(stored);
  const auto again = mysql::SchemaCatalog::decode(stored.view());
  if (!again.has_value()) __builtin_trap();
  ByteBuffer second;
  again->encode(second);
  if (as_text(second.view()) != as_text(stored.view())) __builtin_trap();
}

// Keys name columns that there are.
void check_tables(const mysql::SchemaCatalog& catalog) {
  for (const auto& [name, table] : catalog.tables()) {
    const size_t columns = table.facts.columns.size();
    for (const uint32_t place : table.facts.primary_key) {
      if (place >= columns) __builtin_trap();
    }
    for (const auto& key : table.facts.unique_keys) {
      for (const uint32_t place : key) {
        if (place >= columns) __builtin_trap();
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  (void)mysql::SchemaCatalog::decode(Bytes(data, size)).has_value();
  const mysql::DdlSession session = session_of(data[0]);
  mysql::SchemaCatalog catalog;
  catalog.put_database("d", "utf8mb4");
  catalog.apply("CREATE TABLE t (a INT, b TEXT, c ENUM('x') NOT NULL, UNIQUE (c), KEY (a, b(3)))",
                session);
  // Statements one after the other, so that later ones find the tables of earlier ones.
  std::string_view rest = as_text(Bytes(data + 1, size - 1));
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\x01'), rest.size());
    catalog.apply(rest.substr(0, end), session);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  check_tables(catalog);
  check_stored_form(catalog);
  return 0;
}
