#include "source/mysql/executed.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace tailwater::mysql {
namespace {

constexpr uint64_t kTransactionBytes = 100;

// Seen by hand in `status`: a file position of now with the GTIDs of a tenth of a second ago.
TEST(Executed, FileAndGtidsBelongTogetherWheneverAsked) {
  Executed executed;
  ASSERT_TRUE(
      executed.start({SourceKind::kMariadb, "", {"binlog.000001", 0}, "0-1-0"}).has_value());
  constexpr uint64_t kReads = 1000;
  std::atomic<bool> done = false;
  std::atomic<uint64_t> reads = 0;
  std::thread reader([&] {
    while (!done) {
      const Position position = executed.position();
      EXPECT_EQ(position.gtids, "0-1-" + std::to_string(position.binlog.pos / kTransactionBytes));
      ++reads;
    }
  });
  uint64_t count = 0;
  while (reads < kReads) {
    ++count;
    executed.commit("binlog.000001", count * kTransactionBytes, {}, MariadbGtid{0, 1, count});
  }
  done = true;
  reader.join();
  EXPECT_EQ(executed.position().gtids, "0-1-" + std::to_string(count));
}

TEST(Executed, MovesWithoutATransaction) {
  Executed executed;
  ASSERT_TRUE(executed.start({SourceKind::kMysql, "id", {"binlog.000001", 4}, ""}).has_value());
  executed.move_to("binlog.000002", 157);
  EXPECT_EQ(executed.position(), (Position{SourceKind::kMysql, "id", {"binlog.000002", 157}, ""}));
  EXPECT_FALSE(
      executed.start({SourceKind::kMysql, "id", {"binlog.000001", 4}, "no gtid"}).has_value());
  EXPECT_EQ(executed.binlog().file, "binlog.000002");
}

}  // namespace
}  // namespace tailwater::mysql
