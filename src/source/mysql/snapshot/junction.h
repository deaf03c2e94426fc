// Junction: where the chunks of a snapshot join the stream. Both go on at once; a chunk enters the
// changelog between two transactions of the stream, exactly where its view of the data belongs: no
// change that it shows comes after it, and none that it does not show before.
//
// A reader first holds the stream between two transactions for as long as it takes to open a view
// (a millisecond), and offers its chunk. The stream then goes on up to the first transaction that
// the view lacks, and waits there for the chunk, if it has not arrived yet.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <stop_token>

#include "base/result.h"
#include "source/mysql/executed.h"
#include "source/mysql/snapshot/read_chunk.h"

namespace tailwater::mysql {

/// Who puts chunks into the changelog; called on the stream's thread.
class ChunkTaker {
 public:
  virtual ~ChunkTaker() = default;
  /// `at`: how far the stream has read.
  virtual Status begin_chunk(const ReadChunk& chunk, const BinlogPosition& at) = 0;
  virtual Status add_rows(const ReadChunk& chunk, const ReadBatch& batch) = 0;
  virtual Status end_chunk(const ReadChunk& chunk) = 0;
  /// A chunk that was begun will not be completed.
  virtual Status drop_chunk(const ReadChunk& chunk) = 0;
};

/// The stream's calls come from one thread, the readers' from any.
class Junction {
 public:
  /// A chunk's rows may wait here up to so many bytes; then its reader waits.
  static constexpr size_t kChunkBytesMax = 8 << 20;

  // The stream's side.

  /// The stream is about to start after `executed`, which stays its own; until `leave` holds are
  /// possible.
  void enter(const Executed& executed);
  /// The stream has ended, or lost its server: what is offered and not taken is given up.
  void leave();
  /// Who takes chunks from now on; null: nobody, and nothing may be offered.
  void set_taker(ChunkTaker* taker);
  /// Whether somebody holds or offers: else a transaction may pass without a word.
  [[nodiscard]] bool active() const { return active_.load(std::memory_order_relaxed); }
  /// Takes what belongs before `next`, and waits for it. kStopped when `stop` asks.
  Status before(const NextTransaction& next, const std::stop_token& stop);
  /// Waits until `has_input`, and takes chunks meanwhile. `wake` must follow each change of
  /// `has_input`.
  Status idle(const std::function<bool()>& has_input, const std::stop_token& stop);
  /// From any thread.
  void wake();

  // The readers' side.

  /// While it lives the stream stands between two transactions, all before were read.
  class Hold {
   public:
    Hold(Hold&& other) noexcept : junction_(std::exchange(other.junction_, nullptr)) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold() { release(); }
    void release();
    /// Where it stands.
    [[nodiscard]] const Executed& executed() const { return *junction_->executed_; }

   private:
    friend class Junction;
    explicit Hold(Junction& junction) : junction_(&junction) {}
    Junction* junction_;
  };
  /// Waits until the stream stands. kStopped when `stop` asks.
  Result<Hold> hold(const std::stop_token& stop);
  /// While the stream is held: its next transactions may have to wait for this chunk.
  void offer(const ReadChunkPtr& chunk);
  /// Hands rows over; waits while too many of the chunk's are still here.
  Status push(const ReadChunkPtr& chunk, ReadBatch batch, const std::stop_token& stop);
  void complete(const ReadChunkPtr& chunk);
  /// It will not be completed: what was handed over of it is taken back.
  void abandon(const ReadChunkPtr& chunk);
  /// Waits until the chunk is in the changelog. kRetry when it was given up.
  Status wait_taken(const ReadChunkPtr& chunk, const std::stop_token& stop);

 private:
  using Lock = std::unique_lock<std::mutex>;

  ReadChunkPtr ready_locked(const NextTransaction* next);
  [[nodiscard]] bool must_wait_locked(const NextTransaction& next) const;
  Status take(Lock& lock, const ReadChunkPtr& chunk, const std::stop_token& stop);
  Status drain(Lock& lock, const ReadChunkPtr& chunk, const std::stop_token& stop);
  void note_active_locked();

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::atomic<bool> active_ = false;
  const Executed* executed_ = nullptr;
  ChunkTaker* taker_ = nullptr;
  bool standing_ = false;  ///< the stream is between two transactions, and stays there
  int holds_ = 0;          ///< wanted or held
  std::list<ReadChunkPtr> offered_;
};

}  // namespace tailwater::mysql
