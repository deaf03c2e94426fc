#include "source/mysql/snapshot/read_view.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "changelog/head.h"
#include "db/mysql/quote.h"
#include "source/mysql/capture.h"
#include "source/mysql/xa_id.h"

namespace tailwater::mysql {
namespace {

constexpr const char* kStartView = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
constexpr int kTries = 200;
constexpr int64_t kPauseUs = 5'000;
// A view that is so much newer than the stream would have to be kept open for long.
constexpr uint64_t kAheadBytesMax = 64 << 20;

Result<BinlogPosition> position_of(const std::string& file, const std::string& digits) {
  const auto pos = parse_number(digits);
  if (file.empty() || !pos) {
    return fail(ErrorKind::kUserFix, "the server does not say where its binlog ends",
                "is the binlog on (log_bin), and may this user see it?");
  }
  return BinlogPosition{file, *pos};
}

Status check_distance(const BinlogPosition& stream, const BinlogPosition& view) {
  const bool near = stream.file == view.file ? view.pos <= stream.pos + kAheadBytesMax
                                             : view.pos <= kAheadBytesMax;
  if (near) return {};
  return fail(ErrorKind::kRetry,
              fmt::format("the stream, at {}, is still far behind the server, at {}",
                          stream.describe(), view.describe()));
}

bool has_all(const MariadbGtidList& list, const MariadbGtidList& of) {
  for (const auto& [domain, gtid] : of.domains()) {
    const auto at = list.domains().find(domain);
    if (at == list.domains().end() || at->second.sequence < gtid.sequence) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> reading_session_setup(const ServerInfo& info) {
  return {"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
          "SET SESSION time_zone = '+00:00', sql_mode = '', net_write_timeout = 3600, "
          "wait_timeout = 86400, lock_wait_timeout = 5, sql_select_limit = DEFAULT",
          info.is_mariadb() ? "SET SESSION max_statement_time = 0"
                            : "SET SESSION max_execution_time = 0",
          "SET character_set_results = NULL"};
}

Result<BinlogPosition> ViewOpener::binlog_end(Session& session, const std::stop_token& stop) {
  TW_ASSIGN(const auto rows, session.query(binlog_status_statement(session.connection()), stop));
  if (rows.empty() || rows[0].size() < 2) return position_of("", "");
  return position_of(rows[0][0].value_or(""), rows[0][1].value_or(""));
}

Result<Visibility> ViewOpener::open(Session& session, const Executed& stream,
                                    const TableName& table, bool exact,
                                    const std::stop_token& stop) {
  if (!info_.has_gtids() || (exact && !info_.is_mariadb()))
    return open_locked(session, table, stop);
  for (int i = 0; i < kTries; ++i) {
    if (i > 0) changelog::sleep_or_stop(stop, kPauseUs);
    TW_ASSIGN(const auto view, info_.is_mariadb() ? try_mariadb(session, stream, stop)
                                                  : try_gtids(session, stream, stop));
    if (view) {
      TW_TRY(check_distance(stream.binlog(), view->end));
      return *view;
    }
  }
  return fail(ErrorKind::kRetry,
              "the server does not show a transaction that its binlog has: a commit hangs",
              "does it wait for a semi-synchronous replica?");
}

// Whether an XA COMMIT that the stream has read is still under way: XA RECOVER lists it until it is
// done. The lists are compared by what they have in common, format and both parts.
Result<bool> ViewOpener::ends_xa(Session& session, const Executed& stream,
                                 const std::stop_token& stop) {
  if (stream.xa_commits().empty()) return false;
  TW_ASSIGN(const auto rows, session.query("XA RECOVER", stop));
  for (const auto& row : rows) {
    const std::string data = row.size() < 4 ? "" : row[3].value_or("");
    TW_ASSIGN(const uint64_t format, parse_number(row[0].value_or("")));
    TW_ASSIGN(const uint64_t gtrid, parse_number(row[1].value_or("")));
    const size_t split = std::min<size_t>(gtrid, data.size());
    TW_ASSIGN(const std::string id,
              xa_id(static_cast<uint32_t>(format), data.substr(0, split), data.substr(split)));
    for (const auto& [when, committed] : stream.xa_commits()) {
      if (committed == id) return true;
    }
  }
  return false;
}

// The position that MariaDB gives is exact: of the last transaction that the snapshot shows. Not so
// of XA COMMIT, which is in the binlog before it can be seen: where there are any, the view is
// placed where the stream stands, and what is behind may be in it and come once more.
Result<std::optional<Visibility>> ViewOpener::try_mariadb(Session& session, const Executed& stream,
                                                          const std::stop_token& stop) {
  TW_ASSIGN(const bool ending, ends_xa(session, stream, stop));
  if (ending) return std::optional<Visibility>();
  TW_TRY(session.execute(kStartView, stop));
  TW_ASSIGN(const auto rows, session.query("SHOW STATUS LIKE 'binlog\\_snapshot\\_%'", stop));
  TW_ASSIGN(const auto xa, session.query("SHOW GLOBAL STATUS LIKE 'Com\\_xa\\_commit'", stop));
  const bool has_xa = xa.empty() || xa[0].size() < 2 || xa[0][1] != "0";
  std::string file;
  std::string pos;
  for (const auto& row : rows) {
    const std::string name = to_lower(row[0].value_or(""));
    if (name == "binlog_snapshot_file") file = row[1].value_or("");
    if (name == "binlog_snapshot_position") pos = row[1].value_or("");
  }
  TW_ASSIGN(BinlogPosition end, position_of(file, pos));
  if (compare_binlog(end, stream.binlog()) >= 0) {
    return Visibility{has_xa ? stream.binlog() : end};
  }
  // The stream may only be past events that belong to no transaction.
  TW_ASSIGN(
      const auto gtids,
      session.scalar(fmt::format("SELECT BINLOG_GTID_POS('{}', {})", end.file, end.pos), stop));
  if (!gtids) return std::optional<Visibility>();
  TW_ASSIGN(const MariadbGtidList shown, MariadbGtidList::parse(*gtids));
  if (!has_all(shown, stream.mariadb_gtids())) return std::optional<Visibility>();
  return Visibility{stream.binlog()};
}

// A transaction is among the executed GTIDs only after it can be seen. The binlog's end, asked for
// once the view is open, is behind all that can be seen.
Result<std::optional<Visibility>> ViewOpener::try_gtids(Session& session, const Executed& stream,
                                                        const std::stop_token& stop) {
  TW_ASSIGN(const auto text, session.scalar("SELECT @@global.gtid_executed", stop));
  TW_ASSIGN(MysqlGtidSet gtids, MysqlGtidSet::parse(text.value_or("")));
  if (!stream.mysql_gtids().is_subset_of(gtids)) return std::optional<Visibility>();
  TW_TRY(session.execute(kStartView, stop));
  TW_ASSIGN(BinlogPosition end, binlog_end(session, stop));
  return Visibility{std::move(end), std::move(gtids)};
}

// While the table is locked against writers, every transaction that wrote to it is committed and
// can be seen, and none that could write to it is in the binlog behind.
Result<Visibility> ViewOpener::open_locked(Session& session, const TableName& table,
                                           const std::stop_token& stop) {
  if (!locker_) {
    TW_ASSIGN(locker_, Session::open(endpoint_, {"SET SESSION lock_wait_timeout = 2"}));
  }
  const std::string name = quote_name(table.database, table.table);
  Status locked = locker_->execute(fmt::format("LOCK TABLES {} READ", name), stop);
  if (!locked.has_value()) {
    Error error = std::move(locked).error();
    if (error.kind == ErrorKind::kUserFix) {
      error.hint = fmt::format(
          "turn on GTIDs (gtid_mode = ON), which needs no lock, or GRANT LOCK TABLES, SELECT ON {} "
          "TO this user",
          name);
    }
    if (locker_->last_error_code() == 0) locker_.reset();
    return fail(std::move(error));
  }
  const auto view = [&]() -> Result<Visibility> {
    TW_TRY(session.execute(kStartView, stop));
    TW_ASSIGN(BinlogPosition end, binlog_end(session, stop));
    return Visibility{std::move(end)};
  }();
  if (!locker_->execute("UNLOCK TABLES", stop).has_value()) locker_.reset();
  return view;
}

}  // namespace tailwater::mysql
