// Bound: where reading starts or ends, as a user writes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/position.h"

namespace tailwater::mysql {

/// `--from` and `--until`: now, earliest, FILE:POS, a GTID set, or a time.
struct Bound {
  enum class Kind : uint8_t {
    kNow,        ///< the end of the binlog at this moment
    kEarliest,   ///< the oldest binlog that the server still has
    kBinlog,     ///< FILE:POS
    kGtids,      ///< after (or up to) a GTID set, as the server prints it
    kTimestamp,  ///< the first transaction committed at or after
    kPosition,   ///< what position_text gave: a place and the server that it is of
  };
  Kind kind = Kind::kNow;
  BinlogPosition binlog = {};
  std::string gtids = {};
  int64_t timestamp_us = 0;
  Position position = {};
};

/// Reads a bound: `now`, `earliest`, `mysql-bin.000003:4711`, `gtid:SET` (or a bare GTID set),
/// `2024-05-06T07:08:09Z` (UTC when no zone is given), `@1714979289` (seconds since 1970), or a
/// stored position (model/position.h).
/// kUserFix, listing the forms, for anything else.
Result<Bound> parse_bound(std::string_view text);

/// Microseconds since 1970 of `2024-05-06[T| ]07:08[:09[.123456]][Z|+02:00]` or a date alone.
Result<int64_t> parse_timestamp_us(std::string_view text);

}  // namespace tailwater::mysql
