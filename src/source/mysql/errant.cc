#include "source/mysql/errant.h"

#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "db/mysql/dump_stream.h"
#include "source/mysql/binlog/format_description.h"
#include "source/mysql/binlog/gtid_event.h"
#include "source/mysql/binlog/gtid_set.h"

namespace tailwater::mysql {
namespace {

// A remedy names the statements of so many transactions; the rest are alike.
constexpr size_t kStatementsMax = 5;
constexpr const char* kAccept = "on_errant = accept";

// The GTID events of a dump that ends at its end. Other events are read over.
class GtidReader {
 public:
  static Result<GtidReader> open(const Endpoint& endpoint, const DumpStart& start) {
    TW_ASSIGN(DumpStream dump, DumpStream::open_to_end(endpoint, start));
    return GtidReader(std::move(dump));
  }
  /// The next one; nothing at the end.
  Result<std::optional<Event>> next() {
    for (;;) {
      TW_ASSIGN(const auto whole, dump_.next({}));
      if (!whole) return std::optional<Event>();
      TW_ASSIGN(const EventHeader header, parse_event_header(*whole));
      if (header.type == EventType::kFormatDescription) {
        TW_ASSIGN(const Event event, open_event(*whole, Checksum::kNone));
        TW_ASSIGN(const FormatDescription format, parse_format_description(event));
        checksum_ = format.checksum;
        continue;
      }
      const bool is_gtid = header.type == EventType::kGtid ||
                           header.type == EventType::kGtidTagged ||
                           header.type == EventType::kMariadbGtid;
      if (!is_gtid) continue;
      TW_ASSIGN(const Event event, open_event(*whole, checksum_));
      return std::optional<Event>(event);
    }
  }

 private:
  explicit GtidReader(DumpStream dump) : dump_(std::move(dump)) {}

  DumpStream dump_;
  Checksum checksum_ = Checksum::kNone;
};

// The last transaction of each server (and tag) that the binlogs still have.
std::vector<MysqlGtid> last_ones(const MysqlGtidSet& ours, const MysqlGtidSet& purged) {
  std::vector<MysqlGtid> last;
  for (const auto& [tsid, intervals] : ours.sets()) {
    const MysqlGtid gtid{tsid, intervals.back().end - 1};
    if (!purged.contains(gtid)) last.push_back(gtid);
  }
  return last;
}

MysqlGtidSet own_of(const MysqlGtidSet& set, const Uuid& own) {
  MysqlGtidSet found;
  for (const auto& [tsid, intervals] : set.sets()) {
    if (tsid.uuid != own) continue;
    for (const auto& [start, end] : intervals) found.add(tsid, start, end);
  }
  return found;
}

ErrantTransactions describe_mysql(const MysqlGtidSet& errant) {
  ErrantTransactions found;
  found.names = errant.describe();
  if (errant.empty()) return found;
  std::string statements;
  size_t count = 0;
  for (const auto& [tsid, intervals] : errant.sets()) {
    for (const auto& [start, end] : intervals) {
      for (uint64_t number = start; number < end && count < kStatementsMax; ++number, ++count) {
        statements += fmt::format("SET GTID_NEXT = '{}'; BEGIN; COMMIT; ",
                                  MysqlGtid{tsid, number}.describe());
      }
    }
  }
  found.remedy = fmt::format(
      "take them as changes that come now: {}. Or, when what they did was undone, make them part "
      "of the history without their rows, at the server that was read before: {}SET GTID_NEXT = "
      "'AUTOMATIC';{}",
      kAccept, statements, errant.count() > kStatementsMax ? " and so on for the others" : "");
  return found;
}

// What the server has and we do not, and with it, to know the order, the last of what we have.
Result<ErrantTransactions> find_mysql(Connection& connection, const ServerInfo& info,
                                      const Position& position) {
  TW_ASSIGN(const MysqlGtidSet ours, MysqlGtidSet::parse(position.gtids));
  TW_ASSIGN(const auto executed_text, connection.variable("global.gtid_executed"));
  TW_ASSIGN(const MysqlGtidSet executed, MysqlGtidSet::parse(executed_text.value_or("")));
  TW_ASSIGN(const Uuid own, parse_uuid(info.identity));
  if (own_of(executed.without(ours), own).empty()) return ErrantTransactions();
  TW_ASSIGN(const std::string purged_text, read_gtid_purged(connection));
  TW_ASSIGN(const MysqlGtidSet purged, MysqlGtidSet::parse(purged_text));
  MysqlGtidSet last;
  for (const MysqlGtid& gtid : last_ones(ours, purged)) last.add(gtid);
  ByteBuffer encoded;
  const MysqlGtidSet asked = ours.without(last);
  asked.encode(encoded);
  MysqlGtidSet errant;
  if (last.empty()) return ErrantTransactions();  // nothing that tells the order is left
  TW_ASSIGN(GtidReader reader, GtidReader::open(connection.endpoint(),
                                                MysqlGtidStart{std::string(as_text(encoded.view())),
                                                               asked.describe()}));
  MysqlGtidSet since_last;
  while (!last.empty()) {
    TW_ASSIGN(const auto event, reader.next());
    if (!event) break;
    TW_ASSIGN(const MysqlGtidEvent read, parse_mysql_gtid(*event));
    if (!read.gtid) continue;
    if (last.contains(*read.gtid)) {
      errant.add(since_last);
      since_last = MysqlGtidSet();
      MysqlGtidSet met;
      met.add(*read.gtid);
      last = last.without(met);
    } else if (read.gtid->tsid.uuid == own) {
      since_last.add(*read.gtid);
    }
  }
  return describe_mysql(errant);
}

// Goes through a binlog of MariaDB from a file's head to the last of our transactions in it.
class MariadbOrder {
 public:
  MariadbOrder(const MariadbGtidList& ours, uint32_t own) : ours_(ours), own_(own) {}

