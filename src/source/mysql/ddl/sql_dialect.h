// SqlDialect: what decides how a statement's text is read: server, version and sql_mode.
#pragma once

#include <cstdint>
#include <string>

#include "db/mysql/connection.h"

namespace tailwater::mysql {

/// Bits of sql_mode, as a binlog's QUERY events carry it (MySQL's Query_event, Q_SQL_MODE_CODE).
/// The two servers agree on these.
enum class SqlMode : uint64_t {
  kRealAsFloat = 1U << 0,
  kAnsiQuotes = 1U << 2,
  kOracle = 1U << 9,
  kMaxdb = 1U << 12,
  kNoBackslashEscapes = 1U << 20,
  kStrictTransTables = 1U << 21,
  kStrictAllTables = 1U << 22,
};

struct SqlDialect {
  Flavor flavor = Flavor::kMysql;
  Version version = {};
  uint64_t sql_mode = 0;

  [[nodiscard]] bool has(SqlMode mode) const {
    return (sql_mode & static_cast<uint64_t>(mode)) != 0;
  }
  [[nodiscard]] bool is_mariadb() const { return flavor == Flavor::kMariadb; }
  /// As versioned comments write it: 50744, 80036, 101106.
  [[nodiscard]] uint64_t version_number() const {
    return uint64_t{version.major} * 10'000 + uint64_t{version.minor} * 100 + version.patch;
  }
};

/// What a statement's effect depends on beside its text.
struct DdlSession {
  SqlDialect dialect = {};
  std::string default_database = {};  ///< the QUERY event's; empty where there was none
  std::string server_charset = {};    ///< of collation_server; empty where it is not known
  bool explicit_defaults_for_timestamp = true;
};

}  // namespace tailwater::mysql
