// Mask: what is kept instead of a column's values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "model/schema.h"
#include "transform/keyed_hash.h"

namespace tailwater {

/// Immutable; copies are cheap but for the text of a constant. May be used from several threads.
class Mask {
 public:
  enum class Kind : uint8_t { kNone, kHash, kTruncate, kConstant };

  /// Values stay as they are.
  Mask() = default;
  /// HMAC-SHA-256 of the value as lower-case hex: equal values stay equal.
  static Mask hash(KeyedHash hash);
  /// The first `characters` of a text, or bytes of a binary value.
  static Mask truncate(uint64_t characters);
  static Mask constant(std::string text);

  [[nodiscard]] Kind kind() const { return kind_; }
  /// Whether the mask needs to see the value, as `append` takes it.
  [[nodiscard]] bool needs_value() const { return kind_ != Kind::kConstant; }

  /// The column as it is after masking: hashes and constants are text, whatever the column was.
  /// kUserFix when values of this type cannot be masked so.
  [[nodiscard]] Result<Column> apply(const Column& column) const;

  /// Appends what is kept of a value that is neither NULL nor unavailable. `value`: the bytes of a
  /// text or binary column as they are in rows, for others the text of append_value_text. `kind` is
  /// the unmasked column's. A character that is not UTF-8 counts as one for each byte.
  void append(Bytes value, TypeKind kind, ByteBuffer& out) const;

 private:
  Kind kind_ = Kind::kNone;
  std::optional<KeyedHash> hash_;
  uint64_t characters_ = 0;
  std::string constant_;
};

}  // namespace tailwater
