#include "db/mysql/replica_role.h"

namespace tailwater::mysql {
namespace {

constexpr Version kReplicaStatusSince = {8, 0, 22};

// Which of two columns there is: the newer servers renamed it.
std::string either(const Rows& rows, std::string_view name, std::string_view old_name) {
  auto column = rows.find(name);
  if (!column) column = rows.find(old_name);
  return column ? rows.text(*column) : std::string();
}

}  // namespace

Result<ReplicaRole> read_replica_role(Connection& connection) {
  TW_ASSIGN(const auto read_only, connection.variable("global.read_only"));
  if (read_only && *read_only != "0" && *read_only != "OFF") return ReplicaRole::kReplica;
  if (!connection.is_mariadb()) {
    TW_ASSIGN(const auto group, connection.variable("global.group_replication_group_name"));
    if (group && !group->empty()) return ReplicaRole::kReplica;
  }
  const bool renamed = connection.version() >= kReplicaStatusSince;
  auto channels = connection.query(connection.is_mariadb() ? "SHOW ALL SLAVES STATUS"
                                   : renamed               ? "SHOW REPLICA STATUS"
                                                           : "SHOW SLAVE STATUS");
  if (!channels.has_value()) {
    if (channels.error().kind == ErrorKind::kRetry) return fail(std::move(channels).error());
    return ReplicaRole::kUnknown;
  }
  bool set_up = false;
  for (;;) {
    TW_ASSIGN(const bool more, channels->next());
    if (!more) return set_up ? ReplicaRole::kUnknown : ReplicaRole::kPrimary;
    set_up = true;
    const std::string receives = either(*channels, "Replica_IO_Running", "Slave_IO_Running");
    const std::string applies = either(*channels, "Replica_SQL_Running", "Slave_SQL_Running");
    if (receives == "Yes" || receives == "Connecting" || applies == "Yes") {
      return ReplicaRole::kReplica;
    }
  }
}

}  // namespace tailwater::mysql
