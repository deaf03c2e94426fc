#include "changelog/frame_input.h"

#include <algorithm>

#include "base/crc32c.h"

namespace tailwater::changelog {
namespace {
constexpr size_t kReadAhead = 64 << 10;
constexpr size_t kKeepBytes = 4 << 20;  // a larger buffer, for one large frame, is given back
constexpr size_t kScanBytes = 1 << 20;
}  // namespace

Result<Bytes> FrameInput::read(uint64_t at, size_t count, uint64_t limit) {
  count = at >= limit ? 0 : static_cast<size_t>(std::min<uint64_t>(count, limit - at));
  const bool inside = at >= start_ && at + count <= start_ + buffer_.size();
  if (!inside) TW_TRY(fill(at, count, limit));
  const size_t skip = static_cast<size_t>(at - start_);
  return buffer_.view(skip).first(std::min(count, buffer_.size() - skip));
}

Status FrameInput::fill(uint64_t at, size_t count, uint64_t limit) {
  size_t kept = 0;
  if (at >= start_ && at < start_ + buffer_.size()) {
    const size_t skip = static_cast<size_t>(at - start_);
    kept = buffer_.size() - skip;
    std::memmove(buffer_.data(), buffer_.data() + skip, kept);
  }
  if (kept == 0 && count < kKeepBytes) buffer_.shrink(kKeepBytes);
  buffer_.truncate(kept);
  start_ = at;
  const uint64_t room = limit - std::min(at, limit);
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(count + kReadAhead, room));
  if (wanted <= kept) {
    buffer_.truncate(wanted);
    return {};
  }
  uint8_t* into = buffer_.extend(wanted - kept);
  auto got = file_->read_at(at + kept, {into, wanted - kept});
  buffer_.truncate(kept + (got.has_value() ? *got : 0));
  if (!got.has_value()) return fail(std::move(got).error());
  return {};
}

std::string_view FrameWalk::objection(const FrameHeader& header) const {
  if (header.previous_crc != place_.chain) return "a frame of another chain";
  if (header.base_offset != raw(place_.next_offset)) return "a frame with a wrong offset";
  if (starts_transaction(header.kind) == mid_transaction_) return "a frame of a wrong kind";
  return {};
}

Result<std::optional<FrameWalk::Frame>> FrameWalk::next() {
  TW_ASSIGN(const Bytes bytes, input_.read(place_.position, kFrameHeaderBytes, limit_));
  const auto header = decode_frame_header(bytes, seed_);
  if (!header) {
    const bool zeros = std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; });
    reason_ = zeros ? "the end" : "a damaged frame header";
    return std::nullopt;
  }
  reason_ = objection(*header);
  if (!reason_.empty()) return std::nullopt;
  const uint64_t body_at = place_.position + kFrameHeaderBytes;
  TW_ASSIGN(const Bytes body, input_.read(body_at, header->body_bytes, limit_));
  // The padding belongs to the frame: a log that ended inside of it could not be gone on with.
  const bool whole = place_.position + header->total_bytes() <= limit_;
  if (!whole || body.size() != header->body_bytes || crc32c(body) != header->body_crc) {
    reason_ =
        !whole || body.size() != header->body_bytes ? "a cut-off frame" : "a damaged frame body";
    return std::nullopt;
  }
  Frame frame{*header, place_.position, body};
  place_.position += header->total_bytes();
  place_.chain = header->crc;
  place_.next_offset = place_.next_offset + header->changes;
  mid_transaction_ = !ends_transaction(header->kind);
  if (header->transactions != 0) {
    place_.max_commit_ts_us = std::max(place_.max_commit_ts_us, header->last_ts_us);
  }
  return frame;
}

Result<bool> later_frame_proves(File& file, uint32_t seed, const LogPlace& bad,
                                uint64_t file_bytes) {
  FrameInput input(file);
  uint64_t at = bad.position;
  while (at + kFrameHeaderBytes <= file_bytes) {
    TW_ASSIGN(const Bytes bytes, input.read(at, kScanBytes, file_bytes));
    if (bytes.size() < kFrameHeaderBytes) return false;
    size_t i = 0;
    for (; i + kFrameHeaderBytes <= bytes.size(); i += kFrameAlignment) {
      if (load<uint32_t>(bytes.data() + i) != kFrameMagic) continue;
      const auto header = decode_frame_header(bytes.subspan(i), seed);
      if (header && header->synced_bytes > bad.position &&
          header->base_offset >= raw(bad.next_offset) && at + i > bad.position) {
        return true;
      }
    }
    at += i;
  }
  return false;
}

}  // namespace tailwater::changelog
