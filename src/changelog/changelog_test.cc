#include "changelog/frame.h"
#include "changelog/log_fixture.h"
#include "changelog/segment.h"

namespace tailwater::changelog {
namespace {

using ChangelogTest = LogFixture;
using Lines = std::vector<std::string>;

TEST_F(ChangelogTest, WhatIsWrittenIsRead) {
  auto writer = open_writer();
  TW_OK(writer);
  Source source(**writer);
  TW_OK(source.begin());
  TW_OK(source.rows(Op::kInsert, shop_table(), 1, 2, "a"));
  TW_OK(source.rows(Op::kUpdate, shop_table("items"), 5, 1, "b"));
  TW_OK(source.commit());
  TW_OK(source.advance(6000));
  TW_OK(source.advance(7000));
  TW_OK(source.begin());
  TW_OK((*writer)->add_statement({Op::kSchemaChange, 1, 2, 0, 0}, "shop", "ALTER"));
  TW_OK(source.rows(Op::kDelete, shop_table(), 1, 1, "a"));
  TW_OK(source.commit(8000));
  TW_OK((*writer)->flush());
  const auto lines = read_all(files_, folder_);
  TW_OK(lines);
  EXPECT_EQ(*lines,
            (Lines{"begin 0 gtid-10 bin.1 10-110 n=3 ts=5000", "insert 0 #0.0 orders 1:a",
                   "insert 1 #1.1 orders 2:a", "update 2 #2.0 items 5:b 5:b' last", "commit 0",
                   "position 120", "begin 3 gtid-130 bin.1 130-230 n=2 ts=8000",
                   "schema_change 3 #0.0 ALTER", "delete 4 #0.0 orders 1:a last", "commit 3"}));
}

TEST_F(ChangelogTest, AnOpenTransactionIsInvisibleAndCutAtRestart) {
  {
    auto writer = open_writer({.frame_bytes = 200});
    TW_OK(writer);
    Source source(**writer);
    TW_OK(source.begin());
    TW_OK(source.rows(Op::kInsert, shop_table(), 1, 20, "aaaa"));
    TW_OK(source.commit());
    TW_OK(source.begin());
    TW_OK(source.rows(Op::kInsert, shop_table(), 100, 200, "lost"));
    TW_OK((*writer)->flush());
    const auto lines = read_all(files_, folder_);
    TW_OK(lines);
    EXPECT_EQ(lines->size(), 22U);
  }
  auto writer = open_writer({.frame_bytes = 200});
  TW_OK(writer);
  ASSERT_TRUE((*writer)->last_position().has_value());
  EXPECT_EQ((*writer)->last_position()->binlog.pos, 110U);
  EXPECT_EQ(raw((*writer)->next_offset()), 20U);
  Source source(**writer);
  source.resume(110);
  TW_OK(source.begin());
  TW_OK(source.rows(Op::kInsert, shop_table(), 50, 1, "new"));
  TW_OK(source.commit());
  TW_OK((*writer)->close());
  const auto lines = read_all(files_, folder_);
  TW_OK(lines);
  ASSERT_EQ(lines->size(), 25U);
  EXPECT_EQ((*lines)[23], "insert 20 #0.0 orders 50:new last");
}

// After a power cut a file may end anywhere, also in the padding behind its last frame.
TEST_F(ChangelogTest, ALogThatEndsInPaddingIsGoneOnWith) {
  for (size_t length = 0; length < kFrameAlignment; ++length) {
    const std::string folder = folder_ + "/padding-" + std::to_string(length);
    for (int life = 0; life < 3; ++life) {
      auto writer = Writer::open(files_, folder, {}, shop_identity());
      TW_OK(writer);
      Source source(**writer);
      if ((*writer)->last_position()) source.resume((*writer)->last_position()->binlog.pos);
      TW_OK(source.begin());
      TW_OK(source.rows(Op::kInsert, shop_table(), life, 1, std::string(length, 'x')));
      TW_OK(source.commit());
      TW_OK((*writer)->close());
      writer->reset();
      TW_OK(files_.remove(join_path(folder, "head")));
      auto file = files_.open(join_path(folder, segment_name(0)), OpenMode::kWrite);
      TW_OK(file);
      const auto bytes = (*file)->size();
      TW_OK(bytes);
      TW_OK((*file)->resize(*bytes - 1));
    }
    auto writer = Writer::open(files_, folder, {}, shop_identity());
    TW_OK(writer);
    TW_OK((*writer)->close());
  }
}

TEST_F(ChangelogTest, SegmentsRollAndReadersFollow) {
  auto writer = open_writer({.segment_bytes = 16 << 10, .frame_bytes = 1000});
  TW_OK(writer);
  Source source(**writer);
  Lines expected;
  std::unique_ptr<Reader> tail;
  for (int i = 0; i < 300; ++i) {
    TW_OK(source.begin());
    TW_OK(source.rows(Op::kInsert, shop_table(i % 7 == 0 ? "items" : "orders"), i,
                      i % 50 == 0 ? 200 : 3, std::string(20, 'x')));
    TW_OK(source.commit(i * 1000));
    if (i % 10 == 0) TW_OK((*writer)->flush());
    if (i == 0) {
      auto reader = Reader::open(files_, folder_, {});
      TW_OK(reader);
      tail = std::move(*reader);
    }
    const auto lines = read_all(*tail);
    TW_OK(lines);
    expected.insert(expected.end(), lines->begin(), lines->end());
  }
  TW_OK((*writer)->flush());
  const auto rest = read_all(*tail);
  TW_OK(rest);
  expected.insert(expected.end(), rest->begin(), rest->end());
  const auto lines = read_all(files_, folder_);
  TW_OK(lines);
  EXPECT_EQ(*lines, expected);
  EXPECT_EQ(lines->size(), 600U + 294 * 3 + 6 * 200);
  for (const uint64_t offset : {0U, 1U, 500U, 900U, 1000U, 2081U}) {
    const auto from =
        read_all(files_, folder_, {.start = {StartAt::Kind::kOffset, Offset{offset}}});
    TW_OK(from);
    ASSERT_FALSE(from->empty());
    EXPECT_EQ(*from, Lines(lines->end() - static_cast<ptrdiff_t>(from->size()), lines->end()));
    std::string first = (*from)[0];
    EXPECT_TRUE(first.starts_with("begin "));
  }
  const Offset end = (*Reader::open(files_, folder_, {}))->visible_end();
  for (const Offset offset : {Offset{500}, end}) {  // a cursor that is stored again stays there
    const auto reader = Reader::open(files_, folder_, {.start = {StartAt::Kind::kOffset, offset}});
    TW_OK(reader);
    EXPECT_EQ(raw((*reader)->offset()), raw(offset));
  }
  for (const int i : {0, 1, 77, 150, 299}) {
    const auto from =
        read_all(files_, folder_, {.start = {StartAt::Kind::kTimestamp, {}, i * 1000}});
    TW_OK(from);
    ASSERT_FALSE(from->empty());
    EXPECT_TRUE((*from)[0].ends_with("ts=" + std::to_string(i * 1000))) << (*from)[0];
  }
}

}  // namespace
}  // namespace tailwater::changelog
