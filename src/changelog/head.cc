#include "changelog/head.h"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/crc32c.h"

namespace tailwater::changelog {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr uint64_t kMagic = 0x3130444145485754;  // "TWHEAD01"
constexpr size_t kTicketAt = 8;                  // u32, the futex; odd while the words are written
constexpr size_t kWordsAt = 16;
constexpr size_t kWords = 13;
constexpr int64_t kWaitSliceUs =
    200000;  // how late a stop that came in the gap before the wait is seen

enum Word : size_t {
  kMagicWord,
  kBootWord,
  kBootWord2,
  kIncarnationWord,
  kIncarnationWord2,
  kEpochWord,
  kVisibleWord,
  kSegmentWord,
  kPositionWord,
  kTsWord,
  kFlagsWord,
  kZeroWord,
  kCrcWord,
};
using Words = std::array<uint64_t, kWords>;

uint64_t crc_of(const Words& words) {
  return crc32c({reinterpret_cast<const uint8_t*>(words.data()), kCrcWord * sizeof(uint64_t)});
}

// The page is shared with other processes, so every access is atomic; readers have it read-only,
// and atomic_ref wants a mutable reference that is only loaded from.
std::atomic_ref<uint32_t> ticket_of(SharedPage& page) {
  return std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(page.memory().data() + kTicketAt));
}
std::atomic_ref<uint64_t> word_of(SharedPage& page, size_t index) {
  return std::atomic_ref<uint64_t>(
      *reinterpret_cast<uint64_t*>(page.memory().data() + kWordsAt + index * sizeof(uint64_t)));
}

std::optional<Words> load_words(SharedPage& page) {
  constexpr int kAttempts =
      1000;  // a writer that died in the middle leaves the ticket odd for ever
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const uint32_t before = ticket_of(page).load(std::memory_order_acquire);
    if ((before & 1) != 0) {
      std::atomic_thread_fence(std::memory_order_seq_cst);
      continue;
    }
    Words words;
    for (size_t i = 0; i < kWords; ++i) words[i] = word_of(page, i).load(std::memory_order_acquire);
    if (ticket_of(page).load(std::memory_order_relaxed) != before) continue;
    if (words[kMagicWord] != kMagic || words[kCrcWord] != crc_of(words)) return std::nullopt;
    return words;
  }
  return std::nullopt;
}

HeadState state_of(const Words& words) {
  HeadState state;
  std::memcpy(state.incarnation.data(), &words[kIncarnationWord], state.incarnation.size());
  state.epoch = words[kEpochWord];
  state.visible_end = Offset{words[kVisibleWord]};
  state.segment_base = words[kSegmentWord];
  state.position = words[kPositionWord];
  state.last_commit_ts_us = static_cast<int64_t>(words[kTsWord]);
  state.durable = (words[kFlagsWord] & 1) != 0;
  state.open = (words[kFlagsWord] & 2) != 0;
  return state;
}

void futex_wait(uint32_t* word, uint32_t seen, int64_t timeout_us) {
  const timespec timeout{timeout_us / 1000000, timeout_us % 1000000 * 1000};
  ::syscall(SYS_futex, word, FUTEX_WAIT, seen, &timeout, nullptr, 0);
}

void futex_wake(uint32_t* word) {
  ::syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, nullptr, nullptr, 0);
}

}  // namespace

Head::Head(std::unique_ptr<SharedPage> page, const std::string& boot_id) : page_(std::move(page)) {
  const size_t half = boot_id.size() / 2;
  boot_hash_[0] = crc32c(as_bytes(boot_id)) + 1;
  boot_hash_[1] = crc32c(as_bytes(std::string_view(boot_id).substr(half)));
}

Result<std::unique_ptr<Head>> Head::map(FileSystem& files, const std::string& folder,
                                        bool writable) {
  TW_ASSIGN(auto page, files.map_shared(join_path(folder, "head"), kPageBytes, writable));
  return std::unique_ptr<Head>(new Head(std::move(page), files.boot_id()));
}

void Head::publish(const HeadState& state) {
  Words words{};
  words[kMagicWord] = kMagic;
  words[kBootWord] = boot_hash_[0];
  words[kBootWord2] = boot_hash_[1];
  std::memcpy(&words[kIncarnationWord], state.incarnation.data(), state.incarnation.size());
  words[kEpochWord] = state.epoch;
  words[kVisibleWord] = raw(state.visible_end);
  words[kSegmentWord] = state.segment_base;
  words[kPositionWord] = state.position;
  words[kTsWord] = static_cast<uint64_t>(state.last_commit_ts_us);
  words[kFlagsWord] = (state.durable ? 1U : 0U) | (state.open ? 2U : 0U);
  words[kCrcWord] = crc_of(words);
  auto ticket = ticket_of(*page_);
  const uint32_t odd = ticket.load(std::memory_order_relaxed) | 1;
  ticket.store(odd, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (size_t i = 0; i < kWords; ++i) word_of(*page_, i).store(words[i], std::memory_order_release);
  ticket.store(odd + 1, std::memory_order_release);
  futex_wake(reinterpret_cast<uint32_t*>(page_->memory().data() + kTicketAt));
}

std::optional<HeadState> Head::read_any() const {
  const auto words = load_words(*page_);
  if (!words) return std::nullopt;
  return state_of(*words);
}

std::optional<HeadState> Head::read() const {
  const auto words = load_words(*page_);
  if (!words || (*words)[kBootWord] != boot_hash_[0] || (*words)[kBootWord2] != boot_hash_[1]) {
    return std::nullopt;
  }
  return state_of(*words);
}

uint32_t Head::ticket() const {
  return ticket_of(*page_).load(std::memory_order_acquire);
}

void Head::wait(uint32_t seen, const std::stop_token& stop, int64_t timeout_us) const {
  auto* word = reinterpret_cast<uint32_t*>(page_->memory().data() + kTicketAt);
  const std::stop_callback wake(stop, [word] { futex_wake(word); });
  const Clock& clock = Clock::system();
  const int64_t until = clock.steady_us() + timeout_us;
  while (!stop.stop_requested() && ticket() == seen) {
    const int64_t left = until - clock.steady_us();
    if (left <= 0) return;
    futex_wait(word, seen, std::min(left, kWaitSliceUs));
  }
}

void sleep_or_stop(const std::stop_token& stop, int64_t timeout_us) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, std::chrono::microseconds(timeout_us), [] { return false; });
}

}  // namespace tailwater::changelog
