// VisibleEnd: from the head page, or by a scan where there is none that can be trusted.
#include "changelog/log_reader.h"

namespace tailwater::changelog {
namespace {
constexpr int64_t kLookEveryUs = 100000;  // for a head page that is not there yet
}

Result<VisibleEnd> VisibleEnd::find(FileSystem& files, const std::string& folder) {
  VisibleEnd end(files, folder);
  TW_ASSIGN(const auto bases, list_segments(files, folder));
  if (bases.empty()) {
    return fail(Error{ErrorKind::kNotFound,
                      "there is no changelog in " + folder,
                      {},
                      "start the source first, or check the folder's name"});
  }
  TW_ASSIGN(const bool found, end.refresh());
  if (!found) TW_TRY(end.scan());
  return end;
}

void VisibleEnd::take(const HeadState& state) {
  incarnation_ = state.incarnation;
  segment_base_ = state.segment_base;
  position_ = state.position;
  offset_ = state.visible_end;
  writer_open_ = state.open;
}

Status VisibleEnd::scan() {
  TW_ASSIGN(const Recovered recovered, recover(*files_, folder_));
  if (recovered.segments.empty()) {
    return fail(ErrorKind::kNotFound, "there is no changelog in " + folder_ + " yet");
  }
  incarnation_ = recovered.last().incarnation;
  segment_base_ = recovered.end.segment_base;
  position_ = recovered.end.position;
  offset_ = recovered.end.next_offset;
  return {};
}

Result<bool> VisibleEnd::refresh() {
  if (!head_ || !writer_open_) {
    // The page of a closed log may be replaced, with the log, by another.
    auto head = Head::map(*files_, folder_, false);
    if (!head.has_value()) return false;
    head_ = std::move(*head);
  }
  ticket_ = head_->ticket();
  const auto state = head_->read();
  if (!state) return false;
  if (position_ != 0 && state->incarnation != incarnation_) {
    return fail(ErrorKind::kResync, "the changelog in " + folder_ + " was replaced by another",
                "start this reader from the beginning");
  }
  const bool moved = segment_base_ != state->segment_base || position_ != state->position;
  // A page from before a crash of the writer may be older than what a scan found.
  if (raw(state->visible_end) < raw(offset_)) return false;
  take(*state);
  return moved;
}

Status VisibleEnd::wait(const std::stop_token& stop, int64_t timeout_us) {
  TW_ASSIGN(const bool moved, refresh());
  if (moved) return {};
  const Clock& clock = Clock::system();
  const int64_t until = clock.steady_us() + timeout_us;
  while (!stop.stop_requested()) {
    const int64_t left = until - clock.steady_us();
    if (left <= 0) return {};
    if (head_ && writer_open_) {
      head_->wait(ticket_, stop, left);
    } else {
      sleep_or_stop(stop, std::min(left, kLookEveryUs));
    }
    TW_ASSIGN(const bool moved_now, refresh());
    if (moved_now) return {};
  }
  return {};
}

}  // namespace tailwater::changelog
