// Packet reader: cuts a server's byte stream into the packets of the client/server protocol, in
// place.
//
// A packet is a 3-byte length, a sequence number, and the payload; a payload of 2^24 - 1 bytes goes
// on in the next packet. Protocol: MySQL Internals, "MySQL Packets".
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "db/mysql/wire.h"

namespace tailwater::mysql {

struct PacketReaderOptions {
  size_t buffer_bytes = 1 << 20;
  int64_t deadline_us = 0;  ///< without a byte for so long: kRetry. 0: wait for ever
  const Clock* clock = &Clock::system();
};

/// One thread at a time; the stop token may be used by any.
class PacketReader {
 public:
  using Options = PacketReaderOptions;

  /// The wire must outlive the reader.
  explicit PacketReader(Wire& wire, const Options& options = {});

  /// The payload of the next packet, joined if it came in parts. Valid until the next call. Errors:
  /// kRetry (connection lost, deadline), kCorrupt (a wrong sequence number), kStopped.
  Result<Bytes> next(const std::stop_token& stop) {
    const size_t have = end_ - begin_;
    if (have >= kHeaderBytes && !joined_in_use_) [[likely]] {
      const uint8_t* header = buffer_.data() + begin_;
      const uint32_t length = load<uint32_t>(header) & kMaxPieceBytes;
      if (length < kMaxPieceBytes && have >= kHeaderBytes + length && header[3] == sequence_)
          [[likely]] {
        ++sequence_;
        begin_ += kHeaderBytes + length;
        return Bytes(header + kHeaderBytes, length);
      }
    }
    return next_slowly(stop);
  }

  /// Whether the next packet is complete in memory, so that `next` will not wait.
  [[nodiscard]] bool has_buffered_packet() const;
  /// The sequence number that the next packet must have: 1 after each command that we send.
  void expect_sequence(uint8_t sequence) { sequence_ = sequence; }

  [[nodiscard]] uint64_t bytes_received() const { return bytes_received_; }
  /// Steady time of the last byte, microseconds.
  [[nodiscard]] int64_t last_received_us() const { return last_received_us_; }
  /// How much memory its buffers hold now.
  [[nodiscard]] size_t memory_bytes() const { return buffer_.capacity() + joined_.capacity(); }
  [[nodiscard]] WireWait& waiter() { return waiter_; }

 private:
  static constexpr size_t kHeaderBytes = 4;
  static constexpr uint32_t kMaxPieceBytes = 0xFFFFFF;

  Result<Bytes> next_slowly(const std::stop_token& stop);
  Result<Bytes> next_large(const std::stop_token& stop);
  Status check_sequence(uint8_t sequence);
  Status fill(const std::stop_token& stop);
  Status fill_joined(size_t wanted_bytes, const std::stop_token& stop);
  Result<size_t> receive(std::span<uint8_t> into, const std::stop_token& stop);

  Wire& wire_;
  WireWait waiter_;
  Options options_;
  ByteBuffer buffer_;  // its size is its capacity; the unread bytes are [begin_, end_)
  size_t begin_ = 0;
  size_t end_ = 0;
  ByteBuffer joined_;  // a payload that does not fit the buffer, or came in parts
  bool joined_in_use_ = false;
  uint8_t sequence_ = 1;
  uint64_t bytes_received_ = 0;
  int64_t last_received_us_ = 0;
};

}  // namespace tailwater::mysql
