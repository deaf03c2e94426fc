#include "changelog/write_queue.h"

#include <algorithm>

#include "base/own_thread.h"

namespace tailwater::changelog {
namespace {

constexpr size_t kFramesMax = 256;
constexpr size_t kBuffersMax = 6;  // of about a frame each, the one being filled included
constexpr int64_t kRetainEveryUs = 1000000;

}  // namespace

WriteQueue::WriteQueue(LogOutput& output, const WriterOptions& options)
    : output_(&output), options_(options), segment_position_(output.place().position) {
  status_.next_visible = output.head().visible_end;
  status_.last_commit_ts_us = output.head().last_commit_ts_us;
  status_.log_bytes = output.log_bytes();
  thread_ = std::thread([this] { run(); });
}

WriteQueue::~WriteQueue() {
  end();
}

void WriteQueue::end() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  thread_.join();
  if (!failed_) failed_ = Error{ErrorKind::kStopped, "the changelog's writer is closed", {}, {}};
}

Status WriteQueue::push(FrameJob job) {
  const size_t bytes = job.body.size() + job.declarations.size();
  std::unique_lock lock(mutex_);
  const size_t bytes_max = (kBuffersMax - 1) * options_.frame_bytes;
  room_.wait(lock, [&] {
    return queued_frames_ == 0 || failed_.has_value() ||
           (queued_frames_ < kFramesMax && queued_bytes_ + bytes <= bytes_max);
  });
  if (failed_) return fail(*failed_);
  if (job.new_segment) {
    ++rolls_asked_;
    segment_queued_ = 0;
  }
  queued_bytes_ += bytes;
  ++queued_frames_;
  segment_queued_ += bytes + kFrameHeaderBytes;
  jobs_.push_back(std::move(job));
  const bool wake = !busy_;
  lock.unlock();
  if (wake) work_.notify_one();
  return {};
}

ByteBuffer WriteQueue::take_buffer() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return {};
  ByteBuffer buffer = std::move(free_.back());
  free_.pop_back();
  return buffer;
}

uint64_t WriteQueue::segment_bytes_expected() const {
  const std::lock_guard lock(mutex_);
  const uint64_t position = rolls_done_ == rolls_asked_ ? segment_position_ : kSegmentHeaderBytes;
  return position + segment_queued_;
}

Status WriteQueue::flush() {
  std::unique_lock lock(mutex_);
  force_ = true;
  work_.notify_one();
  idle_.wait(lock, [this] {
    return failed_.has_value() || (jobs_.empty() && !busy_ && !output_->has_unpublished());
  });
  force_ = false;
  return failed_ ? Status(fail(*failed_)) : Status();
}

Status WriteQueue::status() const {
  const std::lock_guard lock(mutex_);
  return failed_ ? Status(fail(*failed_)) : Status();
}

WriterStatus WriteQueue::writer_status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void WriteQueue::note_written(FrameJob& job) {
  const size_t bytes = job.body.size() + job.declarations.size();
  const std::lock_guard lock(mutex_);
  if (job.new_segment) ++rolls_done_;
  if (rolls_done_ == rolls_asked_) segment_queued_ -= bytes + kFrameHeaderBytes;
  segment_position_ = output_->place().position;
  queued_bytes_ -= bytes;
  --queued_frames_;
  status_.bytes_written += job.header.total_bytes();
  status_.transactions += job.header.transactions;
  status_.changes += job.header.changes;
  if (job.pooled && free_.size() + 1 < kBuffersMax) {
    job.body.shrink(options_.frame_bytes * 2);
    free_.push_back(std::move(job.body));
  }
  room_.notify_one();
}

Status WriteQueue::write_group(std::vector<FrameJob>& group) {
  for (FrameJob& job : group) {
    TW_TRY(output_->write(job));
    note_written(job);
  }
  bool force;
  {
    const std::lock_guard lock(mutex_);
    force = force_;
  }
  return output_->finish(force);
}

void WriteQueue::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const auto woken = [this] {
    return !jobs_.empty() || stopping_ || (force_ && output_->has_unpublished());
  };
  if (woken()) return;
  const int64_t now = options_.clock->steady_us();
  int64_t until = now + kRetainEveryUs;
  if (output_->has_unpublished()) until = std::min(until, output_->due_us());
  work_.wait_for(lock, std::chrono::microseconds(std::max<int64_t>(until - now, 0)), woken);
}

void WriteQueue::run() {
  begin_own_thread("tw-log");
  std::vector<FrameJob> group;
  std::unique_lock lock(mutex_);
  int64_t retained_us = 0;
  for (;;) {
    busy_ = false;
    idle_.notify_all();
    wait_for_work(lock);
    if (failed_ || (stopping_ && jobs_.empty())) break;
    busy_ = true;
    group.clear();
    group.swap(jobs_);
    lock.unlock();
    auto status = write_group(group);
    const int64_t now = options_.clock->steady_us();
    if (status.has_value() && (output_->wants_retention() || now >= retained_us + kRetainEveryUs)) {
      retained_us = now;
      status = output_->retain();
    }
    lock.lock();
    status_.next_visible = output_->head().visible_end;
    status_.last_commit_ts_us = output_->head().last_commit_ts_us;
    status_.log_bytes = output_->log_bytes();
    status_.paused_full = output_->paused_full();
    if (!status.has_value() && !failed_) failed_ = status.error();
    if (failed_) break;
  }
  busy_ = false;
  idle_.notify_all();
  room_.notify_all();
}

}  // namespace tailwater::changelog
