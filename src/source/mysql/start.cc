#include "source/mysql/start.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log_line.h"
#include "db/mysql/server_id.h"
#include "source/mysql/binlog/event.h"

namespace tailwater::mysql {
namespace {

constexpr uint64_t kFirstEventPos = 4;
constexpr const char* kStartAnew =
    "the changes in between are not on this server; take the data anew: snapshot = when_needed "
    "reads "
    "the tables again, or an empty data folder and --from earliest (or now) start a new changelog";

std::string describe_logs(const std::vector<BinaryLog>& logs) {
  if (logs.empty()) return "the server has no binlogs";
  return fmt::format("the server has {} to {} (ends at byte {})", logs.front().name,
                     logs.back().name, logs.back().bytes);
}

// The file must exist and be long enough.
Status check_file(const std::vector<BinaryLog>& logs, const BinlogPosition& place,
                  const std::string& remedy) {
  const auto log = std::find_if(logs.begin(), logs.end(),
                                [&](const BinaryLog& l) { return l.name == place.file; });
  if (log == logs.end()) {
    return fail(Error{ErrorKind::kResync,
                      fmt::format("the server does not have the binlog {}", place.file),
                      place.describe(), describe_logs(logs) + "; " + remedy});
  }
  if (place.pos > log->bytes) {
    return fail(Error{ErrorKind::kResync,
                      fmt::format("the binlog {} has only {} bytes", place.file, log->bytes),
                      place.describe(), describe_logs(logs) + "; " + remedy});
  }
  return {};
}

tl::unexpected<Error> no_transaction_starts(const BinlogPosition& place) {
  return fail(Error{ErrorKind::kResync, "no transaction starts there", place.describe(),
                    "use a position that the server itself prints, or that a stream gave"});
}

Position make_position(const ServerInfo& info, BinlogPosition binlog, std::string gtids) {
  return {source_kind(info), info.identity, std::move(binlog), std::move(gtids)};
}

ResolvedStart at_file_head(const ServerInfo& info, const std::string& file) {
  const BinlogPosition place{file, kFirstEventPos};
  ResolvedStart start{place, {}};
  start.capture.position = make_position(info, place, "");
  start.capture.gtids_from_file = true;
  return start;
}

// MariaDB's InnoDB binlog: a stream can start after GTIDs, and nowhere else.
ResolvedStart at_gtids_only(const ServerInfo& info, const std::string& gtids) {
  ResolvedStart start{MariadbGtidStart{gtids}, {}};
  start.capture.position = make_position(info, {}, gtids);
  start.capture.gtid_only = true;
  return start;
}

tl::unexpected<Error> no_places(const BinlogPosition& place) {
  return fail(Error{ErrorKind::kUserFix,
                    "this server tells no places in binlog files (binlog_storage_engine)",
                    place.describe(), "use gtid:SET, now, earliest or a time"});
}

Result<ResolvedStart> start_gtid_only(Connection& connection, const ServerInfo& info,
                                      const Bound& from) {
  switch (from.kind) {
    case Bound::Kind::kNow: {
      TW_ASSIGN(const std::string gtids, read_gtid_binlog_pos(connection));
      return at_gtids_only(info, gtids);
    }
    case Bound::Kind::kGtids: {
      TW_ASSIGN(const MariadbGtidList list, MariadbGtidList::parse(from.gtids));
      return at_gtids_only(info, list.describe());
    }
    case Bound::Kind::kBinlog:
      return no_places(from.binlog);
    case Bound::Kind::kPosition:
      return at_gtids_only(info, from.position.gtids);
    case Bound::Kind::kEarliest:
    case Bound::Kind::kTimestamp:
      break;
  }
  // All that there is; the server refuses it when the oldest was purged.
  ResolvedStart start = at_gtids_only(info, "");
  if (from.kind == Bound::Kind::kTimestamp) start.capture.skip_to_us = from.timestamp_us;
  return start;
}

// BINLOG_GTID_POS takes any event for a place to start; a transaction must start there.
Status check_mariadb_boundary(Connection& connection, const BinlogPosition& place) {
  TW_ASSIGN(Rows rows, connection.query(fmt::format("SHOW BINLOG EVENTS IN {} FROM {} LIMIT 1",
                                                    connection.quote(place.file), place.pos)));
  TW_ASSIGN(const bool found, rows.next());
  if (!found) return {};  // the end of the file
  const std::string type = rows.text(2);
  for (const char* between : {"Gtid", "Rotate", "Stop", "Gtid_list", "Binlog_checkpoint"}) {
    if (type == between) return {};
  }
  return no_transaction_starts(place);
}

Result<ResolvedStart> start_at_binlog(Connection& connection, const ServerInfo& info,
                                      BinlogPosition place) {
  place.pos = std::max(place.pos, kFirstEventPos);
  TW_ASSIGN(const auto logs, list_binary_logs(connection));
  TW_TRY(check_file(logs, place, "name a place that it has, or earliest"));
  TW_ASSIGN(const auto gtids, binlog_gtid_pos(connection, place));
  if (gtids && place.pos > kFirstEventPos) {
    TW_TRY(check_mariadb_boundary(connection, place));
    ResolvedStart start{place, {}};
    start.capture.position = make_position(info, place, *gtids);
    return start;
  }
  // MySQL cannot say which GTIDs lie before a place, nor whether a transaction starts there: the
  // file is read from its head.
  ResolvedStart start = at_file_head(info, place.file);
  if (place.pos > kFirstEventPos) start.capture.skip_to_pos = place.pos;
  return start;
}

Status check_purged(Connection& connection, const MysqlGtidSet& ours, const std::string& remedy) {
  TW_ASSIGN(const std::string purged_text, read_gtid_purged(connection));
  TW_ASSIGN(const MysqlGtidSet purged, MysqlGtidSet::parse(purged_text));
  const MysqlGtidSet gone = purged.without(ours);
  if (gone.empty()) return {};
  return fail(Error{ErrorKind::kResync,
                    "the server has purged transactions that were not read yet: " + gone.describe(),
                    ours.describe(), remedy});
}

Result<ResolvedStart> start_after_gtids(Connection& connection, const ServerInfo& info,
                                        const std::string& gtids) {
  if (info.is_mariadb()) {
    TW_ASSIGN(const MariadbGtidList list, MariadbGtidList::parse(gtids));
    ResolvedStart start{MariadbGtidStart{list.describe()}, {}};
    start.capture.position = make_position(info, {}, list.describe());
    return start;
  }
  if (!info.has_gtids()) {
    return fail(ErrorKind::kUserFix,
                fmt::format("GTIDs cannot be used: gtid_mode is {}", info.gtid_mode),
                "start at FILE:POS, or set gtid_mode = ON on the server");
  }
  TW_ASSIGN(const MysqlGtidSet set, MysqlGtidSet::parse(gtids));
  TW_TRY(check_purged(connection, set, "name a later set, or start with --from earliest"));
  ByteBuffer encoded;
  set.encode(encoded);
  ResolvedStart start{MysqlGtidStart{std::string(as_text(encoded.view())), set.describe()}, {}};
  start.capture.position = make_position(info, {}, set.describe());
  return start;
}

// Where MySQL's binlog ends there may be transactions that are not yet among its executed GTIDs, on
// which a restart goes on: with GTIDs the stream starts with those.
Result<ResolvedStart> start_now(Connection& connection, const ServerInfo& info) {
  TW_ASSIGN(const BinlogStatus status, read_binlog_status(connection));
  if (!info.is_mariadb() && info.has_gtids()) {
    TW_ASSIGN(ResolvedStart after, start_after_gtids(connection, info, status.gtids));
    after.capture.position.binlog = status.end;
    return after;
  }
  ResolvedStart start{status.end, {}};
  start.capture.position = make_position(info, status.end, status.gtids);
  return start;
}

// A dump from a file's head that ends at the binlog's end.
Result<DumpStream> open_file(const Endpoint& endpoint, const std::string& file) {
  return DumpStream::open_to_end(endpoint, BinlogPosition{file, kFirstEventPos});
}

// Whether an event of this type can only stand inside a transaction.
bool is_inside_transaction(EventType type) {
  return is_rows(type) || type == EventType::kTableMap || type == EventType::kXid ||
         type == EventType::kRowsQuery || type == EventType::kMariadbAnnotateRows ||
         type == EventType::kTransactionPayload;
}

// Whether a transaction may start at a byte of a file: an event starts there that opens one, or
// that stands between two, or the file ends there.
Status check_boundary(const Endpoint& endpoint, const BinlogPosition& place) {
  TW_ASSIGN(DumpStream dump, open_file(endpoint, place.file));
  uint64_t next_pos = kFirstEventPos;
  for (;;) {
    TW_ASSIGN(const auto event, dump.next({}));
    if (!event) break;
    TW_ASSIGN(const EventHeader header, parse_event_header(*event));
    if (header.next_pos == 0 || (header.flags & kFlagArtificial) != 0) continue;
    const uint64_t start = header.next_pos - header.length;
    if (start == place.pos && !is_inside_transaction(header.type)) return {};
    if (start >= place.pos) break;
    next_pos = header.next_pos;
  }
  if (next_pos == place.pos) return {};
  return no_transaction_starts(place);
}

// When a binlog file was begun: the time of its first event.
Result<int64_t> file_started_us(const Endpoint& endpoint, const std::string& file) {
  TW_ASSIGN(DumpStream dump, open_file(endpoint, file));
  for (;;) {
    TW_ASSIGN(const auto event, dump.next({}));
    if (!event) return fail(ErrorKind::kCorrupt, "the binlog " + file + " has no first event");
    TW_ASSIGN(const EventHeader header, parse_event_header(*event));
    if (header.timestamp_s != 0) return int64_t{header.timestamp_s} * 1'000'000;
  }
}

Result<ResolvedStart> start_at_time(Connection& connection, const ServerInfo& info,
                                    int64_t timestamp_us) {
  TW_ASSIGN(const auto logs, list_binary_logs(connection));
  if (logs.empty()) return fail(ErrorKind::kResync, "the server has no binlogs");
  size_t low = 0;  // the newest file that is known to start at or before the time, or the oldest
  for (size_t high = logs.size(); high - low > 1;) {
    const size_t middle = low + (high - low) / 2;
    TW_ASSIGN(const int64_t started_us, file_started_us(connection.endpoint(), logs[middle].name));
    (started_us <= timestamp_us ? low : high) = middle;
  }
  TW_ASSIGN(const int64_t oldest_us, file_started_us(connection.endpoint(), logs[low].name));
  if (oldest_us > timestamp_us && info.expire_s != 0) {
    log_lines().warn("the oldest binlog, {}, starts after that time: earlier changes may be gone",
                     logs[low].name);
  }
  ResolvedStart start = at_file_head(info, logs[low].name);
  start.capture.skip_to_us = timestamp_us;
  return start;
}

Status refuse_foreign(const Position& position, const std::string& why) {
  return fail(Error{ErrorKind::kResync, "the changelog's position is of another server: " + why,
                    position.describe(),
                    "point the source at the server that the changelog was made from, or give this "
                    "server a data folder of its own"});
}

Result<ResolvedStart> resume_at_file(Connection& connection, const ServerInfo& info,
                                     const Position& position) {
  if (!position.server.empty() && !info.identity.empty() && position.server != info.identity) {
    TW_TRY(refuse_foreign(
        position, fmt::format("it was read from {}, this is {}", position.server, info.identity)));
  }
  TW_ASSIGN(const auto logs, list_binary_logs(connection));
  TW_TRY(check_file(logs, position.binlog, kStartAnew));
  ResolvedStart start{position.binlog, {}};
  start.capture.position = make_position(info, position.binlog, position.gtids);
  start.capture.gtids_from_file = position.gtids.empty() && position.binlog.pos <= kFirstEventPos;
  return start;
}

// `position` has GTIDs.
Status check_gtids(Connection& connection, const ServerInfo& info, const Position& position,
                   const FailoverRules& rules) {
  TW_TRY(check_has_all(connection, info, position, rules));
  if (position.server == info.identity) return check_not_purged(connection, info, position);
  TW_TRY(check_other_server(connection, info, position, rules));
  log_lines().info("{} is another server ({}) than the position is of ({}); going on by GTID",
                   connection.endpoint().describe(), info.identity, position.server);
  return {};
}

Result<ResolvedStart> resume_mysql(Connection& connection, const ServerInfo& info,
                                   const Position& position, const FailoverRules& rules) {
  if (!info.has_gtids() || position.gtids.empty())
    return resume_at_file(connection, info, position);
  TW_TRY(check_gtids(connection, info, position, rules));
  TW_ASSIGN(ResolvedStart start, start_after_gtids(connection, info, position.gtids));
  if (position.server == info.identity) start.capture.position.binlog = position.binlog;
  return start;
}

Result<ResolvedStart> resume_mariadb(Connection& connection, const ServerInfo& info,
                                     const Position& position, const FailoverRules& rules) {
  if (position.gtids.empty()) return resume_at_file(connection, info, position);
  const bool same_server = position.server == info.identity;
  // At a file's head a stream stands that was started by GTID and has not met a transaction.
  const bool has_place = position.binlog.pos > kFirstEventPos && !info.gtid_only();
  if (same_server && has_place) {
    TW_ASSIGN(const MariadbGtidList ours, MariadbGtidList::parse(position.gtids));
    TW_ASSIGN(const auto at_place, binlog_gtid_pos(connection, position.binlog));
    if (at_place) {
      TW_ASSIGN(const MariadbGtidList there, MariadbGtidList::parse(*at_place));
      if (there != ours) {
        TW_TRY(refuse_foreign(position, fmt::format("at {} it has GTID {}",
                                                    position.binlog.describe(), there.describe())));
      }
      return resume_at_file(connection, info, position);
    }
  }
  TW_TRY(check_gtids(connection, info, position, rules));
  if (info.gtid_only()) return at_gtids_only(info, position.gtids);
  return start_after_gtids(connection, info, position.gtids);
}

// Whether a place with these GTIDs before it can be the one that a program stored. It may lack
// those of transactions that were not captured; the newest that it has is that of the place itself.
bool is_of_place(const MariadbGtidList& there, const MariadbGtidList& ours) {
  bool same = false;
  for (const auto& [domain, gtid] : ours.domains()) {
    const auto at = there.domains().find(domain);
    if (at == there.domains().end() || at->second.sequence < gtid.sequence) return false;
    same = same || at->second == gtid;
  }
  return same;
}

// A position that a program stored itself (Stream::next_position). Without GTIDs it is a place of
// this server; the GTIDs before it are then learned as for FILE:POS.
Result<ResolvedStart> start_at_position(Connection& connection, const ServerInfo& info,
                                        const Position& position) {
  if (position.kind != source_kind(info)) {
    TW_TRY(refuse_foreign(position, "this is a " + info.describe()));
  }
  const bool known = !position.server.empty() && !info.identity.empty();
  if (position.gtids.empty() && info.has_gtids()) {
    if (known && position.server != info.identity) {
      TW_TRY(refuse_foreign(position, fmt::format("it was read from {}, this is {}",
                                                  position.server, info.identity)));
    }
    return start_at_binlog(connection, info, position.binlog);
  }
  if (!info.is_mariadb()) return resume_mysql(connection, info, position, {});
  if (!(known && position.server != info.identity) && !position.binlog.file.empty()) {
    TW_ASSIGN(const MariadbGtidList ours, MariadbGtidList::parse(position.gtids));
    TW_ASSIGN(const auto at_place, binlog_gtid_pos(connection, position.binlog));
    TW_ASSIGN(const MariadbGtidList there, MariadbGtidList::parse(at_place.value_or("")));
    if (is_of_place(there, ours)) return start_at_binlog(connection, info, position.binlog);
  }
  TW_TRY(check_gtids(connection, info, position, {}));
  return start_after_gtids(connection, info, position.gtids);
}

// MariaDB says whether it has what comes after a GTID when it is asked for it.
Status try_dump(const Endpoint& endpoint, const DumpStart& start) {
  TW_ASSIGN(Connection connection, Connection::open(endpoint));
  DumpOptions options;
  TW_ASSIGN(options.server_id, choose_server_id(connection));
  options.non_blocking = true;
  TW_ASSIGN(DumpStream dump, DumpStream::open(std::move(connection), start, options));
  for (;;) {
    TW_ASSIGN(const auto event, dump.next({}));
    if (!event) return {};
    TW_ASSIGN(const EventHeader header, parse_event_header(*event));
    if (header.next_pos != 0 && (header.flags & kFlagArtificial) == 0) return {};
  }
}

}  // namespace

Status check_position(Connection& connection, const ServerInfo& info, const Bound& place) {
  TW_ASSIGN(const ResolvedStart start, resolve_start(connection, info, place));
  if (std::holds_alternative<MariadbGtidStart>(start.dump)) {
    return try_dump(connection.endpoint(), start.dump);
  }
  if (!start.capture.skip_to_pos) return {};
  const bool stored = place.kind == Bound::Kind::kPosition;
  return check_boundary(connection.endpoint(), stored ? place.position.binlog : place.binlog);
}

Result<int64_t> binlog_started_us(const Endpoint& endpoint, const std::string& file) {
  return file_started_us(endpoint, file);
}

SourceKind source_kind(const ServerInfo& info) {
  return info.is_mariadb() ? SourceKind::kMariadb : SourceKind::kMysql;
}

Result<ResolvedStart> resolve_start(Connection& connection, const ServerInfo& info,
                                    const Bound& from) {
  if (info.gtid_only()) return start_gtid_only(connection, info, from);
  switch (from.kind) {
    case Bound::Kind::kNow:
      return start_now(connection, info);
    case Bound::Kind::kEarliest: {
      TW_ASSIGN(const auto logs, list_binary_logs(connection));
      if (logs.empty()) return fail(ErrorKind::kResync, "the server has no binlogs");
      return at_file_head(info, logs.front().name);
    }
    case Bound::Kind::kBinlog:
      return start_at_binlog(connection, info, from.binlog);
    case Bound::Kind::kGtids:
      return start_after_gtids(connection, info, from.gtids);
    case Bound::Kind::kTimestamp:
      return start_at_time(connection, info, from.timestamp_us);
    case Bound::Kind::kPosition:
      return start_at_position(connection, info, from.position);
  }
  return fail(ErrorKind::kBug, "an unknown kind of start");
}

Result<ResolvedStart> resolve_resume(Connection& connection, const ServerInfo& info,
                                     const Position& position, const FailoverRules& rules) {
  if (position.kind != source_kind(info)) {
    TW_TRY(refuse_foreign(position, "this is a " + info.describe()));
  }
  return info.is_mariadb() ? resume_mariadb(connection, info, position, rules)
                           : resume_mysql(connection, info, position, rules);
}

Result<CaptureEnd> resolve_end(Connection& connection, const ServerInfo& info, const Bound& until) {
  CaptureEnd end;
  const Position& position = until.position;
  switch (until.kind) {
    case Bound::Kind::kNow: {
      if (info.gtid_only()) {
        TW_ASSIGN(const std::string gtids, read_gtid_binlog_pos(connection));
        TW_ASSIGN(end.mariadb_gtids, MariadbGtidList::parse(gtids));
        return end;
      }
      TW_ASSIGN(const BinlogStatus status, read_binlog_status(connection));
      end.binlog = status.end;
      return end;
    }
    case Bound::Kind::kBinlog:
      if (info.gtid_only()) return no_places(until.binlog);
      end.binlog = until.binlog;
      return end;
    case Bound::Kind::kTimestamp:
      end.timestamp_us = until.timestamp_us;
      return end;
    case Bound::Kind::kPosition:
      return resolve_end(connection, info,
                         position.gtids.empty()
                             ? Bound{.kind = Bound::Kind::kBinlog, .binlog = position.binlog}
                             : Bound{.kind = Bound::Kind::kGtids, .gtids = position.gtids});
    case Bound::Kind::kGtids:
      break;
    case Bound::Kind::kEarliest:
      return fail(ErrorKind::kUserFix, "a stream cannot end at 'earliest'");
  }
  if (info.is_mariadb()) {
    TW_ASSIGN(end.mariadb_gtids, MariadbGtidList::parse(until.gtids));
  } else {
    TW_ASSIGN(end.mysql_gtids, MysqlGtidSet::parse(until.gtids));
  }
  return end;
}

}  // namespace tailwater::mysql
