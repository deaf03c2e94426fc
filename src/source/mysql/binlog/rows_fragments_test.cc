// Fragments made by hand: no server that sends them was at hand.
#include "source/mysql/binlog/rows_fragments.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

namespace tailwater::mysql {
namespace {

std::string rows_event(EventType type, size_t body_bytes, bool checksum) {
  ByteBuffer out;
  out.put<uint32_t>(1'700'000'000);
  out.put<uint8_t>(static_cast<uint8_t>(type));
  out.put<uint32_t>(7);
  out.put<uint32_t>(static_cast<uint32_t>(kEventHeaderBytes + body_bytes + (checksum ? 4 : 0)));
  out.put<uint32_t>(0);
  out.put<uint16_t>(0);
  for (size_t i = 0; i < body_bytes; ++i) out.put<uint8_t>(static_cast<uint8_t>(i));
  if (checksum) out.put<uint32_t>(libdeflate_crc32(0, out.data(), out.size()));
  return std::string(as_text(out.view()));
}

// The body of a fragment; the first says the size of the whole if `bytes` is not 0.
std::string fragment(uint32_t first, uint32_t second, std::string_view content,
                     uint64_t bytes = 0) {
  ByteBuffer out;
  out.put<uint32_t>(first);
  out.put<uint32_t>(second);
  out.put<uint8_t>(bytes != 0 ? 1 : 0);
  if (bytes != 0) out.put<uint64_t>(bytes);
  out.append(content);
  return std::string(as_text(out.view()));
}

Result<std::optional<Event>> take(RowsFragments& fragments, const std::string& body) {
  Event event;
  event.header.type = EventType::kMariadbPartialRowData;
  event.body = as_bytes(body);
  return fragments.take(event);
}

TEST(RowsFragments, JoinsInEitherOrderOfTheNumbers) {
  RowsFragments fragments;
  for (const bool number_first : {true, false}) {
    for (const bool checksum : {true, false}) {
      const std::string whole = rows_event(EventType::kUpdateRowsV1, 90, checksum);
      const auto numbered = [&](uint32_t number, std::string_view content, uint64_t bytes = 0) {
        return number_first ? fragment(number, 3, content, bytes)
                            : fragment(3, number, content, bytes);
      };
      const auto first = take(fragments, numbered(1, whole.substr(0, 40), whole.size()));
      ASSERT_TRUE(first.has_value()) << first.error().describe();
      EXPECT_FALSE(first->has_value());
      EXPECT_TRUE(fragments.open());
      EXPECT_FALSE(take(fragments, numbered(2, whole.substr(40, 10)))->has_value());
      const auto last = take(fragments, numbered(3, whole.substr(50)));
      ASSERT_TRUE(last.has_value() && *last);
      EXPECT_EQ((*last)->header.type, EventType::kUpdateRowsV1);
      EXPECT_EQ((*last)->header.server_id, 7U);
      ASSERT_EQ((*last)->body.size(), 90U);
      EXPECT_EQ((*last)->body[89], 89);
      EXPECT_FALSE(fragments.open());
    }
  }
}

TEST(RowsFragments, OneMayBeAll) {
  RowsFragments fragments;
  const std::string whole = rows_event(EventType::kWriteRowsV1, 10, false);
  const auto event = take(fragments, fragment(1, 1, whole, whole.size()));
  ASSERT_TRUE(event.has_value() && *event);
  EXPECT_EQ((*event)->body.size(), 10U);
}

TEST(RowsFragments, WhatIsNoGroupIsRefused) {
  const std::string whole = rows_event(EventType::kWriteRowsV1, 50, true);
  const auto refused = [&](const std::vector<std::string>& bodies) {
    RowsFragments fragments;
    for (const std::string& body : bodies) {
      const auto taken = take(fragments, body);
      if (!taken.has_value()) return taken.error().kind == ErrorKind::kCorrupt;
    }
    return false;
  };
  const std::string first = fragment(1, 2, whole.substr(0, 20), whole.size());
  const std::string last = fragment(2, 2, whole.substr(20));
  EXPECT_FALSE(refused({first, last}));
  EXPECT_TRUE(refused({last.substr(0, 8)}));
  EXPECT_TRUE(refused({last}));
  EXPECT_TRUE(refused({fragment(2, 3, whole)}));
  EXPECT_TRUE(refused({fragment(1, 0, whole)}));
  EXPECT_TRUE(refused({first, first}));
  EXPECT_TRUE(refused({first, fragment(2, 3, whole.substr(20))}));
  EXPECT_TRUE(refused({fragment(1, 3, whole, whole.size()), fragment(3, 3, "")}));
  EXPECT_TRUE(refused({first, fragment(2, 2, whole)})) << "more than was said";
  EXPECT_TRUE(refused({first, fragment(2, 2, whole.substr(20, 20))})) << "less than was said";
  EXPECT_TRUE(refused({fragment(1, 2, whole, uint64_t{1} << 40)})) << "an absurd size";
  const std::string other = rows_event(EventType::kXid, 8, true);
  EXPECT_TRUE(refused({fragment(1, 1, other, other.size())})) << "no rows event";
  EXPECT_TRUE(refused({fragment(1, 1, "short", 5)}));
}

}  // namespace
}  // namespace tailwater::mysql
