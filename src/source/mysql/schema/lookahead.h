// Lookahead: whether the binlog, ahead of where a stream stands, holds a statement about a table.
//
// A table that is read from the server now is what it was at an earlier place only if no statement
// in between is about it.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "db/mysql/endpoint.h"
#include "source/mysql/ddl/named_tables.h"
#include "source/mysql/schema/passed.h"

namespace tailwater::mysql {

/// A statement that was found there.
struct StatementAhead {
  StatementPlace place;
  NamedTables tables;
  std::string text;  ///< its beginning

  /// "at mysql-bin.000003:4711: ALTER TABLE …".
  [[nodiscard]] std::string describe() const;
};

/// Reads with a connection of its own. What was read once is not read again. Not thread-safe.
class Lookahead {
 public:
  explicit Lookahead(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  /// The first statement after `from` and up to `to` that may be about the table; nothing when
  /// there is none. Reads the binlog in between: takes as long as that takes. kStopped.
  Result<std::optional<StatementAhead>> first_statement(const TableName& table,
                                                        const Position& from, const Position& to,
                                                        const std::stop_token& stop);
  /// Forgets what was read: it is another server's.
  void clear();

 private:
  Status read(const Position& from, const Position& to, const std::stop_token& stop);

  Endpoint endpoint_;
  std::vector<StatementAhead> found_;
  std::optional<Position> read_from_;
  Position read_to_;
};

}  // namespace tailwater::mysql
