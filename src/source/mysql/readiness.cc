#include "source/mysql/readiness.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"
#include "db/mysql/quote.h"
#include "source/mysql/binlog/charset.h"
#include "source/mysql/start.h"

namespace tailwater::mysql {
namespace {

using Level = Finding::Level;

constexpr int64_t kSecondUs = 1'000'000;

struct Binlogs {
  std::vector<BinaryLog> logs;
  int64_t oldest_us = 0;
  uint64_t bytes = 0;
};

Result<Binlogs> read_binlogs(Connection& connection) {
  Binlogs binlogs;
  TW_ASSIGN(binlogs.logs, list_binary_logs(connection));
  for (const BinaryLog& log : binlogs.logs) binlogs.bytes += log.bytes;
  if (binlogs.logs.empty()) return binlogs;
  TW_ASSIGN(binlogs.oldest_us, binlog_started_us(connection.endpoint(), binlogs.logs[0].name));
  return binlogs;
}

// How far back a stream could start, and whether a limit of size makes that short.
Finding check_span(Connection& connection, const Binlogs& binlogs, int64_t wanted_us) {
  const int64_t span_us = std::max(kSecondUs, Clock::system().now_us() - binlogs.oldest_us);
  const std::string found = fmt::format("the last {}: {} files, {}", describe_duration_us(span_us),
                                        binlogs.logs.size(), describe_bytes(binlogs.bytes));
  for (const char* name : {"max_binlog_total_size", "binlog_space_limit"}) {
    const auto limit = connection.variable(fmt::format("global.{}", name)).value_or(std::nullopt);
    const uint64_t bytes = parse_number(limit.value_or("0")).value_or(0);
    const bool full = bytes != 0 && binlogs.bytes + (bytes / 4) >= bytes;
    if (!full || span_us >= wanted_us) continue;
    const uint64_t per_second = binlogs.bytes / static_cast<uint64_t>(span_us / kSecondUs) + 1;
    const uint64_t wanted = per_second * static_cast<uint64_t>(wanted_us / kSecondUs);
    return {"binlog_span", Level::kWarning, fmt::format("{}; {} = {}", found, name, bytes),
            "at this rate the server deletes binlogs before they are as old as they should get; a "
            "stream that is down for longer loses its place",
            fmt::format("SET GLOBAL {} = {};", name, std::max(wanted, 2 * bytes))};
  }
  return {"binlog_span", Level::kOk, found};
}

// When the server may delete the file that a position is in, as far as it goes by age.
Result<std::optional<int64_t>> time_left_us(Connection& connection, const ServerInfo& info,
                                            const Binlogs& binlogs, const std::string& file) {
  const auto at = std::find_if(binlogs.logs.begin(), binlogs.logs.end(),
                               [&](const BinaryLog& log) { return log.name == file; });
  if (info.expire_s == 0 || at == binlogs.logs.end() || at + 1 == binlogs.logs.end()) {
    return std::optional<int64_t>();  // never, or not before a newer file is begun
  }
  TW_ASSIGN(const int64_t ended_us, binlog_started_us(connection.endpoint(), (at + 1)->name));
  const int64_t kept_us = static_cast<int64_t>(info.expire_s) * kSecondUs;
  return std::optional(std::max<int64_t>(0, ended_us + kept_us - Clock::system().now_us()));
}

uint64_t bytes_after(const Binlogs& binlogs, const BinlogPosition& place) {
  uint64_t bytes = 0;
  bool after = false;
  for (const BinaryLog& log : binlogs.logs) {
    if (after) bytes += log.bytes;
    if (log.name != place.file) continue;
    after = true;
    bytes = log.bytes - std::min(log.bytes, place.pos);
  }
  return bytes;
}

Status try_to_resume(Connection& connection, const ServerInfo& info, const Position& stored,
                     bool accept_errant) {
  const FailoverRules rules{.accept_errant = accept_errant, .patient = false};
  TW_ASSIGN(const ResolvedStart start, resolve_resume(connection, info, stored, rules));
  const auto* gtids = std::get_if<MariadbGtidStart>(&start.dump);
  if (gtids == nullptr) return {};
  return check_position(connection, info, {.kind = Bound::Kind::kGtids, .gtids = gtids->gtids});
}

std::string keep_for(const ServerInfo& info, int64_t wanted_us) {
  const int64_t seconds = wanted_us / kSecondUs;
  if (!info.is_mariadb() && info.version < Version{8, 0, 0}) {
    return fmt::format("SET GLOBAL expire_logs_days = {};", (seconds + 86399) / 86400);
  }
  return fmt::format("SET {} binlog_expire_logs_seconds = {};",
                     info.is_mariadb() ? "GLOBAL" : "PERSIST", seconds);
}

// Whether the source can go on where it was, and for how long.
Result<Finding> check_stored(Connection& connection, const ServerInfo& info, const Binlogs& binlogs,
                             const ReadinessOptions& options) {
  const Position& stored = *options.stored;
  const Status resumed = try_to_resume(connection, info, stored, options.accept_errant);
  if (!resumed.has_value()) {
    if (resumed.error().kind == ErrorKind::kRetry) return fail(resumed.error());
    return Finding{"stored_position", Level::kError,
                   fmt::format("{}: {}", stored.describe(), resumed.error().message),
                   "the source cannot go on where it was", "-- " + resumed.error().hint};
  }
  std::string found = fmt::format("{}, {} behind", stored.describe(),
                                  describe_bytes(bytes_after(binlogs, stored.binlog)));
  TW_ASSIGN(const auto left_us, time_left_us(connection, info, binlogs, stored.binlog.file));
  if (!left_us) return Finding{"stored_position", Level::kOk, found};
  found += ", kept for " + describe_duration_us(*left_us) + " more";
  const int64_t wanted_us = options.preflight.wanted_retention_us;
  if (*left_us >= wanted_us / 4) return Finding{"stored_position", Level::kOk, found};
  const int64_t age_us = static_cast<int64_t>(info.expire_s) * kSecondUs;
  return Finding{"stored_position", Level::kWarning, found,
                 "the server soon deletes what was not read yet: start the source, or have it kept "
                 "for longer",
                 keep_for(info, std::max(wanted_us, 2 * age_us))};
}

// Text of a character set that we do not know would stop the stream.
Result<Finding> check_charsets(Connection& connection, const std::vector<TableName>& tables) {
  const std::set<TableName> wanted(tables.begin(), tables.end());
  std::set<TableName> unknown;
  std::set<std::string> names;
  TW_ASSIGN(Rows rows,
            connection.query("SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, CHARACTER_SET_NAME FROM "
                             "information_schema.COLUMNS WHERE CHARACTER_SET_NAME IS NOT NULL AND "
                             "TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', "
                             "'performance_schema')"));
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) break;
    TableName table{rows.text(0), rows.text(1)};
    if (!wanted.contains(table)) continue;
    names.insert(rows.text(2));
    if (charset_named(rows.text(2)) == nullptr) unknown.insert(std::move(table));
  }
  if (unknown.empty()) {
    return Finding{"character_sets", Level::kOk, fmt::format("{} in use, all known", names.size())};
  }
  std::string remedy;
  for (const TableName& table : unknown) {
    remedy += fmt::format("{}ALTER TABLE {} CONVERT TO CHARACTER SET utf8mb4;",
                          remedy.empty() ? "" : "\n", quote_name(table.database, table.table));
  }
  return Finding{"character_sets", Level::kError,
                 fmt::format("{} tables have one that is not known", unknown.size()),
                 "their text cannot be read as UTF-8: the stream stops there", remedy};
}

}  // namespace

Result<std::vector<Finding>> check_readiness(Connection& connection,
                                             const ReadinessOptions& options) {
  TW_ASSIGN(std::vector<Finding> findings, check_server(connection, options.preflight));
  TW_ASSIGN(const ServerInfo info, read_server_info(connection));
  // What is not allowed yet, or off, was told above.
  const bool readable = std::none_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.level == Level::kError &&
           (finding.name.starts_with("grant_replication") || finding.name == "grant_monitor");
  });
  if (info.log_bin && readable && !info.gtid_only()) {
    TW_ASSIGN(const Binlogs binlogs, read_binlogs(connection));
    findings.push_back(check_span(connection, binlogs, options.preflight.wanted_retention_us));
    if (options.stored) {
      TW_ASSIGN(Finding stored, check_stored(connection, info, binlogs, options));
      findings.push_back(std::move(stored));
    }
  }
  if (options.preflight.tables) {
    TW_ASSIGN(Finding charsets, check_charsets(connection, *options.preflight.tables));
    findings.push_back(std::move(charsets));
  }
  return findings;
}

}  // namespace tailwater::mysql
