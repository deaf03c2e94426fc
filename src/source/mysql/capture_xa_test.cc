// XA transactions from events made by hand: what real servers seldom send.
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "changelog/log_fixture.h"
#include "source/mysql/binlog/gtid_event.h"
#include "source/mysql/binlog/table_schema.h"
#include "source/mysql/capture.h"
#include "source/mysql/event_maker.h"
#include "source/mysql/xa_id.h"

namespace tailwater::mysql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(XaIdTest, IsReadAsServersWriteIt) {
  const auto commit = parse_xa_statement("XA COMMIT X'6f6E65',X'62',7");
  ASSERT_TRUE(commit.has_value());
  EXPECT_EQ(commit->kind, XaStatement::Kind::kCommit);
  EXPECT_EQ(commit->id, "X'6f6e65',X'62',7");
  EXPECT_EQ(parse_xa_statement("xa rollback x'61'")->id, "X'61',X'',1");
  EXPECT_EQ(xa_id(7, "one", "b").value(), commit->id);
  EXPECT_FALSE(xa_id(1, std::string(65, 'a'), "").has_value());
  for (const char* wrong :
       {"", "XA", "XA COMMIT", "XA COMMIT X'6'", "XA COMMIT X'6g'", "XA COMMIT X'61",
        "XA COMMIT X'61',", "XA COMMIT X'61',X'62',", "XA COMMIT X'61',X'62',99999999999",
        "XA COMMIT X'61' ONE", "XA FORGET X'61'", "COMMIT X'61'", "XA COMMIT 'a'"}) {
    EXPECT_FALSE(parse_xa_statement(wrong).has_value()) << wrong;
  }
}

class Names final : public SchemaResolver {
 public:
  Result<TableSchema> resolve(const TableMap& map) override { return schema_without_names(map); }
};

class CaptureXaTest : public changelog::LogFixture {
 protected:
  void SetUp() override {
    auto writer = open_writer();
    ASSERT_TRUE(writer.has_value()) << writer.error().describe();
    writer_ = std::move(*writer);
    capture_ = std::make_unique<Capture>(*writer_, names_, CaptureRules{}, CaptureEnd{});
    CaptureStart start;
    start.position = {SourceKind::kMariadb, "", {"bin.000001", 4}, "0-1-4"};
    ASSERT_TRUE(capture_->start(start).has_value());
    ASSERT_EQ(take({maker_.rotate("bin.000001"), maker_.format()}), "");
  }

  std::string xa_start(uint64_t sequence, std::string_view gtrid) {
    return gtid(sequence, MariadbGtidEvent::kPreparedXa, gtrid);
  }
  std::string gtid(uint64_t sequence, uint8_t flags, std::string_view gtrid) {
    ByteBuffer body;
    body.put<uint64_t>(sequence);
    body.put<uint32_t>(0);
    body.put<uint8_t>(flags);
    body.put<uint32_t>(1);
    body.put<uint8_t>(static_cast<uint8_t>(gtrid.size()));
    body.put<uint8_t>(0);
    body.append(gtrid);
    return maker_.event(EventType::kMariadbGtid, as_text(body.view()));
  }
  std::string query(std::string_view sql) {
    ByteBuffer body;
    body.put<uint32_t>(9);
    body.put<uint32_t>(0);
    body.append_zeros(5);  // no database, no error, no variables
    body.put<uint8_t>(0);
    body.append(sql);
    return maker_.event(EventType::kQuery, as_text(body.view()));
  }
  std::string xa_prepare(std::string_view gtrid, bool one_phase = false) {
    ByteBuffer body;
    body.put<uint8_t>(one_phase ? 1 : 0);
    body.put<uint32_t>(1);
    body.put<uint32_t>(static_cast<uint32_t>(gtrid.size()));
    body.put<uint32_t>(0);
    body.append(gtrid);
    return maker_.event(EventType::kXaPrepare, as_text(body.view()));
  }
  // The error of the first event that is not taken.
  std::string take(const std::vector<std::string>& events) {
    for (const std::string& event : events) {
      const Status taken = capture_->take(as_bytes(event));
      if (!taken.has_value()) return taken.error().describe();
    }
    const Status flushed = writer_->flush();
    return flushed.has_value() ? "" : flushed.error().describe();
  }
  std::vector<std::string> transactions() {
    auto reader = changelog::Reader::open(files_, folder_, {});
    std::vector<std::string> lines;
    for (;;) {
      const auto entry = (*reader)->next();
      EXPECT_TRUE(entry.has_value()) << entry.error().describe();
      if (!entry.has_value() || !*entry) return lines;
      if ((*entry)->kind == TailEntry::Kind::kBegin) {
        lines.push_back(std::string((*entry)->transaction->gtid));
      } else if ((*entry)->kind == TailEntry::Kind::kChange) {
        lines.back() += fmt::format(" {}", (*entry)->change->after.fixed<int32_t>(0));
      }
    }
  }

