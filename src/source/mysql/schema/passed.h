// Passed: what lies before a position, be it told by GTIDs or by binlog file and byte.
#pragma once

#include <string>

#include "base/result.h"
#include "model/position.h"
#include "source/mysql/binlog/gtid_set.h"
#include "source/mysql/schema/statement_in_binlog.h"

namespace tailwater::mysql {

/// Answers for one position. GTIDs decide where both sides have them; else the places of one and
/// the same server are compared. What cannot be compared is not passed.
class Passed {
 public:
  /// kCorrupt or kUserFix when the position's GTIDs cannot be read.
  static Result<Passed> make(const Position& position);

  /// Whether all before `earlier` lies before this position too.
  [[nodiscard]] bool passed(const Position& earlier) const;
  [[nodiscard]] bool passed(const StatementPlace& statement) const;

 private:
  [[nodiscard]] bool passed_place(const std::string& server, const BinlogPosition& place) const;
  [[nodiscard]] bool passed_gtids(std::string_view gtids) const;

  Position position_;
  MysqlGtidSet mysql_;
  MariadbGtidList mariadb_;
};

}  // namespace tailwater::mysql
