// FoldedTable: a table as a reader has it who takes all changes of a changelog in turn.
#pragma once

#include <map>
#include <set>
#include <string>

#include "integration/captured.h"

namespace tailwater::test {

struct FoldedTable {
  std::map<std::string, int> reads;         ///< how often each key was read
  std::map<std::string, std::string> rows;  ///< by key; emptied at read_start
  std::multiset<std::string> bag;           ///< the same of a table without a key
  int starts = 0;
  int ends = 0;

  /// The rows, without their keys.
  [[nodiscard]] std::multiset<std::string> all_rows() const;
};

/// The values of a row are joined by `|`, without columns whose names start with "extra": a test
/// may add those for a while.
void fold(const CapturedChange& change, FoldedTable& table);

/// What a query gives, joined likewise.
std::multiset<std::string> select_rows(const MysqlServer& server, const std::string& sql);

}  // namespace tailwater::test
