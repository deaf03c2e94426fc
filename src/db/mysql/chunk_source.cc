#include "db/mysql/chunk_source.h"

#include <fmt/format.h>

#include "base/own_thread.h"
#include "base/text.h"

namespace tailwater::mysql {
namespace {

void make_room(ByteBuffer& buffer, size_t chunk_bytes) {
  buffer.extend(Chunk::kHeadroom + chunk_bytes);
}

// Receives at least one byte, waiting as long as the deadline lets it.
Result<size_t> receive_some(Wire& wire, WireWait& waiter, const ChunkOptions& options,
                            std::span<uint8_t> into, int64_t& received_us,
                            const std::stop_token& stop) {
  for (;;) {
    if (stop.stop_requested()) return fail(ErrorKind::kStopped, "stopped");
    TW_ASSIGN(const size_t got, wire.receive(into));
    if (got > 0) {
      received_us = options.clock->steady_us();
      return got;
    }
    int64_t left_us = -1;
    if (options.deadline_us > 0) {
      left_us = received_us + options.deadline_us - options.clock->steady_us();
      if (left_us <= 0) {
        return fail(ErrorKind::kRetry,
                    fmt::format("no data and no heartbeat from the server for {}",
                                describe_duration_us(options.deadline_us)),
                    "the server hangs, or the network lost the connection without a word");
      }
    }
    TW_TRY(waiter.wait(wire, wire.wants_to_write(), left_us, stop));
  }
}

}  // namespace

DirectChunks::DirectChunks(Wire& wire, WireWait& waiter, const ChunkOptions& options)
    : wire_(wire), waiter_(waiter), options_(options), received_us_(options.clock->steady_us()) {
  for (ByteBuffer& buffer : buffers_) make_room(buffer, options.chunk_bytes);
}

Result<Chunk> DirectChunks::next(const std::stop_token& stop) {
  current_ = 1 - current_;
  uint8_t* const bytes = buffers_[current_].data() + Chunk::kHeadroom;
  TW_ASSIGN(const size_t got, receive_some(wire_, waiter_, options_, {bytes, options_.chunk_bytes},
                                           received_us_, stop));
  return Chunk{bytes, got, received_us_};
}

size_t DirectChunks::memory_bytes() const {
  return buffers_[0].capacity() + buffers_[1].capacity();
}

ReadAhead::ReadAhead(Wire& wire, const ChunkOptions& options)
    : wire_(wire), options_(options), received_us_(options.clock->steady_us()) {
  for (size_t i = 0; i < kChunks; ++i) free_.push_back(i);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

ReadAhead::~ReadAhead() {
  thread_.request_stop();
  thread_.join();
}

void ReadAhead::run(const std::stop_token& stop) {
  begin_own_thread("tw-receive");
  size_t index = 0;
  while (take_free(stop, index)) {
    auto status = fill(index, stop);
    if (status.has_value()) continue;
    {
      const std::scoped_lock lock(mutex_);
      failed_ = std::move(status).error();
      filled_.notify_all();
    }
    tell_listener();
    return;
  }
}

void ReadAhead::tell_listener() {
  const std::scoped_lock lock(listener_mutex_);
  if (listener_) listener_();
}

void ReadAhead::on_input(const std::function<void()>& call) {
  const std::scoped_lock lock(listener_mutex_);
  listener_ = call;
}

bool ReadAhead::failed() {
  const std::scoped_lock lock(mutex_);
  return queue_.empty() && failed_.has_value();
}

bool ReadAhead::take_free(const std::stop_token& stop, size_t& index) {
  std::unique_lock lock(mutex_);
  if (!freed_.wait(lock, stop, [this] { return !free_.empty(); })) return false;
  index = free_.back();
  free_.pop_back();
  return true;
}

// Goes on while the reader has other chunks to read and the wire gives more without a wait.
Status ReadAhead::fill(size_t index, const std::stop_token& stop) {
  ByteBuffer& buffer = buffers_[index];
  if (buffer.empty()) make_room(buffer, options_.chunk_bytes);
  uint8_t* const bytes = buffer.data() + Chunk::kHeadroom;
  TW_ASSIGN(size_t size, receive_some(wire_, waiter_, options_, {bytes, options_.chunk_bytes},
                                      received_us_, stop));
  while (size < options_.chunk_bytes && !reader_is_hungry()) {
    auto got = wire_.receive({bytes + size, options_.chunk_bytes - size});
    if (!got.has_value() || *got == 0) {
      hand_over(index, size);
      return got.has_value() ? Status() : fail(std::move(got).error());
    }
    received_us_ = options_.clock->steady_us();
    size += *got;
  }
  hand_over(index, size);
  return {};
}

bool ReadAhead::reader_is_hungry() {
  const std::scoped_lock lock(mutex_);
  return queue_.empty();
}

void ReadAhead::hand_over(size_t index, size_t size) {
  {
    const std::scoped_lock lock(mutex_);
    queue_.emplace_back(index,
                        Chunk{buffers_[index].data() + Chunk::kHeadroom, size, received_us_});
    filled_.notify_one();
  }
  tell_listener();
}

Chunk ReadAhead::take_locked() {
  constexpr size_t kHeld = 2;
  const auto [index, chunk] = queue_.front();
  queue_.pop_front();
  held_.push_back(index);
  if (held_.size() > kHeld) {
    free_.push_back(held_.front());
    held_.pop_front();
    freed_.notify_one();
  }
  return chunk;
}

Result<Chunk> ReadAhead::next(const std::stop_token& stop) {
  if (stop.stop_requested()) return fail(ErrorKind::kStopped, "stopped");
  std::unique_lock lock(mutex_);
  const bool woken =
      filled_.wait(lock, stop, [this] { return !queue_.empty() || failed_.has_value(); });
  if (!woken) return fail(ErrorKind::kStopped, "stopped");
  if (queue_.empty()) return fail(*failed_);
  return take_locked();
}

std::optional<Chunk> ReadAhead::poll() {
  const std::scoped_lock lock(mutex_);
  if (queue_.empty()) return std::nullopt;
  return take_locked();
}

size_t ReadAhead::memory_bytes() const {
  return kChunks * (Chunk::kHeadroom + options_.chunk_bytes);
}

}  // namespace tailwater::mysql
