// Streams of events made by hand, for what no server here sends: the InnoDB binlog of MariaDB 12.3,
// which tells no places, and rows events in fragments.
#include "source/mysql/capture.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "changelog/log_fixture.h"
#include "source/mysql/binlog/table_schema.h"
#include "source/mysql/event_maker.h"
#include "source/mysql/schema/tracked_schemas.h"

namespace tailwater::mysql {
namespace {

using changelog::Reader;
using changelog::Writer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Names final : public SchemaResolver {
 public:
  Result<TableSchema> resolve(const TableMap& map) override { return schema_without_names(map); }
};

class CaptureTest : public ::testing::Test {
 protected:
  void open(const CaptureStart& start, CaptureEnd end = {}) {
    open_with(names_, start, std::move(end));
  }
  void open_with(SchemaResolver& names, const CaptureStart& start, CaptureEnd end = {}) {
    capture_.reset();
    writer_.reset();
    auto writer =
        Writer::open(FileSystem::posix(), folder_.string(), {}, {SourceKind::kMariadb, "", "test"});
    ASSERT_TRUE(writer.has_value()) << writer.error().describe();
    writer_ = std::move(*writer);
    capture_ = std::make_unique<Capture>(*writer_, names, CaptureRules{}, std::move(end));
    const Status started = capture_->start(start);
    ASSERT_TRUE(started.has_value()) << started.error().describe();
  }
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              fmt::format("tailwater-capture-{}", static_cast<int>(getpid()));
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override {
    capture_.reset();
    writer_.reset();
    std::filesystem::remove_all(folder_);
  }

  // The error of the first event that is not taken.
  std::string take(const std::vector<std::string>& events) {
    for (std::string_view rest : events) {
      while (!rest.empty()) {
        constexpr size_t kLengthAt = 9;
        const auto* bytes = as_bytes(rest).data();
        const auto length = std::min<size_t>(load<uint32_t>(bytes + kLengthAt), rest.size());
        const Status taken = capture_->take(as_bytes(rest.substr(0, length)));
        if (!taken.has_value()) return taken.error().describe();
        rest.remove_prefix(length);
      }
    }
    const Status flushed = writer_->flush();
    return flushed.has_value() ? "" : flushed.error().describe();
  }

  // "gtid file start-end: values".
  std::vector<std::string> transactions() {
    auto reader = Reader::open(FileSystem::posix(), folder_.string(), {});
    std::vector<std::string> lines;
    for (;;) {
      const auto entry = (*reader)->next();
      EXPECT_TRUE(entry.has_value()) << entry.error().describe();
      if (!entry.has_value() || !*entry) return lines;
      if ((*entry)->kind == TailEntry::Kind::kBegin) {
        const TransactionInfo& info = *(*entry)->transaction;
        lines.push_back(
            fmt::format("{} '{}' {}-{}:", info.gtid, info.file, info.start_pos, info.end_pos));
      } else if ((*entry)->kind == TailEntry::Kind::kChange) {
        const ChangeView& change = *(*entry)->change;
        lines.back() += fmt::format(" {}@{}", change.after.fixed<int32_t>(0), change.source_pos);
      }
    }
  }

  static CaptureStart gtid_only(const std::string& gtids) {
    CaptureStart start;
    start.position = {SourceKind::kMariadb, "", {}, gtids};
    start.gtid_only = true;
    return start;
  }
  static CaptureStart at_file() {
    CaptureStart start;
    start.position = {SourceKind::kMariadb, "", {"bin.000001", 4}, "0-1-4"};
    return start;
  }

