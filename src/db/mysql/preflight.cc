#include "db/mysql/preflight.h"

#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "db/mysql/dump_stream.h"
#include "db/mysql/preflight_surroundings.h"
#include "db/mysql/preflight_tables.h"
#include "db/mysql/quote.h"
#include "db/mysql/server_error.h"
#include "db/mysql/server_id.h"

namespace tailwater::mysql {
namespace {

using Level = Finding::Level;

constexpr Version kPersistSince = {8, 0, 0};
constexpr Version kMysqlFrom = {5, 7, 0};
constexpr Version kMysqlBelow = {10, 0, 0};
constexpr Version kMariadbFrom = {10, 6, 0};
constexpr Version kMariadbBelow = {13, 0, 0};

Finding ok(std::string name, std::string found) {
  return {std::move(name), Level::kOk, std::move(found)};
}

// How a global variable is set for good on this server.
std::string set_global(const ServerInfo& info, std::string_view name, std::string_view value) {
  const bool persists = !info.is_mariadb() && info.version >= kPersistSince;
  if (persists) return fmt::format("SET PERSIST {} = {};", name, value);
  return fmt::format(
      "SET GLOBAL {0} = {1};\n-- and in the server's configuration, under [mysqld]: {0} = {1}",
      name, value);
}

std::string in_configuration(const ServerInfo& info, std::string_view lines) {
  return fmt::format("-- in the server's configuration, under [{}]: {}  then restart it",
                     info.is_mariadb() ? "mariadb" : "mysqld", lines);
}

Finding check_version(const ServerInfo& info) {
  const bool known = info.is_mariadb()
                         ? info.version >= kMariadbFrom && info.version < kMariadbBelow
                         : info.version >= kMysqlFrom && info.version < kMysqlBelow;
  if (known) return ok("version", info.describe());
  return {"version", Level::kWarning, info.describe(),
          "Tailwater is made for MySQL 5.7 to 9 and MariaDB 10.6 to 12; others are untested",
          "-- use one of those versions if something does not work"};
}

Finding check_log_bin(const ServerInfo& info) {
  if (info.log_bin) return ok("log_bin", "ON");
  return {
      "log_bin", Level::kError, "OFF", "without a binlog there is nothing to stream",
      info.is_mariadb()
          ? in_configuration(info,
                             "log_bin = binlog; binlog_format = ROW; binlog_row_metadata = FULL; "
                             "server_id = 1;")
          : in_configuration(info,
                             "remove skip_log_bin and disable_log_bin; log_bin = binlog; "
                             "server_id = 1;")};
}

Finding check_format(const ServerInfo& info) {
  if (info.binlog_format == "ROW") return ok("binlog_format", "ROW");
  return {"binlog_format", Level::kError, info.binlog_format,
          "only ROW logs the changed rows themselves; statements cannot be turned into changes",
          set_global(info, "binlog_format", "ROW") +
              "\n-- sessions that are open keep the old format: reconnect the applications"};
}

Finding check_row_image(const ServerInfo& info) {
  if (info.row_image.empty() || info.row_image == "FULL") return ok("binlog_row_image", "FULL");
  return {
      "binlog_row_image", Level::kWarning, info.row_image,
      "columns that a statement did not touch are not in the binlog; they come out as unavailable",
      set_global(info, "binlog_row_image", "FULL")};
}

Finding check_row_metadata(const ServerInfo& info) {
  if (info.row_metadata == "FULL") return ok("binlog_row_metadata", "FULL");
  constexpr const char* kWhy =
      "column names are then followed through the statements of the binlog, from the first start "
      "on: "
      "a table that was altered between a start in the past and now stops the stream, as its names "
      "are not known";
  if (info.row_metadata.empty()) {
    return {"binlog_row_metadata", Level::kWarning, "not known to this server", kWhy,
            info.is_mariadb() ? "-- upgrade to MariaDB 10.5 or newer"
                              : "-- upgrade to MySQL 8.0.1 or newer"};
  }
  return {"binlog_row_metadata", Level::kWarning, info.row_metadata, kWhy,
          set_global(info, "binlog_row_metadata", "FULL")};
}

Finding check_checksum(const ServerInfo& info) {
  if (info.checksum == "CRC32") return ok("binlog_checksum", "CRC32");
  if (info.gtid_only()) return ok("binlog_checksum", "not used: InnoDB checks the binlog's pages");
  return {"binlog_checksum", Level::kWarning, info.checksum,
          "damage to the binlog, on disk or on the way, cannot be noticed",
          set_global(info, "binlog_checksum", "CRC32")};
}

Finding check_gtid(const ServerInfo& info) {
  if (info.is_mariadb()) {
    if (info.gtid_strict) return ok("gtid_strict_mode", "ON");
    return {"gtid_strict_mode", Level::kWarning, "OFF",
            "GTIDs may then be out of order, and a position may be ambiguous after a failover",
            set_global(info, "gtid_strict_mode", "ON")};
  }
  if (info.gtid_mode == "ON") return ok("gtid_mode", "ON");
  const bool persists = info.version >= kPersistSince;
  const std::string verb = persists ? "SET PERSIST" : "SET GLOBAL";
  return {
      "gtid_mode", Level::kWarning, info.gtid_mode,
      "positions are then file and byte of this very server: after a failover to a replica the "
      "stream "
      "cannot go on",
      fmt::format(
          "{0} enforce_gtid_consistency = ON;\n{0} gtid_mode = OFF_PERMISSIVE;\n{0} gtid_mode = "
          "ON_PERMISSIVE;\n{0} gtid_mode = ON;",
          verb)};
}

Finding check_retention(const ServerInfo& info, const PreflightOptions& options) {
  if (info.expire_s == 0) return ok("binlog_retention", "for ever");
  const int64_t kept_us = static_cast<int64_t>(info.expire_s) * 1'000'000;
  const std::string kept = describe_duration_us(kept_us);
  if (kept_us >= options.wanted_retention_us) return ok("binlog_retention", kept);
  const int64_t wanted_s = options.wanted_retention_us / 1'000'000;
  const bool days_only = !info.is_mariadb() && info.version < kPersistSince;
  return {"binlog_retention", Level::kWarning, kept,
          "a stream that is down for longer loses its place and must start with a new snapshot",
          days_only
              ? set_global(info, "expire_logs_days", std::to_string((wanted_s + 86399) / 86400))
              : set_global(info, "binlog_expire_logs_seconds", std::to_string(wanted_s))};
}

Finding check_sync_binlog(const ServerInfo& info) {
  if (info.gtid_only()) return ok("sync_binlog", "not used: InnoDB keeps the binlog");
  if (info.sync_binlog == 1) return ok("sync_binlog", "1");
  return {"sync_binlog", Level::kWarning, std::to_string(info.sync_binlog),
          "a crash of the server's machine can take back transactions that were already streamed",
          set_global(info, "sync_binlog", "1")};
}

Finding check_server_id(const ServerInfo& info) {
  if (info.server_id != 0) return ok("server_id", std::to_string(info.server_id));
  return {"server_id", Level::kError, "0", "a server without an id refuses all replicas",
          set_global(info, "server_id", "1")};
}

Finding check_partial_json(const ServerInfo& info) {
  if (!info.partial_json) return ok("binlog_row_value_options", "no partial updates");
  const bool applied = info.row_image != "MINIMAL";
  if (applied) return ok("binlog_row_value_options", "PARTIAL_JSON");
  return {"binlog_row_value_options", Level::kWarning, "PARTIAL_JSON",
          "with binlog_row_image = MINIMAL there is no document that a partial update could be "
          "applied to; such values come out as unavailable",
          set_global(info, "binlog_row_image", "FULL")};
}

Finding check_engine(const ServerInfo& info) {
  return ok("binlog_storage_engine", info.binlog_engine + ": positions are GTIDs alone");
}

std::string account_of(Connection& connection) {
  const auto user = connection.scalar("SELECT CURRENT_USER()");
  const std::string text = user.has_value() ? user->value_or("") : std::string();
  const size_t at = text.rfind('@');
  if (at == std::string::npos) return "this user";
  return connection.quote(text.substr(0, at)) + "@" + connection.quote(text.substr(at + 1));
}

// Tried rather than read from SHOW GRANTS: roles, wildcards and managed services hide there.
Finding check_replication(Connection& connection, const std::string& account) {
  const std::string remedy =
      fmt::format("GRANT {} ON *.* TO {};", streaming_privileges(connection.is_mariadb()), account);
  const auto refused = [&](const Error& error) {
    return Finding{"grant_replication", Level::kError, error.message,
                   "without it the server does not send its binlog", remedy};
  };
  auto second = Connection::open(connection.endpoint());
  if (!second.has_value()) return refused(second.error());
  auto id = choose_server_id(*second);
  if (!id.has_value()) return refused(id.error());
  const Status registered = try_to_register(std::move(*second), *id);
  if (!registered.has_value()) return refused(registered.error());
  return ok("grant_replication", "REPLICATION SLAVE");
}

Finding check_monitor(Connection& connection, const ServerInfo& info, const std::string& account) {
  const char* privilege = info.is_mariadb() ? "BINLOG MONITOR" : "REPLICATION CLIENT";
  const auto logs = list_binary_logs(connection);
  if (logs.has_value()) return ok("grant_monitor", privilege);
  return {"grant_monitor", Level::kError, logs.error().message,
          "without it the start of a stream and its lag cannot be told",
          fmt::format("GRANT {} ON *.* TO {};", streaming_privileges(info.is_mariadb()), account)};
}

// Databases that the server leaves out of its binlog.
Finding check_filters(const BinlogStatus& status) {
  if (status.do_databases.empty() && status.ignore_databases.empty())
    return ok("binlog_filters", "none");
  const bool only = !status.do_databases.empty();
  return {
      "binlog_filters", Level::kWarning,
      only ? "binlog_do_db = " + status.do_databases
           : "binlog_ignore_db = " + status.ignore_databases,
      "changes of the databases left out are not in the binlog, and so never in the stream",
      "-- remove binlog_do_db and binlog_ignore_db from the server's configuration and restart it"};
}

// A replica that does not log what it applies has an all but empty binlog.
Finding check_replica(Connection& connection, const ServerInfo& info) {
  if (info.logs_replicated) return ok("log_replica_updates", "ON");
  const bool renamed = !info.is_mariadb() && info.version >= Version{8, 0, 22};
  const char* name = !info.is_mariadb() && info.version >= Version{8, 0, 26} ? "log_replica_updates"
                                                                             : "log_slave_updates";
  auto upstream = connection.query(renamed ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS");
  const bool is_replica = upstream.has_value() && upstream->count() > 0;
  if (!is_replica) return ok("log_replica_updates", "OFF, and this server is no replica");
  return {"log_replica_updates", Level::kError, "OFF",
          "this server is a replica, and what it replicates is not in its own binlog",
          in_configuration(info, fmt::format("{} = ON;", name)) + ", or stream from its source"};
}

}  // namespace

std::string_view to_string(Finding::Level level) {
  switch (level) {
    case Level::kOk:
      return "ok";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

std::vector<Finding> check_settings(const ServerInfo& info, const PreflightOptions& options) {
  std::vector<Finding> findings = {check_version(info), check_log_bin(info)};
  if (!info.log_bin) return findings;
  for (const auto& check : {check_server_id, check_format, check_row_image, check_row_metadata,
                            check_checksum, check_gtid, check_partial_json, check_sync_binlog}) {
    findings.push_back(check(info));
  }
  if (info.gtid_only()) findings.push_back(check_engine(info));
  findings.push_back(check_retention(info, options));
  return findings;
}

Result<std::vector<Finding>> check_server(Connection& connection, const PreflightOptions& options) {
  TW_ASSIGN(const ServerInfo info, read_server_info(connection));
  std::vector<Finding> findings = check_settings(info, options);
  const std::string account = account_of(connection);
  if (info.log_bin) {
    findings.push_back(check_replication(connection, account));
    findings.push_back(check_monitor(connection, info, account));
    findings.push_back(check_replica(connection, info));
    if (const auto status = read_binlog_status(connection); status.has_value()) {
      findings.push_back(check_filters(*status));
    }
  }
  TW_ASSIGN(auto around, check_surroundings(connection, info, options));
  TW_ASSIGN(auto tables, check_tables(connection, info, options, account));
  for (std::vector<Finding>* more : {&around, &tables}) {
    findings.insert(findings.end(), std::make_move_iterator(more->begin()),
                    std::make_move_iterator(more->end()));
  }
  return findings;
}

}  // namespace tailwater::mysql
