#include "transform/mask.h"

#include <algorithm>

namespace tailwater {
namespace {

constexpr uint64_t kHashCharacters = 2 * KeyedHash::kBytes;
constexpr const char* kCharset = "utf8mb4";

// Where the character that starts at `at` ends. Bytes that start no whole character stand alone.
size_t character_end(Bytes text, size_t at) {
  const uint8_t first = text[at];
  const size_t size = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  if (at + size > text.size()) return at + 1;
  for (size_t i = 1; i < size; ++i) {
    if ((text[at + i] & 0xc0) != 0x80) return at + 1;
  }
  return at + size;
}

Bytes first_characters(Bytes text, uint64_t characters) {
  size_t at = 0;
  for (uint64_t i = 0; i < characters && at < text.size(); ++i) at = character_end(text, at);
  return text.first(at);
}

size_t count_characters(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) at = character_end(as_bytes(text), at);
  return count;
}

Column text_column(const Column& column, uint64_t characters) {
  Column masked = column;
  masked.type = {.kind = TypeKind::kString, .length = characters};
  masked.source_type = "varchar(" + std::to_string(characters) + ")";
  masked.charset = kCharset;
  return masked;
}

}  // namespace

Mask Mask::hash(KeyedHash hash) {
  Mask mask;
  mask.kind_ = Kind::kHash;
  mask.hash_ = std::move(hash);
  return mask;
}

Mask Mask::truncate(uint64_t characters) {
  Mask mask;
  mask.kind_ = Kind::kTruncate;
  mask.characters_ = characters;
  return mask;
}

Mask Mask::constant(std::string text) {
  Mask mask;
  mask.kind_ = Kind::kConstant;
  mask.constant_ = std::move(text);
  return mask;
}

Result<Column> Mask::apply(const Column& column) const {
  if (kind_ == Kind::kNone) return column;
  if (kind_ == Kind::kHash) return text_column(column, kHashCharacters);
  if (kind_ == Kind::kConstant) return text_column(column, count_characters(constant_));
  const bool bytes = column.type.kind == TypeKind::kBytes;
  if (!bytes && column.type.kind != TypeKind::kString) {
    return fail(ErrorKind::kUserFix,
                "mask_truncate is for text and bytes; '" + column.name + "' is " +
                    std::string(to_string(column.type.kind)),
                "mask it with mask_hash or mask_constant, or leave it out with column_exclude");
  }
  Column masked = column;
  if (masked.type.length != 0) masked.type.length = std::min(masked.type.length, characters_);
  // A shorter BINARY(n) must not be filled up again by those who read the type.
  if (bytes && column.source_type.starts_with("binary")) {
    masked.source_type = "varbinary(" + std::to_string(masked.type.length) + ")";
  }
  return masked;
}

void Mask::append(Bytes value, TypeKind kind, ByteBuffer& out) const {
  switch (kind_) {
    case Kind::kNone:
      out.append(value);
      break;
    case Kind::kHash: {
      constexpr std::string_view kDigits = "0123456789abcdef";
      uint8_t* to = out.extend(kHashCharacters);
      for (const uint8_t byte : hash_->of(value)) {
        *to++ = static_cast<uint8_t>(kDigits[byte >> 4]);
        *to++ = static_cast<uint8_t>(kDigits[byte & 15]);
      }
      break;
    }
    case Kind::kTruncate:
      out.append(kind == TypeKind::kBytes ? value.first(static_cast<size_t>(
                                                std::min<uint64_t>(characters_, value.size())))
                                          : first_characters(value, characters_));
      break;
    case Kind::kConstant:
      out.append(constant_);
      break;
  }
}

}  // namespace tailwater
