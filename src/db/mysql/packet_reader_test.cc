#include "db/mysql/packet_reader.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tailwater::mysql {
namespace {

using testing::HasSubstr;

constexpr size_t kMaxPiece = 0xFFFFFF;

// A scripted server at the other end of a socket pair.
class Peer {
 public:
  Peer() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ours_ = ends[0];
    theirs_ = ends[1];
    wire_ = open_socket_wire(ours_);
  }
  ~Peer() {
    hang_up();
    close(ours_);
  }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(theirs_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  void hang_up() {
    if (theirs_ >= 0) shutdown(theirs_, SHUT_RDWR);  // also wakes a thread that sends
    if (theirs_ >= 0) close(theirs_);
    theirs_ = -1;
  }
  [[nodiscard]] Wire& wire() const { return *wire_; }

 private:
  int ours_ = -1;
  std::atomic<int> theirs_ = -1;
  std::unique_ptr<Wire> wire_;
};

// One packet with its header.
std::string piece(uint8_t sequence, std::string_view payload) {
  const auto size = static_cast<uint32_t>(payload.size());
  std::string out;
  for (const unsigned shift : {0U, 8U, 16U}) out += static_cast<char>(size >> shift & 0xff);
  out += static_cast<char>(sequence);
  return out.append(payload);
}

// A payload in as many packets as it takes.
std::string packets(uint8_t sequence, std::string_view payload) {
  std::string out;
  for (;;) {
    const std::string_view part = payload.substr(0, kMaxPiece);
    out += piece(sequence++, part);
    payload.remove_prefix(part.size());
    if (part.size() < kMaxPiece) return out;
  }
}

std::string pattern(size_t size) {
  std::string out(size, '\0');
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 31 + i / 997);
  return out;
}

TEST(PacketReader, GivesPacketsInPlace) {
  Peer peer;
  peer.send(piece(1, "one") + piece(2, "") + piece(3, "three"));
  PacketReader reader(peer.wire());
  EXPECT_FALSE(reader.has_buffered_packet());
  EXPECT_EQ(as_text(reader.next({}).value()), "one");
  EXPECT_TRUE(reader.has_buffered_packet());
  EXPECT_EQ(as_text(reader.next({}).value()), "");
  EXPECT_EQ(as_text(reader.next({}).value()), "three");
  EXPECT_FALSE(reader.has_buffered_packet());
  EXPECT_EQ(reader.bytes_received(), 3U * 4 + 8);
}

// The same with a thread that receives ahead, and without.
class EitherReader : public testing::TestWithParam<bool> {
 protected:
  void start(PacketReader& reader) const {
    if (GetParam()) reader.read_ahead();
  }
};
INSTANTIATE_TEST_SUITE_P(PacketReader, EitherReader, testing::Bool(),
                         [](const auto& one) { return one.param ? "Ahead" : "Direct"; });

// Whatever the cuts between reads and whatever the buffer's size, the packets are the same.
TEST_P(EitherReader, JoinsBytesThatArriveInAnyPieces) {
  const std::string long_one = pattern(300);
  std::string bytes;
  uint8_t sequence = 1;
  for (const std::string_view payload :
       {std::string_view("a"), std::string_view(long_one), std::string_view("")}) {
    bytes += piece(sequence++, payload);
  }
  for (const size_t buffer_bytes : {size_t{64}, size_t{100}, size_t{304}, size_t{4096}}) {
    for (size_t cut = 1; cut < bytes.size(); cut += 3) {
      Peer peer;
      PacketReader reader(peer.wire(), {.chunk_bytes = buffer_bytes});
      start(reader);
      std::thread sender([&] {
        peer.send(std::string_view(bytes).substr(0, cut));
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        peer.send(std::string_view(bytes).substr(cut));
      });
      EXPECT_EQ(as_text(reader.next({}).value()), "a");
      EXPECT_EQ(as_text(reader.next({}).value()), long_one);
      EXPECT_EQ(as_text(reader.next({}).value()), "");
      sender.join();
    }
  }
}

TEST_P(EitherReader, JoinsPayloadsOf16MegabytesAndMore) {
  for (const size_t size :
       {kMaxPiece - 1, kMaxPiece, kMaxPiece + 1, 2 * kMaxPiece, 2 * kMaxPiece + 5}) {
    const std::string payload = pattern(size);
    Peer peer;
    PacketReader reader(peer.wire());
    start(reader);
    std::thread sender([&] {
      peer.send(packets(250, payload));  // the sequence number wraps on the way
      peer.send(piece(static_cast<uint8_t>(251 + size / kMaxPiece), "after"));
    });
    reader.expect_sequence(250);
    EXPECT_EQ(as_text(reader.next({}).value()), payload);
    EXPECT_EQ(as_text(reader.next({}).value()), "after");
    sender.join();
  }
}

