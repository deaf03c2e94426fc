#include "source/mysql/executed.h"

#include "base/clock.h"

namespace tailwater::mysql {

Status Executed::start(const Position& position) {
  MysqlGtidSet mysql;
  MariadbGtidList mariadb;
  if (position.kind == SourceKind::kMariadb) {
    TW_ASSIGN(mariadb, MariadbGtidList::parse(position.gtids));
  } else {
    TW_ASSIGN(mysql, MysqlGtidSet::parse(position.gtids));
  }
  const std::scoped_lock lock(mutex_);
  kind_ = position.kind;
  server_ = position.server;
  binlog_ = position.binlog;
  mysql_ = std::move(mysql);
  mariadb_ = std::move(mariadb);
  has_gtids_ = !position.gtids.empty();
  return {};
}

void Executed::set_kind(SourceKind kind) {
  const std::scoped_lock lock(mutex_);
  kind_ = kind;
}

void Executed::move_to(const std::string& file, uint64_t pos) {
  const std::scoped_lock lock(mutex_);
  if (binlog_.file != file) binlog_.file = file;
  binlog_.pos = pos;
}

void Executed::commit(const std::string& file, uint64_t pos,
                      const std::optional<MysqlGtid>& mysql_gtid,
                      const std::optional<MariadbGtid>& mariadb_gtid) {
  const std::scoped_lock lock(mutex_);
  if (mysql_gtid) mysql_.add(*mysql_gtid);
  if (mariadb_gtid) mariadb_.set(*mariadb_gtid);
  has_gtids_ = has_gtids_ || mysql_gtid || mariadb_gtid;
  if (binlog_.file != file) binlog_.file = file;
  binlog_.pos = pos;
}

void Executed::set_gtids(MysqlGtidSet gtids) {
  const std::scoped_lock lock(mutex_);
  mysql_ = std::move(gtids);
  has_gtids_ = !mysql_.empty();
}

void Executed::add_gtids(const std::vector<MariadbGtid>& gtids) {
  const std::scoped_lock lock(mutex_);
  for (const MariadbGtid& gtid : gtids) mariadb_.set(gtid);
  has_gtids_ = !gtids.empty();
}

void Executed::note_xa_commit(const std::string& id) {
  constexpr int64_t kKeptUs = 10'000'000;
  constexpr size_t kKeptMax = 4096;
  const int64_t now_us = Clock::system().steady_us();
  xa_commits_.emplace_back(now_us, id);
  while (xa_commits_.size() > kKeptMax || xa_commits_.front().first < now_us - kKeptUs) {
    xa_commits_.pop_front();
  }
}

Position Executed::position() const {
  const std::scoped_lock lock(mutex_);
  Position position{kind_, server_, binlog_, {}};
  if (!has_gtids_) return position;
  position.gtids = kind_ == SourceKind::kMariadb ? mariadb_.describe() : mysql_.describe();
  return position;
}

}  // namespace tailwater::mysql
