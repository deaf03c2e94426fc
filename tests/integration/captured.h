// What a capture gave: transactions and changes copied out of a changelog, to compare at leisure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/change.h"
#include "pipeline/config.h"
#include "support/mysql_server.h"

namespace tailwater::test {

struct CapturedValue {
  Presence presence = Presence::kNull;
  std::string text;  ///< as append_value_text writes it; "" when not present

  bool operator==(const CapturedValue&) const = default;
};

struct CapturedChange {
  Op op = Op::kInsert;
  std::shared_ptr<const TableSchema> schema;  ///< null for a schema change
  std::vector<CapturedValue> before;          ///< empty when the change has none
  std::vector<CapturedValue> after;
  uint64_t offset = 0;
  uint64_t ordinal = 0;
  uint64_t source_pos = 0;
  uint32_t source_row = 0;
  std::string statement;
  bool last = false;

  /// "insert d.t 1|a", "update d.t 1|a -> 1|b", "schema CREATE …", "statement INSERT …": for tests
  /// to compare.
  [[nodiscard]] std::string describe() const;
};

struct CapturedTransaction {
  std::string gtid;
  std::string file;
  uint64_t start_pos = 0;
  uint64_t end_pos = 0;
  uint64_t id = 0;
  uint64_t changes = 0;
  uint64_t first_offset = 0;
  int64_t commit_ts_us = 0;
  std::vector<CapturedChange> rows;

  [[nodiscard]] bool of_snapshot() const;
};
using Captured = std::vector<CapturedTransaction>;

/// A source that reads this server from a place: `from` as on the command line.
pipeline::SourceConfig capture_config(const MysqlServer& server, const std::string& from,
                                      const std::string& until = "now");
/// Runs the source to its end and gives all that its changelog then holds. Without a folder the
/// changelog is a temporary one.
Result<Captured> capture(const pipeline::SourceConfig& config, const std::string& folder = {});
/// All that is visible in a changelog.
Result<Captured> read_changelog(const std::string& folder);
Result<Captured> read_changelog(FileSystem& files, const std::string& folder);

/// "FILE:POS" of the end of the server's binlog; "" when it cannot say.
std::string binlog_end(const MysqlServer& server);
/// What breaks the promises of every changelog: offsets dense from 0, ordinals dense in each
/// transaction, transactions in binlog order, none twice. Empty when all is well.
std::string broken_promise(const Captured& captured);
/// One line per row change and statement, without BEGIN and COMMIT.
std::vector<std::string> describe(const Captured& captured);

}  // namespace tailwater::test
