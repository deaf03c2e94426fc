#include "source/mysql/failover.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/log_line.h"
#include "base/text.h"
#include "db/mysql/replica_role.h"
#include "source/mysql/binlog/gtid_set.h"
#include "source/mysql/capture.h"
#include "source/mysql/errant.h"

namespace tailwater::mysql {
namespace {

constexpr const char* kTakeAnew =
    "point the source at a server that has all of it; else take the data anew: an empty data "
    "folder, "
    "or where changes were purged snapshot = when_needed";

// Lists longer than this are cut in messages.
constexpr size_t kListBytesMax = 2000;

std::string cut_long(std::string list) {
  if (list.size() <= kListBytesMax) return list;
  list.resize(kListBytesMax);
  list += "…";
  return list;
}

std::string name_of(const Connection& connection) {
  return connection.endpoint().describe();
}

// Of ours, those that the server never ran.
Result<std::string> lacking_mysql(Connection& connection, const Position& position) {
  TW_ASSIGN(const MysqlGtidSet ours, MysqlGtidSet::parse(position.gtids));
  TW_ASSIGN(const auto text, connection.variable("global.gtid_executed"));
  TW_ASSIGN(const MysqlGtidSet executed, MysqlGtidSet::parse(text.value_or("")));
  return ours.without(executed).describe();
}

// The same by MariaDB's last GTID of each server in each domain.
Result<std::string> lacking_mariadb(Connection& connection, const Position& position) {
  TW_ASSIGN(const MariadbGtidList ours, MariadbGtidList::parse(position.gtids));
  TW_ASSIGN(const auto value, connection.variable("global.gtid_binlog_state"));
  const std::string text = value.value_or("");
  std::vector<MariadbGtid> state;
  for (const std::string_view part : split(text, ',')) {
    if (trim(part).empty()) continue;
    TW_ASSIGN(const MariadbGtid gtid, parse_mariadb_gtid(part));
    state.push_back(gtid);
  }
  std::string lacking;
  for (const auto& [domain, gtid] : ours.domains()) {
    const bool has = std::ranges::any_of(state, [&gtid = gtid](const MariadbGtid& each) {
      return each.domain == gtid.domain && each.server_id == gtid.server_id &&
             each.sequence >= gtid.sequence;
    });
    if (!has) lacking += (lacking.empty() ? "" : ",") + gtid.describe();
  }
  return lacking;
}

Status check_purged_mysql(Connection& connection, const Position& position) {
  TW_ASSIGN(const MysqlGtidSet ours, MysqlGtidSet::parse(position.gtids));
  TW_ASSIGN(const std::string text, read_gtid_purged(connection));
  TW_ASSIGN(const MysqlGtidSet purged, MysqlGtidSet::parse(text));
  const MysqlGtidSet gone = purged.without(ours);
  if (gone.empty()) return {};
  return fail(Error{ErrorKind::kResync,
                    fmt::format("{} has purged transactions that were not read yet: {}",
                                name_of(connection), cut_long(gone.describe())),
                    ours.describe(), kTakeAnew});
}

// What was before the oldest binlog's head must have been read, domain by domain.
Status check_purged_mariadb(Connection& connection, const Position& position) {
  TW_ASSIGN(const MariadbGtidList ours, MariadbGtidList::parse(position.gtids));
  TW_ASSIGN(const auto logs, list_binary_logs(connection));
  if (logs.empty()) return {};
  TW_ASSIGN(const auto head, binlog_gtid_pos(connection, {logs.front().name, kBinlogHeadPos}));
  TW_ASSIGN(const MariadbGtidList before, MariadbGtidList::parse(head.value_or("")));
  std::string gone;
  for (const auto& [domain, last] : before.domains()) {
    const auto at = ours.domains().find(domain);
    if (at != ours.domains().end() && at->second.sequence >= last.sequence) continue;
    const std::string from = at == ours.domains().end()
                                 ? fmt::format("the first of domain {}", domain)
                                 : "after " + at->second.describe();
    gone += fmt::format("{}{} up to {}", gone.empty() ? "" : ", ", from, last.describe());
  }
  if (gone.empty()) return {};
  return fail(Error{ErrorKind::kResync,
                    fmt::format("{} has purged transactions that were not read yet: {}",
                                name_of(connection), cut_long(gone)),
                    ours.describe(), kTakeAnew});
}

Status check_errant(Connection& connection, const ServerInfo& info, const Position& position,
                    const FailoverRules& rules) {
  TW_ASSIGN(const ErrantTransactions errant, find_errant(connection, info, position));
  if (errant.names.empty()) return {};
  const std::string what = fmt::format(
      "{} has errant transactions, which it committed itself while it took its changes from the "
      "history that was read here, and which that history does not have: {}",
      name_of(connection), cut_long(errant.names));
  if (rules.accept_errant) {
    log_lines().warn("{}; going on, as on_errant says", what);
    return {};
  }
  return fail(Error{ErrorKind::kResync, what, position.gtids, errant.remedy});
}

Status check_logs_replicated(Connection& connection, const ServerInfo& info) {
  if (info.logs_replicated) return {};
  TW_ASSIGN(const ReplicaRole role, read_replica_role(connection));
  if (role == ReplicaRole::kPrimary) return {};
  return fail(ErrorKind::kUserFix,
              fmt::format("{} is a replica whose binlog lacks what it replicates "
                          "(log_replica_updates, log_slave_updates)",
                          name_of(connection)),
              "set log_replica_updates = ON (MariaDB: log_slave_updates) in its configuration "
              "and restart it, or read from another server");
}

}  // namespace

Status check_has_all(Connection& connection, const ServerInfo& info, const Position& position,
                     const FailoverRules& rules) {
  const bool same = position.server == info.identity && !info.identity.empty();
  if (!same) TW_TRY(check_logs_replicated(connection, info));
  TW_ASSIGN(std::string lacking, info.is_mariadb() ? lacking_mariadb(connection, position)
                                                   : lacking_mysql(connection, position));
  if (lacking.empty()) return {};
  lacking = cut_long(std::move(lacking));
  TW_ASSIGN(const ReplicaRole role, read_replica_role(connection));
  if (role == ReplicaRole::kReplica) {
    return fail(Error{ErrorKind::kRetry,
                      fmt::format("{} is a replica that does not have all yet that was read; it "
                                  "lacks {}",
                                  name_of(connection), lacking),
                      position.describe(),
                      "the stream goes on when it has caught up; is its replication running?"});
  }
  if (role == ReplicaRole::kUnknown && rules.patient) {
    return fail(Error{
        ErrorKind::kRetry,
        fmt::format("{} lacks transactions that were read: {}", name_of(connection), lacking),
        position.describe(), "if they do not come soon, the server is refused (failover_timeout)"});
  }
  return fail(Error{
      ErrorKind::kResync,
      fmt::format("{} lacks transactions that were read, and is no replica that could get them{}: "
                  "{}",
                  name_of(connection),
                  same ? "" : " (another server, or one that was promoted without them)", lacking),
      position.describe(), kTakeAnew});
}

Status check_other_server(Connection& connection, const ServerInfo& info, const Position& position,
                          const FailoverRules& rules) {
  TW_TRY(check_errant(connection, info, position, rules));
  return check_not_purged(connection, info, position);
}

Status check_not_purged(Connection& connection, const ServerInfo& info, const Position& position) {
  if (info.gtid_only()) return {};  // it has no files to ask about; the stream's start tells
  return info.is_mariadb() ? check_purged_mariadb(connection, position)
                           : check_purged_mysql(connection, position);
}

Result<bool> is_only_purged(Connection& connection, const ServerInfo& info,
                            const Position& position, const FailoverRules& rules) {
  const bool same = position.server == info.identity && !info.identity.empty();
  const bool same_kind = (position.kind == SourceKind::kMariadb) == info.is_mariadb();
  if (!same_kind || (!same && position.gtids.empty())) return false;
  if (position.gtids.empty() || !info.has_gtids()) {
    if (!same) return false;
    TW_ASSIGN(const auto logs, list_binary_logs(connection));
    return !logs.empty() && compare_binlog(position.binlog, {logs.front().name, 0}) < 0;
  }
  const auto refused = [](const Status& status) {
    return !status.has_value() && status.error().kind == ErrorKind::kResync;
  };
  const Status has_all = check_has_all(connection, info, position, rules);
  if (refused(has_all)) return false;
  TW_TRY(has_all);
  if (!same) {
    const Status errant = check_errant(connection, info, position, rules);
    if (refused(errant)) return false;
    TW_TRY(errant);
  }
  const Status there = check_not_purged(connection, info, position);
  if (refused(there)) return true;
  TW_TRY(there);
  return false;
}

}  // namespace tailwater::mysql