  std::filesystem::path folder_;
  Names names_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Capture> capture_;
};

TEST_F(CaptureTest, PositionsAreGtidsWhereTheServerTellsNoPlaces) {
  EventMaker maker(false);
  open(gtid_only("0-1-4"));
  EXPECT_EQ(take({maker.rotate(""), maker.rotate("binlog-000000.ibb"), maker.format(),
                  maker.gtid(5), maker.table_map(), maker.insert(10, 2), maker.commit(1),
                  maker.gtid(6), maker.table_map(), maker.insert(20, 1), maker.commit(2)}),
            "");
  EXPECT_THAT(transactions(), ElementsAre("0-1-5 '' 0-0: 10@0 11@0", "0-1-6 '' 0-0: 20@0"));
  EXPECT_EQ(capture_->position(), (Position{SourceKind::kMariadb, "", {}, "0-1-6"}));

  // A connection that breaks in a transaction, a server that was started anew: by GTID all the
  // same.
  EXPECT_EQ(take({maker.gtid(7), maker.table_map(), maker.insert(30, 5)}), "");
  open(gtid_only("0-1-6"));
  EXPECT_EQ(writer_->last_position(), (Position{SourceKind::kMariadb, "", {}, "0-1-6"}));
  EXPECT_EQ(take({maker.format(), maker.gtid(7), maker.table_map(), maker.insert(30, 1),
                  maker.commit(3), maker.format(), maker.gtid(8), maker.table_map(),
                  maker.insert(40, 1), maker.commit(4)}),
            "");
  EXPECT_THAT(transactions(), ElementsAre("0-1-5 '' 0-0: 10@0 11@0", "0-1-6 '' 0-0: 20@0",
                                          "0-1-7 '' 0-0: 30@0", "0-1-8 '' 0-0: 40@0"));
}

TEST_F(CaptureTest, EndsAtGtidsWhereTheServerTellsNoPlaces) {
  EventMaker maker(false);
  CaptureEnd end;
  end.mariadb_gtids = MariadbGtidList::parse("0-1-6").value();
  open(gtid_only(""), end);
  EXPECT_EQ(
      take({maker.format(), maker.gtid(5), maker.table_map(), maker.insert(1, 1), maker.commit(1)}),
      "");
  EXPECT_FALSE(capture_->finished());
  EXPECT_EQ(take({maker.gtid(6), maker.table_map(), maker.insert(2, 1), maker.commit(2)}), "");
  EXPECT_TRUE(capture_->finished());
}

TEST_F(CaptureTest, ErrorsNameTheGtidWhereTheServerTellsNoPlaces) {
  EventMaker maker(false);
  open(gtid_only("0-1-4"));
  EXPECT_THAT(take({maker.format(), maker.gtid(5), maker.insert(1, 1)}),
              HasSubstr("after GTID 0-1-4"));
}

// Cached transactions of MariaDB 11.4 and later have places in their first and last events only.
TEST_F(CaptureTest, EventsWithoutAPlaceInsideATransaction) {
  EventMaker maker(true);
  open(at_file());
  std::vector<std::string> events = {
      maker.rotate("bin.000001"), maker.format(),     maker.gtid(5),
      maker.table_map(),          maker.insert(1, 1), maker.commit(1)};
  for (const size_t i : {size_t{3}, size_t{4}})
    store<uint32_t>(reinterpret_cast<uint8_t*>(events[i].data()) + 13, 0);
  const uint64_t rows_at = 4 + events[1].size() + events[2].size() + events[3].size();
  EXPECT_EQ(take(events), "");
  EXPECT_THAT(transactions(), ElementsAre(fmt::format("0-1-5 'bin.000001' {}-{}: 1@{}",
                                                      4 + events[1].size(), maker.pos(), rows_at)));
  EXPECT_EQ(capture_->position().binlog, (BinlogPosition{"bin.000001", maker.pos()}));
}

TEST_F(CaptureTest, FragmentsBecomeTheirRowsEvent) {
  const std::string whole = EventMaker(false).insert(100, 50);
  EventMaker maker(true);
  open(at_file());
  std::vector<std::string> events = {maker.rotate("bin.000001"), maker.format(), maker.gtid(5),
                                     maker.table_map()};
  const uint64_t first_at = maker.pos();
  events.push_back(maker.fragment(1, 3, whole.substr(0, 100), whole.size()));
  events.push_back(maker.fragment(2, 3, whole.substr(100, 100), 0));
  events.push_back(maker.fragment(3, 3, whole.substr(200), 0));
  events.push_back(maker.insert(7, 1));
  const uint64_t after_at = maker.pos() - events.back().size();
  events.push_back(maker.commit(1));
  EXPECT_EQ(take(events), "");
  const std::vector<std::string> lines = transactions();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr(fmt::format(": 100@{0} 101@{0}", first_at)));
  EXPECT_THAT(lines[0], testing::EndsWith(fmt::format(" 149@{} 7@{}", first_at, after_at)));
}

TEST_F(CaptureTest, NothingMayStandBetweenFragments) {
  const std::string whole = EventMaker(false).insert(100, 50);
  EventMaker maker(true);
  open(at_file());
  EXPECT_THAT(take({maker.format(), maker.gtid(5), maker.table_map(),
                    maker.fragment(1, 2, whole.substr(0, 100), whole.size()), maker.commit(1)}),
              HasSubstr("between the fragments"));
  // A new stream starts without them.
  EXPECT_TRUE(capture_->start(at_file()).has_value());
  EventMaker again(true);
  EXPECT_EQ(
      take({again.format(), again.gtid(5), again.table_map(), again.insert(1, 1), again.commit(1)}),
      "");
  EXPECT_EQ(transactions().size(), 1U);
}

// "name=value" of each row, and the statements.
std::vector<std::string> with_names(const std::string& folder) {
  auto reader = Reader::open(FileSystem::posix(), folder, {});
  std::vector<std::string> lines;
  for (;;) {
    const auto entry = (*reader)->next();
    EXPECT_TRUE(entry.has_value()) << entry.error().describe();
    if (!entry.has_value() || !*entry) return lines;
    if ((*entry)->kind != TailEntry::Kind::kChange) continue;
    const ChangeView& change = *(*entry)->change;
    lines.push_back(change.schema == nullptr
                        ? std::string(change.statement)
                        : fmt::format("{}={}", change.schema->columns()[0].name,
                                      change.after.fixed<int32_t>(0)));
  }
}

// A statement that nobody knows stops nothing: it is recorded, and the table is not taken for what
// it was. Here is no server to ask: the columns have no names then.
TEST_F(CaptureTest, StatementsThatAreNotKnownAreRecorded) {
  EventMaker maker(true);
  TrackedSchemas schemas(FileSystem::posix(), "");
  ASSERT_TRUE(schemas.start_without_server(at_file().position, true).has_value());
  open_with(schemas, at_file());
  EXPECT_EQ(take({maker.rotate("bin.000001"),
                  maker.format(),
                  maker.statement(5, "CREATE TABLE d.t (a INT NOT NULL)"),
                  maker.gtid(6),
                  maker.table_map(),
                  maker.insert(1, 1),
                  maker.commit(1),
                  maker.statement(7, "ALTER TABLE d.u FROBNICATE a"),
                  maker.gtid(8),
                  maker.table_map(),
                  maker.insert(2, 1),
                  maker.commit(2),
                  maker.statement(9, "ALTER TABLE d.t FROBNICATE a"),
                  maker.gtid(10),
                  maker.table_map(),
                  maker.insert(3, 1),
                  maker.commit(3),
                  maker.statement(12, "GRANT ALL ON d.* TO x"),
                  maker.statement(13, "CREATE OR REPLACE TABLE d.t (b INT NOT NULL)"),
                  maker.gtid(14),
                  maker.table_map(),
                  maker.insert(4, 1),
                  maker.commit(4),
                  maker.statement(15, "FROBNICATE"),
                  maker.gtid(16),
                  maker.table_map(),
                  maker.insert(5, 1),
                  maker.commit(5)}),
            "");
  EXPECT_THAT(
      with_names(folder_.string()),
      ElementsAre("CREATE TABLE d.t (a INT NOT NULL)", "a=1", "ALTER TABLE d.u FROBNICATE a", "a=2",
                  "ALTER TABLE d.t FROBNICATE a", "@1=3",
                  "CREATE OR REPLACE TABLE d.t (b INT NOT NULL)", "b=4", "FROBNICATE", "@1=5"));
}

}  // namespace
}  // namespace tailwater::mysql
