// FrameInput and FrameWalk: reading frames from a segment file, with every check.
#pragma once

#include <optional>

#include "base/file.h"
#include "changelog/frame.h"

namespace tailwater::changelog {

/// Reads runs of a file through one buffer that reads ahead. Not thread-safe.
class FrameInput {
 public:
  /// `file` must outlive this object.
  explicit FrameInput(File& file) : file_(&file) {}

  /// The bytes from `at`, `count` of them, fewer where the file or `limit` ends; valid until the
  /// next call. Nothing at or past `limit` is ever kept.
  Result<Bytes> read(uint64_t at, size_t count, uint64_t limit);

 private:
  Status fill(uint64_t at, size_t count, uint64_t limit);

  File* file_;
  ByteBuffer buffer_;
  uint64_t start_ = 0;  ///< file offset of buffer_[0]
};

/// Goes from frame to frame through one segment and stops at the first that is not right.
class FrameWalk {
 public:
  struct Frame {
    FrameHeader header;
    uint64_t position = 0;
    Bytes body = {};  ///< as stored; valid until the next call
  };

  /// Starts at `from`; `mid_transaction` says whether a middle or last frame must come first.
  /// `limit` is where the file ends, or the visible part of it.
  FrameWalk(File& file, uint32_t seed, const LogPlace& from, bool mid_transaction, uint64_t limit)
      : input_(file), seed_(seed), place_(from), mid_transaction_(mid_transaction), limit_(limit) {}

  /// The next frame, its header and body checked; nothing when the next bytes are no such frame.
  Result<std::optional<Frame>> next();

  /// After the last good frame.
  [[nodiscard]] const LogPlace& place() const { return place_; }
  [[nodiscard]] bool mid_transaction() const { return mid_transaction_; }
  /// Why `next` gave nothing: "the end", "a damaged header", …
  [[nodiscard]] std::string_view reason() const { return reason_; }

 private:
  [[nodiscard]] std::string_view objection(const FrameHeader& header) const;

  FrameInput input_;
  uint32_t seed_;
  LogPlace place_;
  bool mid_transaction_;
  uint64_t limit_;
  std::string_view reason_ = "the end";
};

/// Whether a valid frame after `bad` in the same segment says that the bytes at `bad` were durable
/// when it was written. Then they are corrupt, not torn.
Result<bool> later_frame_proves(File& file, uint32_t seed, const LogPlace& bad,
                                uint64_t file_bytes);

}  // namespace tailwater::changelog
