// repair_log: cut after the last good commit; what is cut is kept aside.
#include <algorithm>

#include <fmt/format.h>

#include "changelog/body.h"
#include "changelog/codec.h"
#include "changelog/frame_input.h"
#include "changelog/recovery.h"
#include "changelog/verify.h"

namespace tailwater::changelog {
namespace {

constexpr size_t kCopyBytes = 1 << 20;

class Repair {
 public:
  Repair(FileSystem& files, const std::string& folder) : files_(files), folder_(folder) {}

  Result<RepairReport> run() {
    TW_ASSIGN(const auto lock, files_.open(join_path(folder_, "lock"), OpenMode::kCreate));
    if (auto status = lock->lock(); !status.has_value()) {
      return fail(
          Error{ErrorKind::kBusy, "a writer has this changelog open", folder_, "stop it first"});
    }
    TW_ASSIGN(const LogReport found, verify_log(files_, folder_));
    const auto recovered = recover(files_, folder_);
    if (!found.corruption && recovered.has_value()) {
      report_.position = recovered->position;
      return report_;
    }
    if (recovered.has_value()) report_.end_lost = recovered->end.next_offset;
    if (!recovered.has_value() && recovered.error().kind != ErrorKind::kCorrupt) {
      return fail(recovered.error());
    }
    TW_TRY(find_good_end());
    TW_TRY(make_aside());
    TW_TRY(move_away());
    report_.changed = true;
    return report_;
  }

 private:
  // The last place between transactions that an unbroken walk from the log's start reaches.
  Status find_good_end() {
    TW_ASSIGN(bases_, list_segments(files_, folder_));
    std::optional<LogPlace> before;
    for (const uint64_t base : bases_) {
      TW_ASSIGN(const auto file, files_.open(path_of(base), OpenMode::kRead));
      const auto header = read_segment_header(*file);
      if (!header.has_value() || header->base_offset != base) break;
      if (before && (header->previous_chain != before->chain ||
                     header->previous_end_bytes != before->position)) {
        break;
      }
      if (!before && header->mid_transaction()) continue;
      TW_ASSIGN(const uint64_t bytes, file->size());
      FrameWalk frames(*file, frame_seed(header->incarnation), start_of(*header),
                       header->mid_transaction(), bytes);
      if (!header->mid_transaction()) good_ = start_of(*header);
      TW_TRY(walk(frames));
      before = frames.place();
    }
    report_.first_lost = good_ ? good_->next_offset : Offset{bases_.empty() ? 0 : bases_.front()};
    return {};
  }

  Status walk(FrameWalk& frames) {
    for (;;) {
      TW_ASSIGN(const auto frame, frames.next());
      if (!frame) return {};
      if (!ends_transaction(frame->header.kind)) continue;
      Bytes body = frame->body;
      if (frame->header.codec != Compression::kNone) {
        TW_TRY(codec_.decompress(frame->header.codec, body, frame->header.raw_bytes, body_));
        body = body_.view();
      }
      TW_ASSIGN(const BodyEnd end, find_end(body));
      TW_ASSIGN(report_.position, decode_position(end.position));
      good_ = frames.place();
    }
  }

  Status make_aside() {
    for (int n = 1;; ++n) {
      aside_ = join_path(folder_, fmt::format("damaged-{}", n));
      TW_ASSIGN(const bool taken, files_.exists(aside_));
      if (!taken) break;
    }
    TW_TRY(files_.make_folder(aside_));
    return files_.sync_directory(folder_);
  }

  // Newest first, so that a crash in between leaves a log with a damaged end again.
  Status move_away() {
    for (size_t i = bases_.size(); i-- > 0;) {
      const uint64_t base = bases_[i];
      if (good_ && base < good_->segment_base) break;
      if (good_ && base == good_->segment_base) {
        TW_TRY(copy_tail(base));
        break;
      }
      TW_TRY(move_file(segment_name(base)));
      (void)files_.remove(join_path(folder_, index_name(base)));
      TW_TRY(files_.sync_directory(folder_));
    }
    // The head page and the index say what is no longer true.
    (void)files_.remove(join_path(folder_, "head"));
    if (good_) (void)files_.remove(join_path(folder_, index_name(good_->segment_base)));
    return files_.sync_directory(folder_);
  }

  Status move_file(const std::string& name) {
    TW_TRY(files_.rename(join_path(folder_, name), join_path(aside_, name)));
    TW_TRY(files_.sync_directory(aside_));
    report_.aside.push_back(join_path(aside_, name));
    return {};
  }

  // The segment with the good end stays; the whole of it is copied aside, then it is cut.
  Status copy_tail(uint64_t base) {
    const std::string to = join_path(aside_, segment_name(base));
    TW_ASSIGN(const auto from_file, files_.open(path_of(base), OpenMode::kWrite));
    TW_ASSIGN(const auto to_file, files_.open(to, OpenMode::kCreateNew));
    std::vector<uint8_t> bytes(kCopyBytes);
    for (uint64_t at = 0;;) {
      TW_ASSIGN(const size_t count, from_file->read_at(at, bytes));
      if (count == 0) break;
      TW_TRY(to_file->write_at(at, Bytes(bytes).first(count)));
      at += count;
    }
    TW_TRY(to_file->sync());
    TW_TRY(files_.sync_directory(aside_));
    report_.aside.push_back(to);
    TW_TRY(from_file->resize(good_->position));
    return from_file->sync();
  }

  [[nodiscard]] std::string path_of(uint64_t base) const {
    return join_path(folder_, segment_name(base));
  }

  FileSystem& files_;
  const std::string& folder_;
  std::vector<uint64_t> bases_;
  std::optional<LogPlace> good_;
  std::string aside_;
  Codec codec_;
  ByteBuffer body_;
  RepairReport report_;
};

}  // namespace

Result<RepairReport> repair_log(FileSystem& files, const std::string& folder) {
  return Repair(files, folder).run();
}

}  // namespace tailwater::changelog
