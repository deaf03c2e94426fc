// WriteQueue: hands sealed frames from the source's thread to the thread that writes them. Bounded
// by bytes, so that a slow disk slows the source instead of filling memory.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "changelog/log_output.h"
#include "changelog/writer.h"

namespace tailwater::changelog {

class WriteQueue {
 public:
  /// Starts the writing thread. `output` and `clock` must outlive this object.
  WriteQueue(LogOutput& output, const WriterOptions& options);
  /// Ends the thread; what is queued is written first.
  ~WriteQueue();
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  /// Ends the thread, once what is queued is written; every later call fails.
  void end();
  /// Hands over a frame; waits while too much is queued. The first error of the writing thread is
  /// the answer to this and every later call.
  Status push(FrameJob job);
  /// An empty buffer for the next frame.
  ByteBuffer take_buffer();
  /// Waits until all that was pushed is written, synced as the policy allows, and visible.
  Status flush();
  /// Waits until the writing thread has nothing to do, then runs `work` in its place.
  template <typename Work>
  Status run_alone(Work&& work) {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return (jobs_.empty() && !busy_) || failed_.has_value(); });
    if (failed_) return fail(*failed_);
    auto status = work(*output_);
    if (!status.has_value()) failed_ = status.error();
    segment_position_ = output_->place().position;
    return status;
  }
  /// How long the open segment will be when all that is queued is written, compression apart.
  [[nodiscard]] uint64_t segment_bytes_expected() const;
  [[nodiscard]] Status status() const;
  [[nodiscard]] WriterStatus writer_status() const;

 private:
  void run();
  Status write_group(std::vector<FrameJob>& group);
  void note_written(FrameJob& job);
  void wait_for_work(std::unique_lock<std::mutex>& lock);

  LogOutput* output_;
  WriterOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable work_;  // the writing thread waits here
  std::condition_variable room_;  // push
  std::condition_variable idle_;  // flush, run_alone
  std::vector<FrameJob> jobs_;
  std::vector<ByteBuffer> free_;
  size_t queued_bytes_ = 0;
  size_t queued_frames_ = 0;
  uint64_t rolls_asked_ = 0;
  uint64_t rolls_done_ = 0;
  uint64_t segment_queued_ = 0;  // bytes queued since the last roll that was asked for
  uint64_t segment_position_ = 0;
  bool busy_ = false;
  bool force_ = false;  // flush waits: sync whatever the interval says
  bool stopping_ = false;
  std::optional<Error> failed_;
  WriterStatus status_;
  std::thread thread_;
};

}  // namespace tailwater::changelog
