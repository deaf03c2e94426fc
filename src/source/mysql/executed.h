// Executed: how far a stream has come, in files and in GTIDs.
#pragma once

#include <deque>
#include <mutex>
#include <optional>

#include "model/position.h"
#include "source/mysql/binlog/gtid_set.h"

namespace tailwater::mysql {

/// The place after the last whole transaction. One thread moves it, and may read all of it; any
/// thread may ask for `position`, and gets file and GTIDs that belong together.
class Executed {
 public:
  /// Starts anew. An error, and nothing changed, when the GTIDs cannot be read.
  Status start(const Position& position);
  /// As the binlog's own head says.
  void set_kind(SourceKind kind);
  void move_to(const std::string& file, uint64_t pos);
  /// A transaction with this GTID ended there.
  void commit(const std::string& file, uint64_t pos, const std::optional<MysqlGtid>& mysql_gtid,
              const std::optional<MariadbGtid>& mariadb_gtid);
  /// What a file says was executed before it.
  void set_gtids(MysqlGtidSet gtids);
  void add_gtids(const std::vector<MariadbGtid>& gtids);

  /// An XA COMMIT of this id was read. MariaDB has it in the binlog before it can be seen.
  void note_xa_commit(const std::string& id);
  /// The ids noted in the last seconds. Only for the stream's thread, or while the stream stands.
  [[nodiscard]] const std::deque<std::pair<int64_t, std::string>>& xa_commits() const {
    return xa_commits_;
  }

  [[nodiscard]] Position position() const;

  [[nodiscard]] const BinlogPosition& binlog() const { return binlog_; }
  [[nodiscard]] const MysqlGtidSet& mysql_gtids() const { return mysql_; }
  [[nodiscard]] const MariadbGtidList& mariadb_gtids() const { return mariadb_; }

 private:
  mutable std::mutex mutex_;
  SourceKind kind_ = SourceKind::kMysql;
  std::string server_;
  BinlogPosition binlog_;
  MysqlGtidSet mysql_;
  MariadbGtidList mariadb_;
  bool has_gtids_ = false;
  std::deque<std::pair<int64_t, std::string>> xa_commits_;  ///< when (steady clock), and which
};

}  // namespace tailwater::mysql
