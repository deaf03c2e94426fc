#include "db/mysql/packet_reader.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace tailwater::mysql {
namespace {

// Joined payloads up to this size keep their memory for the next one.
constexpr size_t kKeepJoinedBytes = 4 << 20;

}  // namespace

PacketReader::PacketReader(Wire& wire, const Options& options)
    : wire_(wire),
      options_(options),
      chunks_(std::make_unique<DirectChunks>(wire_, waiter_, options_)),
      last_received_us_(options.clock->steady_us()) {}

void PacketReader::read_ahead() {
  before_ = std::move(chunks_);
  chunks_ = std::make_unique<ReadAhead>(wire_, options_);
}

bool PacketReader::has_buffered_packet() {
  for (;;) {
    const auto have = static_cast<size_t>(end_ - begin_);
    if (have >= kHeaderBytes) {
      const uint32_t length = load<uint32_t>(begin_) & kMaxPieceBytes;
      if (length < kMaxPieceBytes && have >= kHeaderBytes + length) return true;
    }
    if (have > Chunk::kHeadroom) return false;
    const auto chunk = chunks_->poll();
    if (!chunk) return false;
    take(*chunk);
  }
}

Result<Bytes> PacketReader::next_slowly(const std::stop_token& stop) {
  if (joined_in_use_) {
    joined_.shrink(kKeepJoinedBytes);
    joined_in_use_ = false;
  }
  for (;;) {
    const auto have = static_cast<size_t>(end_ - begin_);
    if (have >= kHeaderBytes) {
      const uint8_t* const header = begin_;
      const uint32_t length = load<uint32_t>(header) & kMaxPieceBytes;
      if (length < kMaxPieceBytes && have >= kHeaderBytes + length) {
        TW_TRY(check_sequence(header[3]));
        begin_ += kHeaderBytes + length;
        return Bytes(header + kHeaderBytes, length);
      }
      if (length == kMaxPieceBytes || have > Chunk::kHeadroom) return next_large(stop);
    }
    TW_TRY(fill(stop));
  }
}

// Payloads that do not fit a chunk, or come in several packets, are put together.
Result<Bytes> PacketReader::next_large(const std::stop_token& stop) {
  joined_.clear();
  joined_in_use_ = true;
  for (;;) {
    while (static_cast<size_t>(end_ - begin_) < kHeaderBytes) TW_TRY(fill(stop));
    const uint32_t length = load<uint32_t>(begin_) & kMaxPieceBytes;
    TW_TRY(check_sequence(begin_[3]));
    begin_ += kHeaderBytes;
    joined_.reserve(joined_.size() + length);
    for (size_t left = length; left > 0;) {
      if (begin_ == end_) TW_TRY(fill(stop));
      const size_t count = std::min(left, static_cast<size_t>(end_ - begin_));
      joined_.append(Bytes(begin_, count));
      begin_ += count;
      left -= count;
    }
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
  TW_ASSIGN(const Chunk chunk, chunks_->next(stop));
  take(chunk);
  return {};
}

// What is left of the chunk before, less than its headroom, goes in front of this one.
void PacketReader::take(const Chunk& chunk) {
  const auto left = static_cast<size_t>(end_ - begin_);
  if (left > 0) std::memcpy(chunk.bytes - left, begin_, left);
  before_.reset();
  begin_ = chunk.bytes - left;
  end_ = chunk.bytes + chunk.size;
  bytes_received_ += chunk.size;
  last_received_us_ = chunk.received_us;
}

}  // namespace tailwater::mysql
