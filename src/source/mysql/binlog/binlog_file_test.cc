#include "source/mysql/binlog/binlog_file.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "source/mysql/binlog/control_events.h"
#include "source/mysql/binlog/corpus.h"
#include "source/mysql/binlog/gtid_set.h"

namespace tailwater::mysql {
namespace {

// The head of a binlog that MySQL 9.7 has open: magic, format description (in-use flag set, so that
// its checksum is of the event without it), an empty previous_gtids.
constexpr const char* kHead =
    "fe62696e948a006b0f470000007b0000007f00000000000400392e372e342d320000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000948a006b13000d00080000000004000400"
    "00006300041a08000000000000020000000a0a0a2a2a001234000a28000001b51bff57948a006b23470000001f00"
    "00009e0000008000000000000000000018a2d230";
constexpr size_t kFlagsAt = 4 + 17;

class BinlogFileTest : public testing::Test {
 protected:
  ~BinlogFileTest() override { std::filesystem::remove(path_); }

  Result<BinlogFile> open(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    return BinlogFile::open(FileSystem::posix(), path_);
  }
  std::string path_ =
      (std::filesystem::temp_directory_path() / ("tailwater_binlog_" + std::to_string(getpid())))
          .string();
};

TEST_F(BinlogFileTest, ReadsEvents) {
  auto file = open(bytes_of(kHead));
  ASSERT_TRUE(file.has_value());
  auto event = file->next();
  ASSERT_TRUE(event.has_value() && *event) << event.error().describe();
  EXPECT_EQ((*event)->header.type, EventType::kFormatDescription);
  EXPECT_EQ(file->format().server_version, "9.7.4-2");
  EXPECT_EQ(file->format().version, 90704u);
  EXPECT_EQ(file->format().checksum, Checksum::kCrc32);
  EXPECT_FALSE(file->format().mariadb);
  EXPECT_EQ(file->format().post_header(EventType::kQuery), 13);
  EXPECT_EQ(file->position(), 4u);
  EXPECT_EQ(file->next_position(), 127u);
  event = file->next();
  ASSERT_TRUE(event.has_value() && *event);
  EXPECT_TRUE(MysqlGtidSet::decode((*event)->body)->empty());
  EXPECT_EQ(file->next_position(), 158u);
  event = file->next();
  ASSERT_TRUE(event.has_value());
  EXPECT_FALSE(event->has_value());
  EXPECT_FALSE(file->ends_inside_event());
}

TEST_F(BinlogFileTest, TheInUseFlagIsOutsideTheChecksum) {
  std::string bytes = bytes_of(kHead);
  for (const char flag : {'\0', '\x01'}) {
    bytes[kFlagsAt] = flag;
    auto file = open(bytes);
    EXPECT_TRUE(file->next().has_value());
    EXPECT_EQ(file->was_in_use(), flag != 0);
  }
}

TEST_F(BinlogFileTest, ATornTailIsNoError) {
  const std::string bytes = bytes_of(kHead);
  for (size_t size = 128; size < bytes.size(); ++size) {
    auto file = open(bytes.substr(0, size));
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE(file->next().has_value());
    const auto event = file->next();
    ASSERT_TRUE(event.has_value());
    EXPECT_FALSE(event->has_value());
    EXPECT_TRUE(file->ends_inside_event());
    EXPECT_EQ(file->next_position(), 127u);
  }
}

TEST_F(BinlogFileTest, EveryFlippedByteIsFound) {
  const std::string bytes = bytes_of(kHead);
  for (size_t at = 127; at < bytes.size(); ++at) {
    if (at >= 127 + 9 && at < 127 + 13) continue;  // the length: the event then seems cut short
    std::string damaged_bytes = bytes;
    damaged_bytes[at] = static_cast<char>(damaged_bytes[at] ^ 0x20);
    auto file = open(damaged_bytes);
    ASSERT_TRUE(file->next().has_value());
    const auto event = file->next();
    ASSERT_FALSE(event.has_value()) << at;
    EXPECT_EQ(event.error().kind, ErrorKind::kCorrupt);
    EXPECT_TRUE(event.error().position.ends_with(":127")) << event.error().position;
  }
}

TEST_F(BinlogFileTest, RefusesOtherFiles) {
  EXPECT_EQ(open("").error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(open("PK\x03\x04zip").error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(open("\xfd"
                 "bin\x01")
                .error()
                .kind,
            ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace tailwater::mysql
