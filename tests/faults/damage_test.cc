// Every byte of a small changelog is damaged, one at a time: readers and the next writer either say
// so or are not affected. Nothing wrong is ever given, nothing synced is ever passed over in
// silence.
#include <gtest/gtest.h>

#include "changelog/frame_input.h"
#include "changelog/log_fixture.h"
#include "changelog/recovery.h"
#include "support/sim_files.h"

namespace tailwater::changelog {
namespace {

constexpr const char* kFolder = "disk/log";
using Lines = std::vector<std::string>;

// Three runs, one per codec; transactions in one frame and in several; statements and advances.
void write_log(testing::SimFiles& files) {
  uint64_t pos = 0;
  for (const auto codec : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    auto writer = Writer::open(files, kFolder,
                               {.segment_bytes = 6000, .frame_bytes = 500, .compression = codec},
                               shop_identity());
    TW_OK(writer);
    Source source(**writer);
    source.resume(pos);
    for (int i = 0; i < 4; ++i) {
      TW_OK(source.begin());
      TW_OK(source.rows(i % 2 == 0 ? Op::kInsert : Op::kUpdate, shop_table(), i, i == 2 ? 30 : 3,
                        "a note of some length"));
      TW_OK((*writer)->add_statement({Op::kSchemaChange, 1, 2, 0, 0}, "shop", "ALTER"));
      TW_OK(source.commit(i));
      TW_OK(source.advance(9));
      TW_OK((*writer)->flush());
    }
    pos = source.pos();
    TW_OK((*writer)->close());
  }
}

class DamageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    (void)files_.make_folder("disk");
    ASSERT_NO_FATAL_FAILURE(write_log(files_));
    auto lines = read_all(files_, kFolder);
    TW_OK(lines);
    lines_ = std::move(*lines);
    auto bases = list_segments(files_, kFolder);
    TW_OK(bases);
    bases_ = std::move(*bases);
    auto recovered = recover(files_, kFolder);
    TW_OK(recovered);
    end_ = recovered->end;
  }

  [[nodiscard]] static std::string path(uint64_t base) {
    return join_path(kFolder, segment_name(base));
  }
  // The lines when the log can be read, nothing when it says that it is damaged.
  void expect_whole_or_error(const std::string& what) {
    const auto lines = read_all(files_, kFolder);
    if (lines.has_value()) {
      ASSERT_EQ(*lines, lines_) << what;
    } else {
      ASSERT_EQ(lines.error().kind, ErrorKind::kCorrupt) << what << lines.error().describe();
    }
    const auto recovered = recover(files_, kFolder);
    if (!recovered.has_value()) return;
    ASSERT_EQ(recovered->end.next_offset, end_.next_offset) << what;
    ASSERT_EQ(recovered->end.position, end_.position) << what;
  }

  testing::SimFiles files_{1};
  Lines lines_;
  std::vector<uint64_t> bases_;
  LogPlace end_;
};

TEST_F(DamageTest, AFlippedBitIsFoundOrHarmless) {
  ASSERT_GE(bases_.size(), 3U);
  size_t found = 0;
  size_t flips = 0;
  for (const uint64_t base : bases_) {
    std::vector<uint8_t>& bytes = *files_.contents(path(base));
    for (size_t at = 0; at < bytes.size(); at += at >= 200 && at < 4000 ? 97 : 1, ++flips) {
      const auto bit = static_cast<uint8_t>(1U << (at % 8));
      bytes[at] ^= bit;
      ASSERT_NO_FATAL_FAILURE(expect_whole_or_error(path(base) + ":" + std::to_string(at)));
      found += read_all(files_, kFolder).has_value() ? 0U : 1U;
      bytes[at] ^= bit;
    }
  }
  EXPECT_GT(found,
            flips * 9 / 10);  // but for padding and bytes that the head page makes unnecessary
}

TEST_F(DamageTest, ACutOffSegmentIsFound) {
  for (const uint64_t base : bases_) {
    std::vector<uint8_t>& bytes = *files_.contents(path(base));
    const std::vector<uint8_t> whole = bytes;
    for (size_t length = 0; length < whole.size(); length += length < 4096 ? 511 : 13) {
      bytes.resize(length);
      ASSERT_NO_FATAL_FAILURE(
          expect_whole_or_error(path(base) + " cut to " + std::to_string(length)));
      bytes = whole;
    }
  }
}

// Without the head page only later frames and segments prove what was durable. What nothing proves,
// the last group of commits, is a torn tail; all before it is still found.
TEST_F(DamageTest, WithoutTheHeadPageOnlyTheLastGroupCanBeTorn) {
  TW_OK(files_.remove(join_path(kFolder, "head")));
  for (const uint64_t base : bases_) {
    TW_OK(files_.remove(join_path(kFolder, index_name(base))));
    std::vector<uint8_t>& bytes = *files_.contents(path(base));
    for (size_t at = kSegmentHeaderBytes; at < bytes.size(); at += 3) {
      bytes[at] ^= 0x40;
      const auto lines = read_all(files_, kFolder);
      bytes[at] ^= 0x40;
      if (!lines.has_value()) continue;
      ASSERT_LE(lines->size(), lines_.size());
      ASSERT_TRUE(std::equal(lines->begin(), lines->end(), lines_.begin())) << at;
      ASSERT_GE(lines->size() + 8, lines_.size()) << path(base) << ":" << at;
    }
  }
}

TEST_F(DamageTest, AMissingSegmentIsFound) {
  for (size_t i = 1; i + 1 < bases_.size(); ++i) {
    TW_OK(files_.rename(path(bases_[i]), "disk/aside"));
    EXPECT_FALSE(recover(files_, kFolder).has_value());
    EXPECT_FALSE(read_all(files_, kFolder).has_value());
    TW_OK(files_.rename("disk/aside", path(bases_[i])));
  }
}

}  // namespace
}  // namespace tailwater::changelog
