#include "db/mysql/server_info.h"

#include <charconv>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "db/mysql/server_error.h"

namespace tailwater::mysql {
namespace {

constexpr Version kBinaryLogStatusSince = {8, 2,
                                           0};  // SHOW BINARY LOG STATUS; 8.4 drops the old name
constexpr uint64_t kSecondsPerDay = 86400;

constexpr std::string_view kVariables =
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_id', 'server_uuid', 'server_uid', "
    "'hostname', "
    "'port', 'log_bin', 'binlog_format', 'binlog_row_image', 'binlog_row_metadata', "
    "'binlog_checksum', "
    "'gtid_mode', 'gtid_strict_mode', 'binlog_row_value_options', "
    "'binlog_transaction_compression', "
    "'log_bin_compress', 'log_slave_updates', 'log_replica_updates', 'sync_binlog', "
    "'binlog_expire_logs_seconds', 'expire_logs_days', 'max_allowed_packet', "
    "'lower_case_table_names', "
    "'time_zone', 'system_time_zone')";

class Variables {
 public:
  static Result<Variables> read(Connection& connection) {
    Variables variables;
    TW_ASSIGN(Rows rows, connection.query(kVariables));
    for (;;) {
      TW_ASSIGN(const bool more, rows.next());
      if (!more) return variables;
      variables.values_[to_lower(rows.text(0))] = rows.text(1);
    }
  }
  [[nodiscard]] std::string text(const char* name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string() : found->second;
  }
  [[nodiscard]] bool has(const char* name) const { return values_.contains(name); }
  [[nodiscard]] bool on(const char* name) const {
    const std::string value = text(name);
    return value == "ON" || value == "1";
  }
  // A fraction (MariaDB's expire_logs_days) is cut off by the caller's unit.
  [[nodiscard]] double number(const char* name) const {
    const std::string value = text(name);
    double number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
  }

 private:
  std::map<std::string, std::string> values_;
};

uint64_t expire_seconds(const Variables& variables) {
  const auto seconds = static_cast<uint64_t>(variables.number("binlog_expire_logs_seconds"));
  if (seconds != 0) return seconds;
  return static_cast<uint64_t>(variables.number("expire_logs_days") * kSecondsPerDay);
}

// The error of a statement that needs to see the binlog's state.
tl::unexpected<Error> may_not_see(Error error, const Connection& connection) {
  if (error.kind == ErrorKind::kUserFix) {
    error.hint = grant_hint(connection.endpoint(), streaming_privileges(connection.is_mariadb()));
  }
  return fail(std::move(error));
}

tl::unexpected<Error> binlog_is_off(const Connection& connection) {
  return fail(
      ErrorKind::kUserFix,
      fmt::format("{}: the server writes no binlog", connection.endpoint().describe()),
      connection.is_mariadb()
          ? "set log_bin=ON, binlog_format=ROW and a server_id in its configuration and restart it"
          : "remove skip-log-bin (or set log_bin) in its configuration and restart it");
}

}  // namespace

std::string ServerInfo::describe() const {
  return fmt::format("{} {}", to_string(flavor), version.describe());
}

Result<ServerInfo> read_server_info(Connection& connection) {
  TW_ASSIGN(const Variables variables, Variables::read(connection));
  ServerInfo info;
  info.flavor = connection.flavor();
  info.version = connection.version();
  info.version_text = connection.version_text();
  info.server_id = static_cast<uint32_t>(variables.number("server_id"));
  info.identity = variables.text(connection.is_mariadb() ? "server_uid" : "server_uuid");
  info.hostname = variables.text("hostname");
  info.port = static_cast<uint16_t>(variables.number("port"));
  info.log_bin = variables.on("log_bin");
  info.binlog_format = variables.text("binlog_format");
  info.row_image = variables.text("binlog_row_image");
  info.row_metadata = variables.text("binlog_row_metadata");
  info.checksum = variables.text("binlog_checksum");
  info.gtid_mode = variables.text("gtid_mode");
  info.gtid_strict = variables.on("gtid_strict_mode");
  info.partial_json =
      variables.text("binlog_row_value_options").find("PARTIAL_JSON") != std::string::npos;
  info.compressed =
      variables.on("binlog_transaction_compression") || variables.on("log_bin_compress");
  info.binlog_engine = variables.text("binlog_storage_engine");
  const bool renamed = variables.has("log_replica_updates");
  info.logs_replicated = variables.on(renamed ? "log_replica_updates" : "log_slave_updates");
  info.sync_binlog = static_cast<uint64_t>(variables.number("sync_binlog"));
  info.expire_s = expire_seconds(variables);
  info.max_allowed_packet = static_cast<uint64_t>(variables.number("max_allowed_packet"));
  info.lower_case_table_names = static_cast<uint32_t>(variables.number("lower_case_table_names"));
  info.time_zone = variables.text("time_zone");
  if (info.time_zone == "SYSTEM") info.time_zone = variables.text("system_time_zone");
  return info;
}

std::string_view binlog_status_statement(const Connection& connection) {
  const bool renamed = !connection.is_mariadb() && connection.version() >= kBinaryLogStatusSince;
  return renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
}

Result<BinlogStatus> read_binlog_status(Connection& connection) {
  auto rows = connection.query(binlog_status_statement(connection));
  if (!rows.has_value()) return may_not_see(std::move(rows).error(), connection);
  TW_ASSIGN(const bool found, rows->next());
  if (!found) return binlog_is_off(connection);
  BinlogStatus status;
  status.end = {rows->text(0), rows->number(1)};
  status.do_databases = rows->text(2);
  status.ignore_databases = rows->text(3);
  if (!connection.is_mariadb()) {
    for (const char c : rows->text(4)) {
      if (c != '\n') status.gtids += c;
    }
    return status;
  }
  // gtid_binlog_pos may be ahead of the row above already; the GTID of that very place is not.
  TW_ASSIGN(const auto gtids, binlog_gtid_pos(connection, status.end));
  status.gtids = gtids.value_or("");
  return status;
}

Result<std::string> read_gtid_binlog_pos(Connection& connection) {
  TW_ASSIGN(const auto gtids, connection.variable("global.gtid_binlog_pos"));
  return gtids.value_or("");
}

Result<std::vector<BinaryLog>> list_binary_logs(Connection& connection) {
  auto rows = connection.query("SHOW BINARY LOGS");
  if (!rows.has_value()) {
    constexpr std::string_view kNoBinaryLogging = "(error 1381";
    if (rows.error().message.find(kNoBinaryLogging) != std::string::npos)
      return binlog_is_off(connection);
    return may_not_see(std::move(rows).error(), connection);
  }
  std::vector<BinaryLog> logs;
  for (;;) {
    TW_ASSIGN(const bool more, rows->next());
    if (!more) return logs;
    logs.push_back({rows->text(0), rows->number(1)});
  }
}

Result<std::string> read_gtid_purged(Connection& connection) {
  if (connection.is_mariadb()) return std::string();
  TW_ASSIGN(const auto purged, connection.variable("global.gtid_purged"));
  std::string text;
  for (const char c : purged.value_or("")) {
    if (c != '\n') text += c;
  }
  return text;
}

Result<std::optional<std::string>> binlog_gtid_pos(Connection& connection,
                                                   const BinlogPosition& position) {
  if (!connection.is_mariadb()) return std::optional<std::string>();
  return connection.scalar(
      fmt::format("SELECT BINLOG_GTID_POS({}, {})", connection.quote(position.file), position.pos));
}

}  // namespace tailwater::mysql
