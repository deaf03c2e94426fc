#include "source/mysql/prepared_start.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/clock.h"
#include "base/log_line.h"
#include "base/text.h"
#include "changelog/head.h"
#include "source/mysql/xa_id.h"

namespace tailwater::mysql {
namespace {

using Ids = std::set<std::string>;

constexpr int64_t kWaitMaxUs = 5'000'000;
constexpr int64_t kPauseUs = 20'000;
// XA PREPARE writes to the binlog first, and is listed a little later.
constexpr int64_t kListedLaterUs = 100'000;
constexpr int kTries = 3;

// XA RECOVER gives format, length of the global part, length of the branch, and both in one.
Result<Ids> list_prepared(Connection& connection) {
  TW_ASSIGN(Rows rows, connection.query("XA RECOVER"));
  Ids ids;
  for (;;) {
    TW_ASSIGN(const bool more, rows.next());
    if (!more) return ids;
    const std::string data(rows.text(3));
    const auto format = parse_number(rows.text(0));
    const auto gtrid = parse_number(rows.text(1));
    if (!format.has_value() || !gtrid.has_value() || *gtrid > data.size()) continue;
    TW_ASSIGN(std::string id,
              xa_id(static_cast<uint32_t>(*format), data.substr(0, *gtrid), data.substr(*gtrid)));
    ids.insert(std::move(id));
  }
}

Result<bool> knows_xa(Connection& connection) {
  TW_ASSIGN(Rows rows, connection.query("SHOW GLOBAL STATUS LIKE 'Com_xa_prepare'"));
  TW_ASSIGN(const bool found, rows.next());
  return found && rows.text(1) != "0";
}

// Until none of `ids` is prepared any more; gives those that still are.
Result<Ids> wait_for_end(Connection& connection, Ids ids, const std::stop_token& stop) {
  const int64_t until_us = Clock::system().steady_us() + kWaitMaxUs;
  while (!ids.empty() && Clock::system().steady_us() < until_us && !stop.stop_requested()) {
    changelog::sleep_or_stop(stop, kPauseUs);
    TW_ASSIGN(const Ids now, list_prepared(connection));
    std::erase_if(ids, [&](const std::string& id) { return !now.contains(id); });
  }
  return ids;
}

void warn_of(const Ids& ids, std::string_view when) {
  if (ids.empty()) return;
  log_lines().warn(
      "XA transactions are prepared on the server: {}. {} the stream will stop when one of them is "
      "committed: roll them back or commit them first, or set on_statement = \"record\"",
      fmt::join(ids, " "), when);
}

}  // namespace

Status heed_prepared(Connection& connection, const ServerInfo& info, const Bound& from,
                     ResolvedStart& start, const std::stop_token& stop) {
  TW_ASSIGN(const bool known, knows_xa(connection));
  if (known) changelog::sleep_or_stop(stop, kListedLaterUs);
  auto listed = list_prepared(connection);
  if (!listed.has_value()) {
    if (listed.error().kind == ErrorKind::kRetry) return fail(std::move(listed).error());
    if (!known) return {};
    log_lines().warn(
        "the server has run XA transactions, and whether any are prepared now cannot be seen: {}; "
        "the stream will stop when one is committed that was prepared before it starts; GRANT "
        "XA_RECOVER_ADMIN ON *.* to this user lets it see them",
        listed.error().message);
    return {};
  }
  if (from.kind != Bound::Kind::kNow || start.capture.gtid_only) {
    warn_of(*listed, "If they were prepared before the place where it starts,");
    return {};
  }
  if (!known && listed->empty()) return {};
  for (int i = 0; i < kTries; ++i) {
    // Also when none is listed: one may have been prepared before the start, and have ended since.
    TW_ASSIGN(const Ids left, wait_for_end(connection, *listed, stop));
    TW_ASSIGN(const BinlogStatus status, read_binlog_status(connection));
    if (status.end.file == start.capture.position.binlog.file) {
      if (status.end.pos > start.capture.position.binlog.pos) {
        start.capture.skip_to_pos = status.end.pos;
        start.capture.keep_prepared = true;
      }
      warn_of(left, "They were prepared before it starts:");
      return {};
    }
    // Another file was begun: from the start.
    TW_ASSIGN(start, resolve_start(connection, info, from));
    changelog::sleep_or_stop(stop, kListedLaterUs);
    TW_ASSIGN(*listed, list_prepared(connection));
  }
  warn_of(*listed, "They were prepared before it starts:");
  return {};
}

}  // namespace tailwater::mysql
