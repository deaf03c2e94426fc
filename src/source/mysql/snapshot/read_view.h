// ReadView: a transaction at the server that sees one moment of the data, and where in the binlog
// that moment is. Without a lock where the server can tell: MariaDB says it of each consistent
// snapshot, MySQL names the GTIDs that are committed. MySQL without GTIDs cannot: there the table
// is locked against writers for the milliseconds in which the view is opened.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "db/mysql/catalog.h"
#include "db/mysql/server_info.h"
#include "db/mysql/session.h"
#include "source/mysql/snapshot/visibility.h"

namespace tailwater::mysql {

/// What a session needs before it reads tables: raw texts, UTC, no time limits.
std::vector<std::string> reading_session_setup(const ServerInfo& info);

/// Opens views, for one reader. Not thread-safe.
class ViewOpener {
 public:
  ViewOpener(Endpoint endpoint, ServerInfo info)
      : endpoint_(std::move(endpoint)), info_(std::move(info)) {}

  /// Starts a transaction in `session` that sees all that `stream`, which must stand still, has
  /// read. Ends a transaction that is open. kRetry when the view would be too far ahead of the
  /// stream, or a lock is not to be had soon.
  /// `exact`: also with MySQL's GTIDs, by a lock.
  Result<Visibility> open(Session& session, const Executed& stream, const TableName& table,
                          bool exact, const std::stop_token& stop);

 private:
  Result<std::optional<Visibility>> try_mariadb(Session& session, const Executed& stream,
                                                const std::stop_token& stop);
  Result<std::optional<Visibility>> try_gtids(Session& session, const Executed& stream,
                                              const std::stop_token& stop);
  Result<Visibility> open_locked(Session& session, const TableName& table,
                                 const std::stop_token& stop);
  Result<bool> ends_xa(Session& session, const Executed& stream, const std::stop_token& stop);
  Result<BinlogPosition> binlog_end(Session& session, const std::stop_token& stop);

  Endpoint endpoint_;
  ServerInfo info_;
  std::optional<Session> locker_;
};

}  // namespace tailwater::mysql
