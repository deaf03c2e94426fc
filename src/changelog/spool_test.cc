// Spools of prepared transactions: they are durable with the position behind their PREPARE, join
// the log once, and go.
#include "changelog/spool.h"

#include <fstream>

#include <gmock/gmock.h>

#include "changelog/log_fixture.h"
#include "changelog/spool_file.h"

namespace tailwater::changelog {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SpoolTest : public LogFixture {
 protected:
  void open(const WriterOptions& options = {}) {
    writer_.reset();
    auto writer = open_writer(options);
    ASSERT_TRUE(writer.has_value()) << writer.error().describe();
    writer_ = std::move(*writer);
    source_ = std::make_unique<Source>(*writer_);
    if (writer_->last_position()) source_->resume(writer_->last_position()->binlog.pos);
  }

  // Rows from `first` on, in runs of three.
  Status fill(Spool& spool, int64_t first, int count, const std::string& table = "orders") {
    TW_ASSIGN(const SchemaPtr schema, writer_->intern(shop_table(table)));
    for (int i = 0; i < count; i += 3) {
      TW_TRY(spool.start_rows({Op::kInsert, 1, 2000, static_cast<uint64_t>(i), 0}, schema));
      for (int j = i; j < std::min(i + 3, count); ++j) {
        spool.begin_image();
        RowWriter row(schema->layout(), spool.image_buffer());
        row.set_fixed<int64_t>(0, first + j);
        row.set_text(1, "spooled");
        spool.end_image();
        TW_TRY(spool.end_change());
      }
      TW_TRY(spool.end_rows());
    }
    return {};
  }
  Status prepare(const std::string& id, int64_t first, int count) {
    TW_ASSIGN(auto spool, writer_->open_spool());
    TW_TRY(fill(*spool, first, count));
    TW_TRY(writer_->prepare(std::move(spool), {.id = id, .gtid = "g", .prepared_ts_us = 77}));
    return source_->advance(1);
  }
  Status commit(const std::string& id) {
    Spool* spool = writer_->find_prepared(id);
    if (spool == nullptr) return fail(ErrorKind::kNotFound, "no such spool");
    TW_TRY(source_->begin());
    TW_ASSIGN(auto reader, writer_->read_spool(*spool));
    for (;;) {
      TW_ASSIGN(const auto run, reader.next());
      if (!run) break;
      TW_TRY(append_run(*writer_, *run));
    }
    writer_->end_prepared(id);
    return source_->commit();
  }
  [[nodiscard]] std::vector<std::string> prepared() const {
    std::vector<std::string> lines;
    for (const SpoolInfo& info : writer_->prepared()) {
      lines.push_back(info.id + " " + std::to_string(info.changes));
    }
    return lines;
  }
  [[nodiscard]] size_t spool_files() const { return list_spools(files_, folder_)->size(); }
  // The ids of the rows in the log.
  std::vector<std::string> rows() {
    std::vector<std::string> found;
    const auto lines = read_all(files_, folder_);
    for (const std::string& line : lines.value()) {
      if (line.starts_with("insert")) found.push_back(line);
    }
    return found;
  }

  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Source> source_;
};

TEST_F(SpoolTest, JoinsTheLogWhenItIsCommitted) {
  open();
  TW_OK(prepare("a", 1, 4));
  TW_OK(prepare("b", 100, 1));
  EXPECT_THAT(prepared(), ElementsAre("a 4", "b 1"));
  TW_OK(writer_->flush());
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_EQ(spool_files(), 2U);
  TW_OK(commit("b"));
  writer_->end_prepared("none");
  TW_OK(commit("a"));
  TW_OK(writer_->flush());
  EXPECT_THAT(rows(),
              ElementsAre("insert 0 #0.0 orders 100:spooled last", "insert 1 #0.0 orders 1:spooled",
                          "insert 2 #1.1 orders 2:spooled", "insert 3 #2.2 orders 3:spooled",
                          "insert 4 #3.0 orders 4:spooled last"));
  EXPECT_THAT(prepared(), IsEmpty());
  EXPECT_EQ(spool_files(), 0U);
}

TEST_F(SpoolTest, IsFoundAgainWithThePositionBehindIt) {
  open();
  TW_OK(prepare("a", 1, 4));
  TW_OK(writer_->flush());
  // Prepared, but the position does not get behind it: made anew when the source sends it again.
  auto spool = writer_->open_spool();
  TW_OK(spool);
  TW_OK(fill(**spool, 7, 1));
  TW_OK(writer_->prepare(std::move(*spool), {.id = "b"}));
  EXPECT_EQ(spool_files(), 2U);
  open();
  EXPECT_THAT(prepared(), ElementsAre("a 4"));
  EXPECT_EQ(writer_->prepared()[0].gtid, "g");
  EXPECT_EQ(writer_->status().prepared, 1U);
  EXPECT_EQ(writer_->status().prepared_since_us, 77);
  EXPECT_EQ(spool_files(), 1U);
  TW_OK(commit("a"));
  TW_OK(writer_->flush());
  open();
  EXPECT_THAT(prepared(), IsEmpty());
  EXPECT_EQ(spool_files(), 0U);
  EXPECT_THAT(rows(), SizeIs(4));
}

TEST_F(SpoolTest, AnAbortedCommitLeavesIt) {
  open();
  TW_OK(prepare("a", 1, 2));
  TW_OK(source_->begin());
  writer_->end_prepared("a");
  EXPECT_EQ(writer_->find_prepared("a"), nullptr);
  TW_OK(writer_->abort());
  EXPECT_THAT(prepared(), ElementsAre("a 2"));
  TW_OK(commit("a"));
  TW_OK(writer_->flush());
  EXPECT_THAT(rows(), SizeIs(2));
}

TEST_F(SpoolTest, OneOfTheSameIdIsReplaced) {
  open();
  TW_OK(prepare("a", 1, 2));
  TW_OK(prepare("a", 5, 1));
  EXPECT_THAT(prepared(), ElementsAre("a 1"));
  TW_OK(commit("a"));
  TW_OK(writer_->flush());
  EXPECT_THAT(rows(), ElementsAre("insert 0 #0.0 orders 5:spooled last"));
  EXPECT_EQ(spool_files(), 0U);
}

TEST_F(SpoolTest, ManyBlocksAndSavepointsGoThroughTheFile) {
  open({.frame_bytes = 256});
  auto made = writer_->open_spool();
  TW_OK(made);
  Spool& spool = **made;
  TW_OK(fill(spool, 0, 300));
  const auto mark = spool.mark();
  TW_OK(mark);
  TW_OK(fill(spool, 1000, 200, "other"));
  TW_OK(spool.rewind(*mark));
  TW_OK(fill(spool, 300, 300, "third"));
  TW_OK(writer_->prepare(std::move(*made), {.id = "a"}));
  TW_OK(source_->advance(1));
  TW_OK(writer_->flush());
  open({.frame_bytes = 256});
  EXPECT_THAT(prepared(), ElementsAre("a 600"));
  TW_OK(commit("a"));
  TW_OK(writer_->flush());
  const auto found = rows();
  ASSERT_THAT(found, SizeIs(600));
  EXPECT_EQ(found[299], "insert 299 #299.2 orders 299:spooled");
  EXPECT_EQ(found[300], "insert 300 #0.0 third 300:spooled");
  EXPECT_EQ(found[599], "insert 599 #299.2 third 599:spooled last");
}

TEST_F(SpoolTest, OneThatIsNotPreparedLeavesNothing) {
  open({.frame_bytes = 64});
  {
    auto spool = writer_->open_spool();
    TW_OK(spool);
    TW_OK(fill(**spool, 1, 30));
    EXPECT_EQ(spool_files(), 1U);
  }
  EXPECT_EQ(spool_files(), 0U);
}

// Every byte of a spool's file, damaged one at a time, and every length: it is an error, or what
// was put in comes out.
TEST_F(SpoolTest, DamageIsFound) {
  open({.frame_bytes = 64});
  TW_OK(prepare("a", 1, 12));
  TW_OK(writer_->flush());
  const SpoolInfo info = writer_->prepared()[0];
  const std::string path = join_path(spool_folder(folder_), spool_name(info.number));
  const std::string whole = read_file(files_, path).value();
  const auto changes_in = [&](const std::string& bytes) -> Result<uint64_t> {
    std::ofstream(path, std::ios::binary) << bytes;
    Incarnation incarnation;
    std::copy_n(whole.begin() + 16, incarnation.size(), incarnation.begin());
    TW_ASSIGN(const auto spool,
              Spool::load({&files_, spool_folder(folder_), incarnation, info.number}));
    TW_ASSIGN(auto reader, writer_->read_spool(*spool));
    for (uint64_t changes = 0;;) {
      TW_ASSIGN(const auto run, reader.next());
      if (!run) return changes;
      changes += run->count;
    }
  };
  EXPECT_EQ(changes_in(whole).value(), 12U);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    const auto read = changes_in(bytes);
    ASSERT_FALSE(read.has_value()) << at;
    const bool version = at >= 8 && at < 12;
    EXPECT_TRUE(version || read.error().kind == ErrorKind::kCorrupt) << at;
  }
  for (size_t length = 0; length < whole.size(); ++length) {
    ASSERT_FALSE(changes_in(whole.substr(0, length)).has_value()) << length;
  }
}

}  // namespace
}  // namespace tailwater::changelog
