// Cases of tests/golden/format/*.test: a schema, one change, and the lines that a format makes of
// it.
#pragma once

#include <string>
#include <vector>

#include "format/formatter.h"

namespace tailwater::format {

/// One change with all that it points to.
struct GoldenCase {
  std::string where;  ///< file:line
  std::string format;
  std::vector<std::string> options;
  SourceKind source = SourceKind::kMysql;
  TableSchema table;
  Op op = Op::kInsert;
  std::vector<std::string> before;  ///< one value a column, in the words of README.md there
  std::vector<std::string> after;
  bool last = true;
  std::string expected;
};

/// The cases of one file; a test failure when it cannot be read.
std::vector<GoldenCase> read_golden_cases(const std::string& path);

/// A row of values as text: NULL, UNAVAILABLE, or a value in its kind's own form.
void write_golden_row(const Schema& schema, const std::vector<std::string>& values,
                      ByteBuffer& out);

}  // namespace tailwater::format
