// StatementInBinlog: a statement that may change schemas, and where it stands.
#pragma once

#include <string>
#include <string_view>

#include "model/position.h"
#include "source/mysql/ddl/sql_dialect.h"

namespace tailwater::mysql {

/// Where a statement stands in a binlog.
struct StatementPlace {
  std::string gtid;      ///< of its transaction; empty where the server gave none
  std::string server;    ///< that the binlog was read from, as in Position
  BinlogPosition after;  ///< where its event ends; without a file where the server tells no places
};

/// A statement of the binlog that may change schemas.
struct StatementInBinlog {
  std::string_view text;  ///< UTF-8
  DdlSession session;
  StatementPlace place;
};

}  // namespace tailwater::mysql
