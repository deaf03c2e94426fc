// Cases of tests/golden/format/*.test: a schema, changes of one transaction, and the lines that a
// format makes of them.
#pragma once

#include <string>
#include <vector>

#include "format/formatter.h"

namespace tailwater::format {

struct GoldenChange {
  Op op = Op::kInsert;
  std::vector<std::string> before = {};  ///< one value a column, in the words of README.md there
  std::vector<std::string> after = {};
  std::string statement = {};
  bool new_event = false;  ///< the source sent it in another event than the change before
};

/// A schema, and changes with all that they point to.
struct GoldenCase {
  std::string where;  ///< file:line
  std::string format;
  std::vector<std::string> options;
  SourceKind source = SourceKind::kMysql;
  TableSchema table;
  std::string gtid;
  std::vector<GoldenChange> changes;
  bool last = true;  ///< the last one is the last of its transaction
  std::string expected;
};

/// The cases of one file; a test failure when it cannot be read.
std::vector<GoldenCase> read_golden_cases(const std::string& path);

/// A row of values as text: NULL, UNAVAILABLE, or a value in its kind's own form.
void write_golden_row(const Schema& schema, const std::vector<std::string>& values,
                      ByteBuffer& out);

}  // namespace tailwater::format