TEST_P(EitherReader, CountsSequenceNumbersAround) {
  Peer peer;
  PacketReader reader(peer.wire());
  start(reader);
  for (int i = 1; i <= 600; ++i) {
    peer.send(piece(static_cast<uint8_t>(i), "x"));
    ASSERT_TRUE(reader.next({}).has_value()) << i;
  }
}

TEST_P(EitherReader, RefusesAWrongSequenceNumber) {
  for (const size_t size : {size_t{10}, size_t{2'000'000}}) {
    Peer peer;
    PacketReader reader(peer.wire());
    start(reader);
    std::thread sender([&] { peer.send(piece(1, "ok") + piece(3, pattern(size))); });
    EXPECT_TRUE(reader.next({}).has_value());
    const auto second = reader.next({});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(second.error().message, HasSubstr("number 3 came where 2 is due"));
    peer.hang_up();
    sender.join();
  }
}

TEST_P(EitherReader, AHangUpIsAnErrorToRetryAlsoInMidPacket) {
  for (const size_t sent : {size_t{0}, size_t{2}, size_t{4}, size_t{7}}) {
    Peer peer;
    peer.send(piece(1, "whole").substr(0, sent));
    peer.hang_up();
    PacketReader reader(peer.wire());
    start(reader);
    const auto packet = reader.next({});
    ASSERT_FALSE(packet.has_value());
    EXPECT_EQ(packet.error().kind, ErrorKind::kRetry);
  }
}

TEST_P(EitherReader, SilenceBeyondTheDeadlineIsAnErrorToRetry) {
  Peer peer;
  PacketReader reader(peer.wire(), {.deadline_us = 30'000});
  start(reader);
  const auto start = std::chrono::steady_clock::now();
  const auto packet = reader.next({});
  ASSERT_FALSE(packet.has_value());
  EXPECT_EQ(packet.error().kind, ErrorKind::kRetry);
  EXPECT_THAT(packet.error().message, HasSubstr("no data and no heartbeat"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(29));
}

TEST_P(EitherReader, AStopFromAnotherThreadWakesItAtOnce) {
  Peer peer;
  PacketReader reader(peer.wire(), {.deadline_us = 60'000'000});
  start(reader);
  for (int round = 0; round < 3; ++round) {
    std::stop_source stop;
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      stop.request_stop();
    });
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(reader.next(stop.get_token()).error().kind, ErrorKind::kStopped);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    stopper.join();
  }
  // What was asked to stop goes on with another token.
  peer.send(piece(1, "later"));
  EXPECT_EQ(as_text(reader.next({}).value()), "later");
}

// What came together with an answer is not lost when the thread starts.
TEST(PacketReader, ReadsAheadFromTheMiddleOfAChunk) {
  Peer peer;
  peer.send(piece(1, "answer") + piece(2, "first") + piece(3, "second").substr(0, 6));
  PacketReader reader(peer.wire());
  EXPECT_EQ(as_text(reader.next({}).value()), "answer");
  reader.read_ahead();
  EXPECT_EQ(as_text(reader.next({}).value()), "first");
  EXPECT_FALSE(reader.has_buffered_packet());
  peer.send(piece(3, "second").substr(6));
  EXPECT_EQ(as_text(reader.next({}).value()), "second");
}

// The thread stops receiving when the reader does not keep up: memory has a limit.
TEST(PacketReader, ReadsAheadOnlySoFar) {
  Peer peer;
  PacketReader reader(peer.wire(), {.chunk_bytes = 4096});
  reader.read_ahead();
  std::atomic<size_t> sent = 0;
  std::thread sender([&] {
    for (int i = 1; i <= 4000; ++i) {
      peer.send(piece(static_cast<uint8_t>(i), pattern(1000)));
      ++sent;
    }
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LT(sent, 2000U);
  for (int i = 1; i <= 4000; ++i) {
    ASSERT_EQ(reader.next({})->size(), 1000U) << i;
  }
  sender.join();
}

TEST_P(EitherReader, FreesTheMemoryOfAHugePayload) {
  const std::string payload = pattern(40 << 20);
  Peer peer;
  PacketReader reader(peer.wire());
  start(reader);
  std::thread sender([&] { peer.send(packets(1, payload) + piece(4, "small")); });
  EXPECT_EQ(reader.next({})->size(), payload.size());
  EXPECT_GE(reader.memory_bytes(), payload.size());
  EXPECT_TRUE(reader.next({}).has_value());
  EXPECT_LT(reader.memory_bytes(), size_t{8} << 20);
  sender.join();
}

}  // namespace
}  // namespace tailwater::mysql
