#include "db/mysql/preflight_surroundings.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace tailwater::mysql {
namespace {

using Level = Finding::Level;

constexpr Version kShowReplicasSince = {8, 0, 22};

std::string variable(Connection& connection, const char* name) {
  return connection.variable(fmt::format("global.{}", name)).value_or(std::nullopt).value_or("");
}

// Times of the binlog do not depend on any of this; it is told because people look for it.
Finding check_time_zone(Connection& connection) {
  const std::string zone = variable(connection, "time_zone");
  const std::string system = variable(connection, "system_time_zone");
  // With the zones' tables loaded a name works; they need no right of ours.
  const auto named = connection.scalar("SELECT CONVERT_TZ('2024-01-01', 'UTC', 'UTC')");
  const bool loaded = named.has_value() && named->has_value();
  return {"time_zone", Level::kOk,
          fmt::format("{}{}, named zones {}; TIMESTAMP is read as UTC, DATETIME as it stands", zone,
                      zone == "SYSTEM" ? " (" + system + ")" : "",
                      loaded ? "loaded" : "not loaded, and not needed")};
}

// Who replicates under the id that we are told to use; nothing when this user may not see that.
std::optional<std::vector<std::string>> replicas_with(Connection& connection, uint32_t id) {
  const bool renamed = !connection.is_mariadb() && connection.version() >= kShowReplicasSince;
  auto rows = connection.query(renamed ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS");
  if (!rows.has_value()) return std::nullopt;
  std::vector<std::string> hosts;
  while (rows->next().value_or(false)) {
    if (rows->number(0) == id) hosts.push_back(rows->text(1));
  }
  return hosts;
}

Result<Finding> check_server_id_clash(Connection& connection, const ServerInfo& info,
                                      uint32_t ours) {
  const std::string remedy = "set replica_server_id = 0 (a free one is chosen), or another number";
  if (ours == 0) return Finding{"replica_server_id", Level::kOk, "a free one is chosen"};
  if (ours == info.server_id) {
    return Finding{"replica_server_id", Level::kError, fmt::format("{}, the server's own", ours),
                   "the server takes a replica of its own id for itself", remedy};
  }
  const auto others = replicas_with(connection, ours);
  if (!others) {
    return Finding{
        "replica_server_id", Level::kOk,
        fmt::format("{}; this user may not see those of other replicas ({})", ours,
                    info.is_mariadb() ? "REPLICATION MASTER ADMIN" : "REPLICATION SLAVE")};
  }
  if (others->empty()) return Finding{"replica_server_id", Level::kOk, std::to_string(ours)};
  const std::string& other = others->front();
  const bool tailwater = other.starts_with("tailwater@");
  return Finding{"replica_server_id", tailwater ? Level::kWarning : Level::kError,
                 fmt::format("{}, which replica {} has too", ours, other),
                 tailwater ? "fine when it is this very source, which runs now; another one and "
                             "this would end each other's connection again and again"
                           : "the two would end each other's connection again and again",
                 remedy};
}

std::string hex_literal(std::string_view bytes) {
  return "X'" + to_hex(as_bytes(bytes)) + "'";
}

// The rows of a prepared transaction stand in the binlog where it was prepared.
Finding check_xa(Connection& connection) {
  auto rows = connection.query("XA RECOVER");
  if (!rows.has_value()) {
    return {"xa_transactions", Level::kOk, "this user may not see them (XA_RECOVER_ADMIN)"};
  }
  size_t count = 0;
  std::string remedy;
  while (rows->next().value_or(false)) {
    const std::string data = rows->text(3);
    const size_t gtrid = std::min<size_t>(rows->number(1), data.size());
    const std::string xid = fmt::format("{},{},{}", hex_literal(data.substr(0, gtrid)),
                                        hex_literal(data.substr(gtrid)), rows->number(0));
    remedy +=
        fmt::format("{}XA ROLLBACK {};  -- or XA COMMIT {};", count++ == 0 ? "" : "\n", xid, xid);
  }
  if (count == 0) return {"xa_transactions", Level::kOk, "none is prepared"};
  return {"xa_transactions", Level::kWarning, fmt::format("{} prepared", count),
          "a stream that starts now does not see the rows of a transaction that is prepared and "
          "committed later: they are in the binlog before its start",
          remedy};
}

// What needs nothing, so that nobody turns it off for us.
void add_fine(Connection& connection, const ServerInfo& info, std::vector<Finding>& findings) {
  const auto add = [&](const char* name, const char* why) {
    const std::string value = variable(connection, name);
    if (!value.empty()) findings.push_back({name, Level::kOk, fmt::format("{}: {}", value, why)});
  };
  if (info.is_mariadb()) {
    add("log_bin_compress", "compressed events are read");
    add("encrypt_binlog", "the server decrypts what it sends");
    add("binlog_legacy_event_pos", "places are counted where events lack them");
  } else {
    add("binlog_transaction_compression", "compressed transactions are read");
    add("binlog_encryption", "the server decrypts what it sends");
  }
  add("net_write_timeout", "a stream sets its own, an hour");
}

}  // namespace

Result<std::vector<Finding>> check_surroundings(Connection& connection, const ServerInfo& info,
                                                const PreflightOptions& options) {
  std::vector<Finding> findings;
  TW_ASSIGN(Finding id, check_server_id_clash(connection, info, options.replica_server_id));
  findings.push_back(std::move(id));
  findings.push_back(check_xa(connection));
  findings.push_back(check_time_zone(connection));
  add_fine(connection, info, findings);
  return findings;
}

}  // namespace tailwater::mysql
