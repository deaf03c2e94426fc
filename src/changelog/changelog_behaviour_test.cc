// What users rely on: one writer, one source, schemas, selection, retention, cursors, waking,
// memory.
#include <fstream>
#include <thread>

#include <sys/wait.h>

#include "changelog/cursor.h"
#include "changelog/log_fixture.h"
#include "changelog/verify.h"

namespace tailwater::changelog {
namespace {

using BehaviourTest = LogFixture;
using Lines = std::vector<std::string>;

// One transaction of `count` rows with a note of 1,000 bytes.
Status put(Source& source, int64_t id, int count = 1, const std::string& table = "orders") {
  TW_TRY(source.begin());
  TW_TRY(source.rows(Op::kInsert, shop_table(table), id, count, std::string(1000, 'x')));
  return source.commit(id * 1000);
}

TEST_F(BehaviourTest, ASecondWriterIsRefused) {
  auto first = open_writer();
  TW_OK(first);
  const auto second = open_writer();
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  TW_OK((*first)->close());
  TW_OK(open_writer());
}

TEST_F(BehaviourTest, AnotherSourcesFolderIsRefused) {
  TW_OK(open_writer());
  const auto other = Writer::open(files_, folder_, {}, {SourceKind::kMysql, "server-2", "shop"});
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().kind, ErrorKind::kResync);
  EXPECT_FALSE(other.error().hint.empty());
}

TEST_F(BehaviourTest, ASchemaKeepsItsNumber) {
  const WriterOptions options{.segment_bytes = 8192, .frame_bytes = 2000};
  uint32_t orders = 0;
  {
    auto writer = open_writer(options);
    TW_OK(writer);
    Source source(**writer);
    TW_OK(put(source, 1, 3, "orders"));
    for (int i = 0; i < 30; ++i) TW_OK(put(source, i, 3, "items"));
    orders = static_cast<uint32_t>((*(*writer)->intern(shop_table("orders")))->id());
    TW_OK((*writer)->close());
  }
  auto writer = open_writer(options);
  TW_OK(writer);
  const auto changed = (*writer)->intern(shop_table("new"));
  const auto again = (*writer)->intern(shop_table("orders"));
  TW_OK(changed);
  TW_OK(again);
  EXPECT_EQ(static_cast<uint32_t>((*again)->id()), orders);
  EXPECT_EQ(static_cast<uint32_t>((*changed)->id()), 3U);
}

TEST_F(BehaviourTest, ASelectionGivesOnlyItsTables) {
  auto writer = open_writer({.frame_bytes = 3000});
  TW_OK(writer);
  Source source(**writer);
  for (int i = 0; i < 20; ++i)
    TW_OK(put(source, i, i == 7 ? 30 : 2, i % 7 == 0 ? "items" : "orders"));
  TW_OK((*writer)->flush());
  const auto lines = read_all(files_, folder_, {.tables = {"shop.items"}});
  TW_OK(lines);
  size_t changes = 0;
  for (const std::string& line : *lines) {
    EXPECT_EQ(line.find("orders"), std::string::npos) << line;
    changes += line.starts_with("insert") ? 1U : 0U;
  }
  EXPECT_EQ(changes, 34U);
  // The position moves though the last transactions were not ours.
  EXPECT_EQ(lines->back(), "position " + std::to_string(source.pos()));
}

TEST_F(BehaviourTest, RetentionStopsAtCursorsAndPausesOrDetaches) {
  WriterOptions options{.segment_bytes = 16 << 10, .frame_bytes = 4000, .log_max_bytes = 64 << 10};
  auto writer = open_writer(options);
  TW_OK(writer);
  Source source(**writer);
  TW_OK(store_cursor(files_, folder_, {"sink", Offset{5}, false, 1}));
  int64_t id = 0;
  for (; id < 400 && !(*writer)->status().paused_full; ++id) TW_OK(put(source, id));
  ASSERT_TRUE((*writer)->status().paused_full);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ((*writer)->wait_for_room(stop.get_token()).error().kind, ErrorKind::kStopped);
  const uint64_t next = raw((*writer)->next_offset());
  TW_OK((*writer)->flush());
  TW_OK(store_cursor(files_, folder_, {"sink", Offset{next}, false, 2}));
  TW_OK((*writer)->wait_for_room({}));
  const auto too_old =
      Reader::open(files_, folder_, {.start = {StartAt::Kind::kOffset, Offset{1}}});
  ASSERT_FALSE(too_old.has_value());
  EXPECT_EQ(too_old.error().kind, ErrorKind::kResync);
  TW_OK((*writer)->close());

  options.on_full = OnFull::kDetachSink;
  auto again = open_writer(options);
  TW_OK(again);
  Source more(**again);
  more.resume(source.pos());
  for (int i = 0; i < 400; ++i) TW_OK(put(more, ++id));
  TW_OK((*again)->flush());
  const auto cursor = load_cursor(files_, folder_, "sink");
  TW_OK(cursor);
  EXPECT_TRUE((*cursor)->detached);
  EXPECT_EQ(raw((*cursor)->next), next);
  EXPECT_LT((*again)->status().log_bytes, 100U << 10);
}

TEST_F(BehaviourTest, APinnedReaderIsNeverOvertakenAndAnUnpinnedOneIsTold) {
  auto writer =
      open_writer({.segment_bytes = 16 << 10, .frame_bytes = 4000, .retention_bytes = 40 << 10});
  TW_OK(writer);
  Source source(**writer);
  TW_OK(put(source, 1));
  TW_OK((*writer)->flush());
  auto pinned = Reader::open(files_, folder_, {.start = {}, .tables = {}, .pin = true});
  TW_OK(pinned);
  for (int i = 0; i < 200; ++i) TW_OK(put(source, i));
  TW_OK((*writer)->flush());
  const auto lines = read_all(**pinned);
  TW_OK(lines);
  EXPECT_EQ(lines->size(), 201U * 3);
  pinned->reset();

  auto slow = Reader::open(files_, folder_, {});
  TW_OK(slow);
  TW_OK((*slow)->next());
  for (int i = 0; i < 200; ++i) TW_OK(put(source, i));
  TW_OK((*writer)->flush());
  const auto overtaken = read_all(**slow);
  ASSERT_FALSE(overtaken.has_value());
  EXPECT_EQ(overtaken.error().kind, ErrorKind::kResync);
}

TEST_F(BehaviourTest, AReaderInAnotherProcessIsWoken) {
  auto writer = open_writer();
  TW_OK(writer);
  Source source(**writer);
  TW_OK(put(source, 0));
  TW_OK((*writer)->flush());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // Only system calls and the reader from here on: the parent's threads do not exist in this
    // process.
    auto reader = Reader::open(files_, folder_, {.start = {StartAt::Kind::kLatest}});
    int seen = 0;
    while (reader.has_value() && seen < 50) {
      const auto entry = (*reader)->next();
      if (!entry.has_value()) break;
      if (*entry && (*entry)->kind == TailEntry::Kind::kCommit) ++seen;
      if (!*entry && !(*reader)->wait({}, 5000000)) break;
    }
    ::_exit(seen == 50 ? 0 : 1);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  for (int i = 0; i < 51; ++i) {
    TW_OK(put(source, i));
    TW_OK((*writer)->seal());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(BehaviourTest, WaitingEndsWithTheStop) {
  auto writer = open_writer();
  TW_OK(writer);
  auto reader = Reader::open(files_, folder_, {});
  TW_OK(reader);
  std::stop_source stop;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  const int64_t start = Clock::system().steady_us();
  TW_OK((*reader)->wait(stop.get_token(), 10000000));
  EXPECT_LT(Clock::system().steady_us() - start, 5000000);
  stopper.join();
}

uint64_t anonymous_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon"))
      return std::strtoull(line.c_str() + line.find_first_of("0123456789"), nullptr, 10);
  }
  return 0;
}

TEST_F(BehaviourTest, AHugeTransactionNeedsLittleMemory) {
  constexpr int kRows = 5000000;
  const uint64_t before = anonymous_kilobytes();
  auto writer = open_writer();
  TW_OK(writer);
  Source source(**writer);
  TW_OK(source.begin());
  TW_OK(source.rows(Op::kInsert, shop_table(), 0, kRows, "a row"));
  TW_OK(source.commit());
  TW_OK((*writer)->flush());
  auto reader = Reader::open(files_, folder_, {});
  TW_OK(reader);
  const auto begin = (*reader)->next();
  TW_OK(begin);
  EXPECT_EQ((*begin)->transaction->changes, static_cast<uint64_t>(kRows));
  uint64_t seen = 0;
  for (;;) {
    const auto entry = (*reader)->next();
    TW_OK(entry);
    if (!*entry) break;
    seen += (*entry)->kind == TailEntry::Kind::kChange ? 1U : 0U;
  }
  EXPECT_EQ(seen, static_cast<uint64_t>(kRows));
  EXPECT_LT(anonymous_kilobytes() - before, 40000U);
}

TEST_F(BehaviourTest, ALargeRowIsOneFrame) {
  auto writer = open_writer();
  TW_OK(writer);
  Source source(**writer);
  const std::string large(64 << 20, 'r');
  TW_OK(source.begin());
  TW_OK(source.rows(Op::kInsert, shop_table(), 1, 1, large));
  TW_OK(source.commit());
  TW_OK((*writer)->flush());
  auto reader = Reader::open(files_, folder_, {});
  TW_OK(reader);
  TW_OK((*reader)->next());
  const auto entry = (*reader)->next();
  TW_OK(entry);
  EXPECT_EQ((*entry)->change->after.text(1), large);
}

TEST_F(BehaviourTest, CursorsAreCheckedAndKept) {
  TW_OK(files_.make_folder(folder_));
  const SinkCursor cursor{"kinesis-1", Offset{42}, false, 7};
  TW_OK(store_cursor(files_, folder_, cursor));
  EXPECT_EQ(**load_cursor(files_, folder_, "kinesis-1"), cursor);
  EXPECT_FALSE(store_cursor(files_, folder_, {"../x", Offset{1}, false, 1}).has_value());
  TW_OK(set_cursor_detached(files_, folder_, "kinesis-1", true));
  TW_OK(store_cursor(files_, folder_, cursor));
  EXPECT_TRUE((*load_cursor(files_, folder_, "kinesis-1"))->detached);
  std::ofstream(folder_ + "/cursors/kinesis-1", std::ios::app) << "x";
  EXPECT_EQ(load_cursor(files_, folder_, "kinesis-1").error().kind, ErrorKind::kCorrupt);
  TW_OK(remove_cursor(files_, folder_, "kinesis-1"));
  EXPECT_TRUE(list_cursors(files_, folder_)->empty());
}

TEST_F(BehaviourTest, VerifyCountsAndRepairKeepsWhatItCuts) {
  {
    auto writer = open_writer({.segment_bytes = 16 << 10, .frame_bytes = 4000});
    TW_OK(writer);
    Source source(**writer);
    for (int i = 0; i < 60; ++i) TW_OK(put(source, i));
    TW_OK((*writer)->close());
  }
  const auto good = verify_log(files_, folder_);
  TW_OK(good);
  EXPECT_FALSE(good->corruption.has_value());
  EXPECT_EQ(raw(good->end_offset), 60U);
  ASSERT_GE(good->segments.size(), 3U);
  const std::string second = folder_ + "/" + good->segments[1].name;
  std::fstream file(second, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(6000);
  file.put('!');
  file.close();
  const auto bad = verify_log(files_, folder_);
  TW_OK(bad);
  ASSERT_TRUE(bad->corruption.has_value());
  EXPECT_NE(bad->corruption->position.find(good->segments[1].name), std::string::npos);
  const auto repaired = repair_log(files_, folder_);
  TW_OK(repaired);
  EXPECT_TRUE(repaired->changed);
  EXPECT_GE(raw(repaired->first_lost), raw(good->segments[1].first_offset));
  EXPECT_LT(raw(repaired->first_lost), raw(good->segments[1].end_offset));
  EXPECT_EQ(repaired->aside.size(), good->segments.size() - 1);
  const auto mended = verify_log(files_, folder_);
  TW_OK(mended);
  EXPECT_FALSE(mended->corruption.has_value());
  auto writer = open_writer();
  TW_OK(writer);
  EXPECT_EQ((*writer)->next_offset(), repaired->first_lost);
  EXPECT_EQ((*writer)->last_position(), repaired->position);
}

}  // namespace
}  // namespace tailwater::changelog
