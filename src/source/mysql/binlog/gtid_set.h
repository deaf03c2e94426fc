// Sets of transactions: MySQL's GTID sets, and MariaDB's last GTID per domain.
// Sources: MySQL manual, "GTID Sets"; MySQL Gtid_set::encode; MariaDB Knowledge Base, "GTID".
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "source/mysql/binlog/gtid.h"

namespace tailwater::mysql {

/// A set of MySQL GTIDs: for each server (and tag) a sorted list of intervals.
class MysqlGtidSet {
 public:
  /// First and one past the last number.
  struct Interval {
    uint64_t start = 0;
    uint64_t end = 0;
    bool operator==(const Interval&) const = default;
  };
  using Intervals = std::vector<Interval>;

  /// Reads what the server prints, and what it accepts: any order, spaces and line breaks,
  /// overlaps.
  static Result<MysqlGtidSet> parse(std::string_view text);
  /// Reads the body of a previous_gtids event, tagged or not.
  static Result<MysqlGtidSet> decode(Bytes bytes);

  [[nodiscard]] bool empty() const { return sets_.empty(); }
  [[nodiscard]] const std::map<Tsid, Intervals>& sets() const { return sets_; }
  /// Adds one. Fast when it follows the last one of its server.
  void add(const MysqlGtid& gtid) { add(gtid.tsid, gtid.number, gtid.number + 1); }
  /// Adds `start` up to, not including, `end`.
  void add(const Tsid& tsid, uint64_t start, uint64_t end);
  void add(const MysqlGtidSet& other);
  /// Those of this set that are not in `other`.
  [[nodiscard]] MysqlGtidSet without(const MysqlGtidSet& other) const;
  [[nodiscard]] bool contains(const MysqlGtid& gtid) const;
  [[nodiscard]] bool is_subset_of(const MysqlGtidSet& other) const;
  /// How many transactions it names.
  [[nodiscard]] uint64_t count() const;

  /// As `SELECT @@gtid_executed` prints it, but for the line breaks it puts after commas.
  [[nodiscard]] std::string describe() const;
  /// Appends what COM_BINLOG_DUMP_GTID expects: the tagged form only when there are tags.
  void encode(ByteBuffer& out) const;

  bool operator==(const MysqlGtidSet&) const = default;

 private:
  std::map<Tsid, Intervals> sets_;
};

/// MariaDB: the last GTID of each replication domain, in the order of domains.
class MariadbGtidList {
 public:
  /// Reads `0-1-42,1-1-7`; spaces are allowed. One GTID per domain.
  static Result<MariadbGtidList> parse(std::string_view text);

  [[nodiscard]] bool empty() const { return last_.empty(); }
  [[nodiscard]] const std::map<uint32_t, MariadbGtid>& domains() const { return last_; }
  /// The GTID becomes its domain's last one.
  void set(const MariadbGtid& gtid) { last_[gtid.domain] = gtid; }
  /// `0-1-42,1-1-7`.
  [[nodiscard]] std::string describe() const;

  bool operator==(const MariadbGtidList&) const = default;

 private:
  std::map<uint32_t, MariadbGtid> last_;
};

}  // namespace tailwater::mysql
