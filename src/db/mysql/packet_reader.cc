#include "db/mysql/packet_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace tailwater::mysql {
namespace {

// Joined payloads up to this size keep their memory for the next one.
constexpr size_t kKeepJoinedBytes = 4 << 20;

}  // namespace

PacketReader::PacketReader(Wire& wire, const Options& options) : wire_(wire), options_(options) {
  options_.buffer_bytes = std::max<size_t>(options_.buffer_bytes, 64);
  buffer_.extend(options_.buffer_bytes);
  last_received_us_ = options_.clock->steady_us();
}

bool PacketReader::has_buffered_packet() const {
  const size_t have = end_ - begin_;
  if (have < kHeaderBytes) return false;
  const uint32_t length = load<uint32_t>(buffer_.data() + begin_) & kMaxPieceBytes;
  return length < kMaxPieceBytes && have >= kHeaderBytes + length;
}

Result<Bytes> PacketReader::next_slowly(const std::stop_token& stop) {
  if (joined_in_use_) {
    joined_.shrink(kKeepJoinedBytes);
    joined_in_use_ = false;
  }
  for (;;) {
    const size_t have = end_ - begin_;
    if (have >= kHeaderBytes) {
      const uint8_t* header = buffer_.data() + begin_;
      const uint32_t length = load<uint32_t>(header) & kMaxPieceBytes;
      if (length == kMaxPieceBytes || kHeaderBytes + length > buffer_.size())
        return next_large(stop);
      if (have >= kHeaderBytes + length) {
        TW_TRY(check_sequence(header[3]));
        begin_ += kHeaderBytes + length;
        return Bytes(header + kHeaderBytes, length);
      }
    }
    TW_TRY(fill(stop));
  }
}

// Large payloads go straight from the wire to where they end up; only what had been read with the
// packets before them is copied.
Result<Bytes> PacketReader::next_large(const std::stop_token& stop) {
  joined_.clear();
  joined_in_use_ = true;
  for (;;) {
    while (end_ - begin_ < kHeaderBytes) TW_TRY(fill(stop));
    const uint8_t* header = buffer_.data() + begin_;
    const uint32_t length = load<uint32_t>(header) & kMaxPieceBytes;
    TW_TRY(check_sequence(header[3]));
    begin_ += kHeaderBytes;
    const size_t at_hand = std::min<size_t>(length, end_ - begin_);
    joined_.append(Bytes(buffer_.data() + begin_, at_hand));
    begin_ += at_hand;
    TW_TRY(fill_joined(length - at_hand, stop));
    if (length < kMaxPieceBytes) return joined_.view();
  }
}

Status PacketReader::check_sequence(uint8_t sequence) {
  if (sequence == sequence_) {
    ++sequence_;
    return {};
  }
  return fail(ErrorKind::kCorrupt,
              fmt::format("the server's packets are out of order: number {} came where {} is due",
                          sequence, sequence_),
              "something between here and the server damages the connection; reconnect");
}

Status PacketReader::fill(const std::stop_token& stop) {
  // What is left is less than one packet; moving it makes the whole buffer one read.
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  TW_ASSIGN(const size_t got, receive({buffer_.data() + end_, buffer_.size() - end_}, stop));
  end_ += got;
  return {};
}

Status PacketReader::fill_joined(size_t wanted_bytes, const std::stop_token& stop) {
  const size_t goal = joined_.size() + wanted_bytes;
  joined_.reserve(goal);
  while (joined_.size() < goal) {
    const size_t missing = goal - joined_.size();
    const size_t at = joined_.size();
    auto got = receive({joined_.extend(missing), missing}, stop);
    joined_.truncate(at + got.value_or(0));
    TW_TRY(got);
  }
  return {};
}

Result<size_t> PacketReader::receive(std::span<uint8_t> into, const std::stop_token& stop) {
  for (;;) {
    if (stop.stop_requested()) return fail(ErrorKind::kStopped, "stopped");
    TW_ASSIGN(const size_t got, wire_.receive(into));
    if (got > 0) {
      bytes_received_ += got;
      last_received_us_ = options_.clock->steady_us();
      return got;
    }
    int64_t left_us = -1;
    if (options_.deadline_us > 0) {
      left_us = last_received_us_ + options_.deadline_us - options_.clock->steady_us();
      if (left_us <= 0) {
        return fail(ErrorKind::kRetry,
                    fmt::format("no data and no heartbeat from the server for {}",
                                describe_duration_us(options_.deadline_us)),
                    "the server hangs, or the network lost the connection without a word");
      }
    }
    TW_TRY(waiter_.wait(wire_, wire_.wants_to_write(), left_us, stop));
  }
}

}  // namespace tailwater::mysql
