#include "source/mysql/schema/passed.h"

#include "source/mysql/binlog_order.h"

namespace tailwater::mysql {

Result<Passed> Passed::make(const Position& position) {
  Passed passed;
  passed.position_ = position;
  if (position.kind == SourceKind::kMariadb) {
    TW_ASSIGN(passed.mariadb_, MariadbGtidList::parse(position.gtids));
  } else {
    TW_ASSIGN(passed.mysql_, MysqlGtidSet::parse(position.gtids));
  }
  return passed;
}

bool Passed::passed(const Position& earlier) const {
  if (earlier.kind != position_.kind) return false;
  if (!earlier.gtids.empty() && !position_.gtids.empty()) return passed_gtids(earlier.gtids);
  return passed_place(earlier.server, earlier.binlog);
}

bool Passed::passed(const StatementPlace& statement) const {
  if (!statement.gtid.empty() && !position_.gtids.empty()) return passed_gtids(statement.gtid);
  return passed_place(statement.server, statement.after);
}

bool Passed::passed_gtids(std::string_view gtids) const {
  if (position_.kind != SourceKind::kMariadb) {
    const auto set = MysqlGtidSet::parse(gtids);
    return set.has_value() && set->is_subset_of(mysql_);
  }
  const auto list = MariadbGtidList::parse(gtids);
  if (!list.has_value()) return false;
  for (const auto& [domain, gtid] : list->domains()) {
    const auto at = mariadb_.domains().find(domain);
    if (at == mariadb_.domains().end() || at->second.sequence < gtid.sequence) return false;
  }
  return true;
}

bool Passed::passed_place(const std::string& server, const BinlogPosition& place) const {
  if (place.file.empty() || position_.binlog.file.empty()) return false;
  if (server != position_.server) return false;
  return compare_binlog(position_.binlog, place) >= 0;
}

}  // namespace tailwater::mysql