  EventMaker maker_{true};
  Names names_;
  std::unique_ptr<changelog::Writer> writer_;
  std::unique_ptr<Capture> capture_;
};

constexpr uint8_t kCompleted = MariadbGtidEvent::kCompletedXa | MariadbGtidEvent::kStandalone;

TEST_F(CaptureXaTest, TheGtidIsThatOfTheCommit) {
  EXPECT_EQ(take({xa_start(5, "a"), maker_.table_map(), maker_.insert(10, 2), xa_prepare("a"),
                  maker_.gtid(6), maker_.table_map(), maker_.insert(20, 1), maker_.commit(1)}),
            "");
  EXPECT_EQ(capture_->position().gtids, "0-1-6");
  EXPECT_THAT(transactions(), ElementsAre("0-1-6 20"));
  EXPECT_EQ(take({gtid(7, kCompleted, "a"), query("XA COMMIT X'61',X'',1")}), "");
  EXPECT_THAT(transactions(), ElementsAre("0-1-6 20", "0-1-7 10 11"));
}

TEST_F(CaptureXaTest, AServerThatForgetsPreparesAgain) {
  EXPECT_EQ(take({xa_start(5, "a"), maker_.table_map(), maker_.insert(10, 2), xa_prepare("a"),
                  xa_start(6, "a"), maker_.table_map(), maker_.insert(30, 1), xa_prepare("a"),
                  gtid(7, kCompleted, "a"), query("XA COMMIT X'61',X'',1")}),
            "");
  EXPECT_THAT(transactions(), ElementsAre("0-1-7 30"));
  EXPECT_THAT(writer_->prepared(), IsEmpty());
}

TEST_F(CaptureXaTest, OnePhaseCommitsAtOnce) {
  EXPECT_EQ(
      take({xa_start(5, "a"), maker_.table_map(), maker_.insert(10, 2), xa_prepare("a", true)}),
      "");
  EXPECT_THAT(transactions(), ElementsAre("0-1-5 10 11"));
}

TEST_F(CaptureXaTest, WhatIsCutOffIsDropped) {
  EXPECT_EQ(take({xa_start(5, "a"), maker_.table_map(), maker_.insert(10, 2), maker_.format(),
                  maker_.gtid(6), maker_.table_map(), maker_.insert(20, 1), maker_.commit(1)}),
            "");
  EXPECT_THAT(transactions(), ElementsAre("0-1-6 20"));
  EXPECT_THAT(take({gtid(7, kCompleted, "a"), query("XA COMMIT X'61',X'',1")}),
              HasSubstr("not known"));
}

TEST_F(CaptureXaTest, WhatCannotBeIsRefused) {
  EXPECT_THAT(take({maker_.gtid(5), xa_prepare("a")}), HasSubstr("without its XA START"));
}

TEST_F(CaptureXaTest, ACommitInPlaceOfAPrepareIsRefused) {
  EXPECT_THAT(take({xa_start(5, "a"), maker_.table_map(), maker_.insert(1, 1), maker_.commit(1)}),
              HasSubstr("a COMMIT ends an XA transaction"));
}

}  // namespace
}  // namespace tailwater::mysql
