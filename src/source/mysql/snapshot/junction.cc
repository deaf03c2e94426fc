#include "source/mysql/snapshot/junction.h"

#include <algorithm>

namespace tailwater::mysql {
namespace {

tl::unexpected<Error> stopped() {
  return fail(ErrorKind::kStopped, "stopped");
}

}  // namespace

void Junction::enter(const Executed& executed) {
  const std::scoped_lock lock(mutex_);
  executed_ = &executed;
}

void Junction::leave() {
  const std::scoped_lock lock(mutex_);
  executed_ = nullptr;
  standing_ = false;
  for (const ReadChunkPtr& chunk : offered_) {
    chunk->state = ReadChunk::State::kGone;
    chunk->batches.clear();
  }
  offered_.clear();
  note_active_locked();
  changed_.notify_all();
}

void Junction::set_taker(ChunkTaker* taker) {
  const std::scoped_lock lock(mutex_);
  taker_ = taker;
}

void Junction::note_active_locked() {
  active_.store(holds_ > 0 || !offered_.empty(), std::memory_order_relaxed);
}

// The first chunk in order of arrival that may be taken now: the stream has come to where it
// belongs, and its rows are here, or as many as there is room for.
ReadChunkPtr Junction::ready_locked(const NextTransaction* next) {
  for (const ReadChunkPtr& chunk : offered_) {
    const bool here =
        chunk->state != ReadChunk::State::kReading || chunk->queued_bytes >= kChunkBytesMax;
    if (!here) continue;
    if (next != nullptr && chunk->visibility.lacks(*next)) return chunk;
    if (chunk->visibility.reached_by(*executed_)) return chunk;
  }
  return nullptr;
}

bool Junction::must_wait_locked(const NextTransaction& next) const {
  return holds_ > 0 || std::any_of(offered_.begin(), offered_.end(), [&](const auto& chunk) {
           return chunk->visibility.lacks(next);
         });
}

Status Junction::before(const NextTransaction& next, const std::stop_token& stop) {
  Lock lock(mutex_);
  standing_ = true;
  changed_.notify_all();
  Status result;
  while (result.has_value()) {
    if (const ReadChunkPtr chunk = ready_locked(&next)) {
      result = take(lock, chunk, stop);
      continue;
    }
    if (!must_wait_locked(next)) break;
    const bool woken = changed_.wait(
        lock, stop, [&] { return !must_wait_locked(next) || ready_locked(&next) != nullptr; });
    if (!woken) result = stopped();
  }
  standing_ = false;
  return result;
}

Status Junction::idle(const std::function<bool()>& has_input, const std::stop_token& stop) {
  Lock lock(mutex_);
  standing_ = true;
  changed_.notify_all();
  Status result;
  while (result.has_value()) {
    if (const ReadChunkPtr chunk = ready_locked(nullptr)) {
      result = take(lock, chunk, stop);
      continue;
    }
    if (holds_ == 0 && has_input()) break;
    const bool woken = changed_.wait(lock, stop, [&] {
      return ready_locked(nullptr) != nullptr || (holds_ == 0 && has_input());
    });
    if (!woken) result = stopped();
  }
  standing_ = false;
  return result;
}

void Junction::wake() {
  const std::scoped_lock lock(mutex_);
  changed_.notify_all();
}

Status Junction::take(Lock& lock, const ReadChunkPtr& chunk, const std::stop_token& stop) {
  Status result;
  if (chunk->state != ReadChunk::State::kGone) result = drain(lock, chunk, stop);
  chunk->taken = chunk->state == ReadChunk::State::kComplete && result.has_value();
  if (!result.has_value()) chunk->state = ReadChunk::State::kGone;
  chunk->batches.clear();
  chunk->queued_bytes = 0;
  offered_.remove(chunk);
  note_active_locked();
  changed_.notify_all();
  return result;
}

// Without the lock while rows go into the changelog: the reader may go on.
Status Junction::drain(Lock& lock, const ReadChunkPtr& chunk, const std::stop_token& stop) {
  const auto unlocked = [&](auto&& call) -> Status {
    lock.unlock();
    Status status = call();
    lock.lock();
    return status;
  };
  chunk->draining = true;
  TW_TRY(unlocked([&] { return taker_->begin_chunk(*chunk, executed_->binlog()); }));
  for (;;) {
    const bool woken = changed_.wait(lock, stop, [&] {
      return !chunk->batches.empty() || chunk->state != ReadChunk::State::kReading;
    });
    if (!woken || chunk->state == ReadChunk::State::kGone) {
      TW_TRY(unlocked([&] { return taker_->drop_chunk(*chunk); }));
      return woken ? Status() : stopped();
    }
    if (chunk->batches.empty()) break;
    const ReadBatch batch = std::move(chunk->batches.front());
    chunk->batches.pop_front();
    chunk->queued_bytes -= batch.images.size();
    changed_.notify_all();
    TW_TRY(unlocked([&] { return taker_->add_rows(*chunk, batch); }));
  }
  return unlocked([&] { return taker_->end_chunk(*chunk); });
}

Result<Junction::Hold> Junction::hold(const std::stop_token& stop) {
  Lock lock(mutex_);
  ++holds_;
  note_active_locked();
  changed_.notify_all();
  const bool woken = changed_.wait(lock, stop, [&] { return standing_ && executed_ != nullptr; });
  if (woken) return Hold(*this);
  --holds_;
  note_active_locked();
  changed_.notify_all();
  return stopped();
}

void Junction::Hold::release() {
  if (junction_ == nullptr) return;
  const std::scoped_lock lock(junction_->mutex_);
  --junction_->holds_;
  junction_->note_active_locked();
  junction_->changed_.notify_all();
  junction_ = nullptr;
}

void Junction::offer(const ReadChunkPtr& chunk) {
  const std::scoped_lock lock(mutex_);
  offered_.push_back(chunk);
  note_active_locked();
  changed_.notify_all();
}

Status Junction::push(const ReadChunkPtr& chunk, ReadBatch batch, const std::stop_token& stop) {
  Lock lock(mutex_);
  const bool woken = changed_.wait(lock, stop, [&] {
    return chunk->queued_bytes < kChunkBytesMax || chunk->state == ReadChunk::State::kGone;
  });
  if (!woken) return stopped();
  if (chunk->state == ReadChunk::State::kGone) {
    return fail(ErrorKind::kRetry, "the stream that the rows were for has ended");
  }
  chunk->queued_bytes += batch.images.size();
  chunk->batches.push_back(std::move(batch));
  if (chunk->draining || chunk->queued_bytes >= kChunkBytesMax) changed_.notify_all();
  return {};
}

void Junction::complete(const ReadChunkPtr& chunk) {
  const std::scoped_lock lock(mutex_);
  if (chunk->state == ReadChunk::State::kReading) chunk->state = ReadChunk::State::kComplete;
  changed_.notify_all();
}

// When it returns the chunk is either in the changelog or will never be.
void Junction::abandon(const ReadChunkPtr& chunk) {
  Lock lock(mutex_);
  if (chunk->taken) return;
  chunk->state = ReadChunk::State::kGone;
  changed_.notify_all();
  if (!chunk->draining) {
    offered_.remove(chunk);
    note_active_locked();
    return;
  }
  changed_.wait(
      lock, [&] { return std::find(offered_.begin(), offered_.end(), chunk) == offered_.end(); });
}

Status Junction::wait_taken(const ReadChunkPtr& chunk, const std::stop_token& stop) {
  Lock lock(mutex_);
  const bool woken = changed_.wait(
      lock, stop, [&] { return chunk->taken || chunk->state == ReadChunk::State::kGone; });
  if (!woken) return stopped();
  if (chunk->taken) return {};
  return fail(ErrorKind::kRetry, "the stream that the rows were for has ended");
}

}  // namespace tailwater::mysql
