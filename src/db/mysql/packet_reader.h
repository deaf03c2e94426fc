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
#include "db/mysql/chunk_source.h"
#include "db/mysql/wire.h"

namespace tailwater::mysql {

/// One thread at a time; the stop token may be used by any.
class PacketReader {
 public:
  using Options = ChunkOptions;

  /// The wire must outlive the reader.
  explicit PacketReader(Wire& wire, const Options& options = {});

  /// The payload of the next packet, joined if it came in parts. Valid until the next call. Errors:
  /// kRetry (connection lost, deadline), kCorrupt (a wrong sequence number), kStopped.
  Result<Bytes> next(const std::stop_token& stop) {
    const auto have = static_cast<size_t>(end_ - begin_);
    if (have >= kHeaderBytes && !joined_in_use_) [[likely]] {
      const uint8_t* header = begin_;
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

  /// Whether the next packet is complete in memory, so that `next` will not wait. Ends the life of
  /// the last packet, as `next` does.
  [[nodiscard]] bool has_buffered_packet();
  /// Whether `next` will not wait, be it for an error. As above.
  [[nodiscard]] bool has_news() { return has_buffered_packet() || chunks_->failed(); }
  /// What to call, from a thread of its own, whenever `has_news` may have changed. After
  /// `read_ahead`.
  void on_input(const std::function<void()>& call) { chunks_->on_input(call); }
  /// From now on a thread of its own receives, and nobody else may use the wire.
  void read_ahead();
  /// The sequence number that the next packet must have: 1 after each command that we send.
  void expect_sequence(uint8_t sequence) { sequence_ = sequence; }

  [[nodiscard]] uint64_t bytes_received() const { return bytes_received_; }
  /// Steady time of the last byte, microseconds.
  [[nodiscard]] int64_t last_received_us() const { return last_received_us_; }
  /// How much memory its buffers hold now.
  [[nodiscard]] size_t memory_bytes() const { return chunks_->memory_bytes() + joined_.capacity(); }
  [[nodiscard]] WireWait& waiter() { return waiter_; }

 private:
  static constexpr size_t kHeaderBytes = 4;
  static constexpr uint32_t kMaxPieceBytes = 0xFFFFFF;

  Result<Bytes> next_slowly(const std::stop_token& stop);
  Result<Bytes> next_large(const std::stop_token& stop);
  Status check_sequence(uint8_t sequence);
  Status fill(const std::stop_token& stop);
  void take(const Chunk& chunk);

  Wire& wire_;
  WireWait waiter_;
  Options options_;
  std::unique_ptr<ChunkSource> chunks_;
  std::unique_ptr<ChunkSource> before_;  // holds what is unread when read_ahead starts
  const uint8_t* begin_ = nullptr;       // what is unread of the chunk, and of those before it
  const uint8_t* end_ = nullptr;
  ByteBuffer joined_;  // a payload that does not fit a chunk and its headroom, or came in parts
  bool joined_in_use_ = false;
  uint8_t sequence_ = 1;
  uint64_t bytes_received_ = 0;
  int64_t last_received_us_ = 0;
};

}  // namespace tailwater::mysql
