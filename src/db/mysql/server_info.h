// Server info: what a server is, how its binlog is set up, and where it stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/mysql/connection.h"
#include "model/position.h"

namespace tailwater::mysql {

/// Global settings that matter to a reader of the binlog. Texts are as the server shows them; empty
/// where this server does not have the variable.
struct ServerInfo {
  Flavor flavor = Flavor::kMysql;
  Version version;
  std::string version_text;
  uint32_t server_id = 0;
  std::string identity;  ///< MySQL: server_uuid. MariaDB: server_uid where it has one, else empty
  std::string hostname;
  uint16_t port = 0;

  bool log_bin = false;
  std::string binlog_format;  ///< ROW, STATEMENT, MIXED
  std::string row_image;      ///< FULL, MINIMAL, NOBLOB, FULL_NODUP
  std::string row_metadata;   ///< FULL, MINIMAL, NO_LOG; empty on MySQL 5.7
  std::string checksum;       ///< CRC32, NONE
  std::string gtid_mode;      ///< MySQL: ON, OFF, …; empty on MariaDB
  bool gtid_strict = false;   ///< MariaDB
  bool partial_json = false;  ///< MySQL: binlog_row_value_options has PARTIAL_JSON
  bool compressed = false;    ///< MySQL: binlog_transaction_compression; MariaDB: log_bin_compress
  std::string binlog_engine;  ///< MariaDB 12.3 and later; empty where the binlog is in files
  bool logs_replicated = true;  ///< log_replica_updates: what it replicates itself is in its binlog
  uint64_t sync_binlog = 0;
  uint64_t expire_s = 0;  ///< how long binlogs are kept; 0: for ever
  uint64_t max_allowed_packet = 0;
  uint32_t lower_case_table_names = 0;
  std::string time_zone;  ///< SYSTEM is resolved: "CEST", "Europe/Berlin", "+02:00"

  [[nodiscard]] bool is_mariadb() const { return flavor == Flavor::kMariadb; }
  /// Whether positions of this server can be GTIDs.
  [[nodiscard]] bool has_gtids() const { return is_mariadb() || gtid_mode == "ON"; }
  /// Whether its binlog has no places in files, only GTIDs.
  [[nodiscard]] bool gtid_only() const { return !binlog_engine.empty(); }
  /// "MySQL 8.0.36", "MariaDB 10.11.6".
  [[nodiscard]] std::string describe() const;
};

/// Needs no privilege.
Result<ServerInfo> read_server_info(Connection& connection);

/// The end of the binlog.
struct BinlogStatus {
  BinlogPosition end;
  std::string
      gtids;  ///< MySQL: gtid_executed (empty with gtid_mode=OFF); MariaDB: the GTID of `end`
  std::string do_databases;      ///< binlog_do_db
  std::string ignore_databases;  ///< binlog_ignore_db
};
/// What this server calls the statement that tells it: the file and the position come first.
std::string_view binlog_status_statement(const Connection& connection);

/// kUserFix with the GRANT where the privilege is missing; kUserFix when the binlog is off. The
/// position and the GTIDs belong together.
Result<BinlogStatus> read_binlog_status(Connection& connection);

struct BinaryLog {
  std::string name;
  uint64_t bytes = 0;
};
/// MariaDB: the last GTID of each domain in the binlog.
Result<std::string> read_gtid_binlog_pos(Connection& connection);
/// All that the server still has, oldest first. Errors as above.
Result<std::vector<BinaryLog>> list_binary_logs(Connection& connection);

/// MySQL: the GTIDs of transactions that the server ran but no longer has in its binlogs. Empty on
/// MariaDB.
Result<std::string> read_gtid_purged(Connection& connection);

/// MariaDB: the GTIDs, "0-1-77,1-1-5", up to a place in the binlog; nothing where the server cannot
/// say (no such file or no transaction boundary there). Nothing on MySQL.
Result<std::optional<std::string>> binlog_gtid_pos(Connection& connection,
                                                   const BinlogPosition& position);

}  // namespace tailwater::mysql
