// tests/golden/changelog_v1 was written by the first version and is read by every later one.
// TAILWATER_WRITE_GOLDEN=1 writes it anew: only for a new format version, into a new folder.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "changelog/log_fixture.h"
#include "changelog/verify.h"

namespace tailwater::changelog {
namespace {

const std::string kGolden = TAILWATER_GOLDEN_FOLDER "/changelog_v1";

Status write_run(Writer& writer, Source& source) {
  TW_TRY(source.begin());
  TW_TRY(source.rows(Op::kInsert, shop_table(), 1, 2, "an insert"));
  TW_TRY(source.rows(Op::kUpdate, shop_table("items"), 5, 1, "an update"));
  TW_TRY(source.rows(Op::kRead, shop_table(), 6, 1, "a read"));
  TW_TRY(source.commit(1700000000000000));
  TW_TRY(source.advance(1700000001000000));
  TW_TRY(source.begin());
  TW_TRY(writer.add_statement({Op::kSchemaChange, 1, 2, 0, 0}, "shop",
                              "ALTER TABLE orders ADD x int"));
  TW_TRY(source.rows(Op::kDelete, shop_table(), 1, 1, "a delete"));
  TW_TRY(source.commit(1700000002000000));
  TW_TRY(writer.flush());
  TW_TRY(source.begin());
  TW_TRY(source.rows(Op::kInsert, shop_table(), 10, 40, "one of a transaction in several frames"));
  TW_TRY(source.commit(1700000003000000));
  return writer.close();
}

void write_golden() {
  std::filesystem::remove_all(kGolden);
  std::filesystem::create_directories(kGolden);
  uint64_t pos = 0;
  for (const auto codec : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    auto writer = Writer::open(FileSystem::posix(), kGolden,
                               {.segment_bytes = 5000, .frame_bytes = 700, .compression = codec},
                               shop_identity());
    TW_OK(writer);
    Source source(**writer);
    source.resume(pos);
    TW_OK(write_run(**writer, source));
    pos = source.pos();
  }
  for (const char* name : {"/head", "/lock"}) std::filesystem::remove(kGolden + name);
  const auto lines = read_all(FileSystem::posix(), kGolden);
  TW_OK(lines);
  std::ofstream expected(kGolden + "/expected.txt");
  for (const std::string& line : *lines) expected << line << "\n";
}

TEST(GoldenLog, IsReadAsItWasWritten) {
  if (std::getenv("TAILWATER_WRITE_GOLDEN") != nullptr) {
    ASSERT_NO_FATAL_FAILURE(write_golden());
  }
  std::vector<std::string> expected;
  std::ifstream file(kGolden + "/expected.txt");
  for (std::string line; std::getline(file, line);) expected.push_back(line);
  ASSERT_EQ(expected.size(), 3U * 53);
  const auto lines = read_all(FileSystem::posix(), kGolden);
  TW_OK(lines);
  EXPECT_EQ(*lines, expected);
  const auto report = verify_log(FileSystem::posix(), kGolden);
  TW_OK(report);
  EXPECT_FALSE(report->corruption.has_value());
  EXPECT_EQ(report->torn_bytes, 0U);
  ASSERT_TRUE(report->position.has_value());
}

TEST(GoldenLog, IsGoneOnWith) {
  const std::string copy = ::testing::TempDir() + "/golden-copy-" + std::to_string(::getpid());
  std::filesystem::copy(kGolden, copy);
  auto before = read_all(FileSystem::posix(), copy);
  TW_OK(before);
  {
    auto writer = Writer::open(FileSystem::posix(), copy, {}, shop_identity());
    TW_OK(writer);
    Source source(**writer);
    source.resume((*writer)->last_position()->binlog.pos);
    EXPECT_EQ(static_cast<uint32_t>((*(*writer)->intern(shop_table("items")))->id()), 2U);
    TW_OK(write_run(**writer, source));
  }
  const auto after = read_all(FileSystem::posix(), copy);
  TW_OK(after);
  EXPECT_EQ(after->size(), before->size() + 53);
  EXPECT_TRUE(std::equal(before->begin(), before->end(), after->begin()));
  std::filesystem::remove_all(copy);
}

}  // namespace
}  // namespace tailwater::changelog
