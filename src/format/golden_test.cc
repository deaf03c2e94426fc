// Every case of tests/golden/format: schema and values → the exact lines.
#include <filesystem>

#include <gtest/gtest.h>

#include "format/golden_case.h"

namespace tailwater::format {
namespace {

class FixedClock : public Clock {
 public:
  [[nodiscard]] int64_t now_us() const override { return 1700000000123456; }
  [[nodiscard]] int64_t steady_us() const override { return 0; }
};

// The version of this program is none of the cases' business.
std::string without_version(std::string text) {
  constexpr std::string_view kStart = R"({"version":")";
  for (size_t at = 0; (at = text.find(kStart, at)) != std::string::npos;) {
    at += kStart.size();
    text.replace(at, text.find('"', at) - at, "VERSION");
  }
  return text;
}

// The changes of a case, and the rows that they point to.
class GoldenChanges {
 public:
  GoldenChanges(const GoldenCase& golden, const Schema& schema) : rows_(2 * golden.changes.size()) {
    // A case of one change shows the second row of an event.
    uint64_t pos = 333;
    uint32_t row = 1;
    for (const GoldenChange& one : golden.changes) {
      ChangeView change;
      change.op = one.op;
      change.schema = one.op == Op::kSchemaChange ? nullptr : &schema;
      change.before = row_of(one.before, schema);
      change.after = row_of(one.after, schema);
      if (one.new_event) pos += 100, row = 0;
      change.source_pos = pos;
      change.source_row = row++;
      change.ts_us = 1600000000000000;
      change.statement = one.statement;
      change.database = golden.table.database;
      change.offset = Offset{5u + views_.size()};
      views_.push_back(change);
    }
    if (views_.empty()) return;
    views_.back().last = golden.last;
    if (!golden.last && views_.size() == 1) views_.back().offset = Offset{6};
  }
  [[nodiscard]] const std::vector<ChangeView>& views() const { return views_; }

 private:
  RowView row_of(const std::vector<std::string>& values, const Schema& schema) {
    if (values.empty()) return {schema.layout(), {}};
    write_golden_row(schema, values, rows_[next_]);
    return {schema.layout(), rows_[next_++].view()};
  }

  std::vector<ByteBuffer> rows_;
  size_t next_ = 0;
  std::vector<ChangeView> views_;
};

std::string format_case(const GoldenCase& golden) {
  const FixedClock clock;
  FormatOptions options;
  options.clock = &clock;
  for (const std::string& option : golden.options) {
    const size_t equals = option.find('=');
    const auto set =
        set_option(options, golden.format, option.substr(0, equals), option.substr(equals + 1));
    if (!set.has_value()) return set.error().describe();
  }
  auto formatter = make_formatter(golden.format, options, golden.source);
  if (!formatter.has_value()) return formatter.error().describe();
  const Schema schema(SchemaId{1}, golden.table);
  TransactionInfo transaction;
  transaction.gtid = golden.gtid;
  transaction.file = "binlog.000002";
  transaction.start_pos = 100;
  transaction.end_pos = 900;
  transaction.id = 42;
  transaction.server_id = 7;
  transaction.commit_ts_us = 1600000000654321;
  transaction.first_offset = Offset{5};
  std::string out;
  const GoldenChanges changes(golden, schema);
  for (const ChangeView& change : changes.views()) {
    const Status status = (*formatter)->append(transaction, change, out);
    if (!status.has_value()) return status.error().describe() + "\n";
  }
  const Status ended = (*formatter)->end_transaction(transaction, out);
  return ended.has_value() ? without_version(out) : ended.error().describe() + "\n";
}

// `expect` lines may leave out the head that is the same in all: `…` stands for it.
std::string with_short_head(std::string text) {
  const size_t source = text.find(R"("source":{"version":)");
  const size_t end = text.find(R"(,"transaction":)", source);
  if (source == std::string::npos || end == std::string::npos) return text;
  return with_short_head(text.replace(source, end - source, "…"));
}

TEST(Golden, EveryCase) {
  size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TAILWATER_GOLDEN)) {
    if (entry.path().extension() != ".test") continue;
    for (const GoldenCase& golden : read_golden_cases(entry.path())) {
      const std::string actual = format_case(golden);
      const bool whole = golden.expected.find("…") == std::string::npos;
      EXPECT_EQ(whole ? actual : with_short_head(actual), golden.expected) << golden.where;
      ++cases;
    }
  }
  EXPECT_GT(cases, 30u);
}

}  // namespace
}  // namespace tailwater::format