  void take(const MariadbGtid& gtid) {
    std::vector<MariadbGtid>& before = run_[gtid.domain];
    if (gtid.server_id == own_) {
      if (!ours_.domains().contains(gtid.domain)) of_new_domains_.push_back(gtid);
      before.push_back(gtid);
      return;
    }
    for (const MariadbGtid& each : before) {
      if (each.sequence >= gtid.sequence) errant_.push_back(each);
    }
    before.clear();
  }
  // One of ours: all before it was committed before it.
  void pass() {
    errant_.insert(errant_.end(), of_new_domains_.begin(), of_new_domains_.end());
    of_new_domains_.clear();
  }
  [[nodiscard]] const std::vector<MariadbGtid>& errant() const { return errant_; }

 private:
  const MariadbGtidList& ours_;
  const uint32_t own_;
  std::map<uint32_t, std::vector<MariadbGtid>> run_;  // own ones, with none of others behind
  std::vector<MariadbGtid> of_new_domains_;
  std::vector<MariadbGtid> errant_;
};

ErrantTransactions describe_mariadb(const std::vector<MariadbGtid>& errant) {
  ErrantTransactions found;
  for (const MariadbGtid& gtid : errant) {
    found.names += (found.names.empty() ? "" : ",") + gtid.describe();
  }
  if (errant.empty()) return found;
  found.remedy = fmt::format(
      "read from a server without them, and build this one anew from it. Or go on as it is: {}; "
      "what they changed in a domain that was read already then never comes, that of other "
      "domains comes as changes",
      kAccept);
  return found;
}

// Of our transactions, those that are in this file or a later one.
Result<std::set<uint32_t>> domains_behind(Connection& connection, const std::string& file,
                                          const MariadbGtidList& ours) {
  TW_ASSIGN(const auto head, binlog_gtid_pos(connection, {file, kBinlogHeadPos}));
  TW_ASSIGN(const MariadbGtidList before, MariadbGtidList::parse(head.value_or("")));
  std::set<uint32_t> behind;
  for (const auto& [domain, gtid] : ours.domains()) {
    const auto at = before.domains().find(domain);
    if (at == before.domains().end() || at->second.sequence < gtid.sequence) behind.insert(domain);
  }
  return behind;
}

Result<ErrantTransactions> find_mariadb(Connection& connection, const ServerInfo& info,
                                        const Position& position) {
  TW_ASSIGN(const MariadbGtidList ours, MariadbGtidList::parse(position.gtids));
  TW_ASSIGN(const auto logs, list_binary_logs(connection));
  for (auto log = logs.rbegin(); log != logs.rend(); ++log) {
    TW_ASSIGN(auto left, domains_behind(connection, log->name, ours));
    if (left.empty()) continue;
    TW_ASSIGN(GtidReader reader,
              GtidReader::open(connection.endpoint(), BinlogPosition{log->name, kBinlogHeadPos}));
    MariadbOrder order(ours, info.server_id);
    while (!left.empty()) {
      TW_ASSIGN(const auto event, reader.next());
      if (!event) break;
      TW_ASSIGN(const MariadbGtidEvent read, parse_mariadb_gtid_event(*event));
      order.take(read.gtid);
      const auto at = ours.domains().find(read.gtid.domain);
      if (at == ours.domains().end() || at->second != read.gtid) continue;
      order.pass();
      left.erase(read.gtid.domain);
    }
    return describe_mariadb(order.errant());
  }
  return ErrantTransactions();
}

}  // namespace

Result<ErrantTransactions> find_errant(Connection& connection, const ServerInfo& info,
                                       const Position& position) {
  if (!info.is_mariadb()) return find_mysql(connection, info, position);
  if (info.gtid_only()) return ErrantTransactions();  // no files to look through
  return find_mariadb(connection, info, position);
}

}  // namespace tailwater::mysql
