#include "pipeline/given_position.h"

#include "base/text.h"
#include "source/mysql/binlog/gtid_set.h"

namespace tailwater::pipeline {
namespace {

// The last GTID of each domain.
Status add_mariadb_gtids(Position& position, const std::vector<std::string_view>& gtids) {
  TW_ASSIGN(mysql::MariadbGtidList list, mysql::MariadbGtidList::parse(position.gtids));
  for (const std::string_view gtid : gtids) {
    TW_ASSIGN(const mysql::MariadbGtid parsed, mysql::parse_mariadb_gtid(gtid));
    list.set(parsed);
  }
  position.gtids = list.describe();
  return {};
}

Status add_mysql_gtids(Position& position, const std::vector<std::string_view>& gtids) {
  TW_ASSIGN(mysql::MysqlGtidSet set, mysql::MysqlGtidSet::parse(position.gtids));
  for (const std::string_view gtid : gtids) {
    TW_ASSIGN(const mysql::MysqlGtidSet one, mysql::MysqlGtidSet::parse(gtid));
    set.add(one);
  }
  position.gtids = set.describe();
  return {};
}

}  // namespace

void GivenPosition::look(const changelog::Reader& reader) {
  const auto stored = reader.stored_position();
  if (stored.number == number_) [[likely]]
    return;
  number_ = stored.number;
  stored_.truncate(0);
  stored_.append(stored.encoded);
  gtids_.clear();
  moved_ = false;
}

void GivenPosition::note(const TransactionInfo& transaction) {
  if (!transaction.gtid.empty()) {
    gtids_ += transaction.gtid;
    gtids_ += '\n';
  }
  if (place_.file != transaction.file) place_.file = transaction.file;
  place_.pos = transaction.end_pos;
  moved_ = true;
}

Result<Position> GivenPosition::position(SourceKind kind, const std::string& server) const {
  Position position{kind, server, {}, {}};
  const bool known = !stored_.empty();
  if (known) {
    TW_ASSIGN(position, decode_position(stored_.view()));
  }
  if (moved_) position.binlog = place_;
  if (position.binlog.file.empty() && position.gtids.empty() && gtids_.empty()) {
    return fail(ErrorKind::kNotFound, "the stream has no position yet",
                "ask when a change was given");
  }
  if (!known || gtids_.empty()) return position;
  std::vector<std::string_view> gtids = split(gtids_, '\n');
  gtids.pop_back();
  if (position.kind == SourceKind::kMariadb) {
    TW_TRY(add_mariadb_gtids(position, gtids));
  } else {
    TW_TRY(add_mysql_gtids(position, gtids));
  }
  return position;
}

}  // namespace tailwater::pipeline
