// Chunk sources: where a packet reader gets the server's bytes from, in runs of up to a megabyte:
// from the wire when it asks (DirectChunks), or from a thread of its own that receives ahead of it
// (ReadAhead), so that receiving (and decrypting) goes on while the changes are decoded.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "db/mysql/wire.h"

namespace tailwater::mysql {

struct ChunkOptions {
  size_t chunk_bytes = 1 << 20;
  int64_t deadline_us = 0;  ///< without a byte for so long: kRetry. 0: wait for ever
  const Clock* clock = &Clock::system();
};

/// Received bytes. Before them there are kHeadroom bytes that the reader may write.
struct Chunk {
  static constexpr size_t kHeadroom = 64 << 10;

  uint8_t* bytes = nullptr;
  size_t size = 0;
  int64_t received_us = 0;  ///< steady time of the last of them
};

/// Used by one thread; the stop token may be used by any.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  /// The next bytes, at least one; waits for them. The chunk given before the last becomes invalid.
  /// Errors: kRetry (connection lost, deadline), kStopped.
  virtual Result<Chunk> next(const std::stop_token& stop) = 0;
  /// The same, if they are there already.
  virtual std::optional<Chunk> poll() = 0;
  /// Whether `next` would give an error and no bytes.
  [[nodiscard]] virtual bool failed() { return false; }
  /// What to call, from a thread of its own, whenever bytes came or it failed; null: nothing.
  virtual void on_input(const std::function<void()>& /*call*/) {}
  [[nodiscard]] virtual size_t memory_bytes() const = 0;
};

/// Receives when it is asked. The wire must outlive it.
class DirectChunks final : public ChunkSource {
 public:
  DirectChunks(Wire& wire, WireWait& waiter, const ChunkOptions& options);
  Result<Chunk> next(const std::stop_token& stop) override;
  std::optional<Chunk> poll() override { return std::nullopt; }
  [[nodiscard]] size_t memory_bytes() const override;

 private:
  Wire& wire_;
  WireWait& waiter_;
  ChunkOptions options_;
  std::array<ByteBuffer, 2> buffers_;
  size_t current_ = 0;
  int64_t received_us_;
};

/// Receives ahead, up to kChunks chunks. The wire must outlive it, and nobody else may use the wire
/// meanwhile.
class ReadAhead final : public ChunkSource {
 public:
  ReadAhead(Wire& wire, const ChunkOptions& options);
  ~ReadAhead() override;
  Result<Chunk> next(const std::stop_token& stop) override;
  std::optional<Chunk> poll() override;
  bool failed() override;
  void on_input(const std::function<void()>& call) override;
  [[nodiscard]] size_t memory_bytes() const override;

 private:
  static constexpr size_t kChunks = 5;  // the two that the reader holds included

  void run(const std::stop_token& stop);
  bool take_free(const std::stop_token& stop, size_t& index);
  Status fill(size_t index, const std::stop_token& stop);
  void hand_over(size_t index, size_t size);
  Chunk take_locked();
  [[nodiscard]] bool reader_is_hungry();
  void tell_listener();

  Wire& wire_;
  ChunkOptions options_;
  std::array<ByteBuffer, kChunks> buffers_;
  WireWait waiter_;  // the thread's, as the next one
  int64_t received_us_;

  std::mutex mutex_;
  std::condition_variable_any filled_;
  std::condition_variable_any freed_;
  std::deque<std::pair<size_t, Chunk>> queue_;
  std::vector<size_t> free_;
  std::deque<size_t> held_;  // by the reader: the last chunk, and the one before
  std::optional<Error> failed_;
  std::mutex listener_mutex_;  // never taken together with mutex_
  std::function<void()> listener_;
  std::jthread thread_;
};

}  // namespace tailwater::mysql
