// JsonPrinter: the text of binary JSON, in one pass. The hot path; for json_*.cc only.
// Layout of the format: MySQL sql-common/json_binary.h.
#pragma once

#include <array>
#include <cmath>
#include <utility>

#include "base/digits.h"
#include "source/mysql/binlog/column_type.h"
#include "source/mysql/binlog/json_opaque.h"
#include "source/mysql/binlog/json_shape.h"
#include "source/mysql/binlog/json_text.h"

namespace tailwater::mysql {

enum class JsonType : uint8_t {
  kSmallObject = 0,
  kLargeObject = 1,
  kSmallArray = 2,
  kLargeArray = 3,
  kLiteral = 4,
  kInt16 = 5,
  kUint16 = 6,
  kInt32 = 7,
  kUint32 = 8,
  kInt64 = 9,
  kUint64 = 10,
  kDouble = 11,
  kString = 12,
  kOpaque = 15,
};

constexpr unsigned kJsonDepthMax = 100;  // JSON_DOCUMENT_MAX_DEPTH

// Prints one document. Every function takes where to write and returns where it ended, null when
// the document is damaged. Before each there are at least kSlack bytes of room.
class JsonPrinter {
 public:
  JsonPrinter(Bytes document, RowOutput& out, size_t readable_beyond, JsonShape* shape)
      : out_(&out),
        shape_(shape),
        readable_end_(document.data() + document.size() + readable_beyond),
        entries_left_(document.size()),
        text_max_(document.size() * kExpansion + kSlack) {}

  // A value of `type` whose bytes start at `from` and lie before `end`.
  uint8_t* value(JsonType type, const uint8_t* from, const uint8_t* end, unsigned depth,
                 uint8_t* at) {
    switch (type) {
      case JsonType::kSmallObject:
        return container<uint16_t, true>(from, end, depth, at);
      case JsonType::kLargeObject:
        return container<uint32_t, true>(from, end, depth, at);
      case JsonType::kSmallArray:
        return container<uint16_t, false>(from, end, depth, at);
      case JsonType::kLargeArray:
        return container<uint32_t, false>(from, end, depth, at);
      case JsonType::kString:
        return string(from, end, at);
      case JsonType::kOpaque:
        return opaque(from, end, at);
      default:
        return scalar(type, from, end, at);
    }
  }

  static constexpr size_t kSlack = 48;

  // For json_tree.cc, which prints the containers that it changed itself, piece by piece.
  struct Budget {
    size_t bytes = 0;  // of all that the text is made of
  };
  JsonPrinter(Budget of, RowOutput& out)
      : out_(&out),
        shape_(nullptr),
        readable_end_(nullptr),
        entries_left_(of.bytes),
        text_max_(of.bytes * kExpansion + kSlack) {}
  // What is printed next lies before `end`.
  void reads_until(const uint8_t* end) { readable_end_ = end; }

  uint8_t* room(uint8_t* at, size_t bytes) {
    if (static_cast<size_t>(out_->end() - at) >= bytes) [[likely]]
      return at;
    return grow(at, bytes);
  }

  // A string with its quotes.
  [[gnu::always_inline]] uint8_t* quoted(Bytes text, uint8_t* at) {
    at = room(at, text.size() + 2 * kSlack);
    if (at == nullptr) [[unlikely]]
      return nullptr;
    uint8_t* const end =
        write_plain_string(text, static_cast<size_t>(readable_end_ - text.data()), at);
    if (end != nullptr) [[likely]]
      return end;
    out_->at = at;
    write_json_string(text, text.size(), *out_);
    return room(out_->at, kSlack);
  }

  static uint8_t* put_pair(uint8_t* at, char c) {
    at[0] = static_cast<uint8_t>(c);
    at[1] = ' ';
    return at + 2;
  }

 private:
  [[gnu::noinline]] uint8_t* grow(uint8_t* at, size_t bytes) {
    if (out_->written(at) - written_before_ > text_max_) return nullptr;
    out_->at = at;
    out_->ensure(bytes);
    return out_->at;
  }

  template <typename T>
  [[gnu::always_inline]] static uint8_t* integer(const uint8_t* from, const uint8_t* end,
                                                 uint8_t* at) {
    if (static_cast<size_t>(end - from) < sizeof(T)) [[unlikely]]
      return nullptr;
    const T value = load<T>(from);
    if (value >= 0 && value < 10) {
      *at = static_cast<uint8_t>('0' + value);
      return at + 1;
    }
    auto* const to = reinterpret_cast<char*>(at);
    using Wide = std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>;
    const bool small = value >= 0 && static_cast<uint64_t>(value) < kSmallNumberEnd;
    char* const end_at = small ? write_small(to, static_cast<uint32_t>(value))
                               : write_number(to, static_cast<Wide>(value));
    return reinterpret_cast<uint8_t*>(end_at);
  }

  [[gnu::always_inline]] static uint8_t* literal(const uint8_t* from, const uint8_t* end,
                                                 uint8_t* at) {
    static constexpr std::array<char, 24> kNames = {"null    true    false  "};
    if (from == end || *from > 2) [[unlikely]]
      return nullptr;
    std::memcpy(at, &kNames[size_t{*from} * 8], 8);
    return at + 4 + (*from >> 1);
  }

  static uint8_t* scalar(JsonType type, const uint8_t* from, const uint8_t* end, uint8_t* at) {
    switch (type) {
      case JsonType::kLiteral:
        return literal(from, end, at);
      case JsonType::kInt16:
        return integer<int16_t>(from, end, at);
      case JsonType::kUint16:
        return integer<uint16_t>(from, end, at);
      case JsonType::kInt32:
        return integer<int32_t>(from, end, at);
      case JsonType::kUint32:
        return integer<uint32_t>(from, end, at);
      case JsonType::kInt64:
        return integer<int64_t>(from, end, at);
      case JsonType::kUint64:
        return integer<uint64_t>(from, end, at);
      case JsonType::kDouble: {
        if (static_cast<size_t>(end - from) < sizeof(double)) return nullptr;
        const auto value = load<double>(from);
        return std::isfinite(value) ? write_json_double(value, at) : nullptr;
      }
      default:
        return nullptr;
    }
  }

  // A length in groups of seven bits, the lowest first, and so many bytes.
  bool sized(const uint8_t* from, const uint8_t* end, Bytes& out) {
    uint64_t length = 0;
    for (unsigned shift = 0; shift < 35 && from != end; shift += 7) {
      const uint8_t byte = *from++;
      length |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) != 0) continue;
      if (length > static_cast<size_t>(end - from)) return false;
      out = Bytes(from, length);
      return true;
    }
    return false;
  }

  [[gnu::always_inline]] uint8_t* string(const uint8_t* from, const uint8_t* end, uint8_t* at) {
    constexpr size_t kWord = sizeof(uint64_t);
    const auto left = static_cast<size_t>(end - from);
    const bool readable = static_cast<size_t>(readable_end_ - from) > kWord;
    if (left != 0 && *from < kWord && *from < left && readable) [[likely]] {
      const size_t length = *from;
      if (copy_plain_short(from + 1, length, at + 1)) [[likely]] {
        at[0] = at[1 + length] = '"';
        return at + length + 2;
      }
    }
    return long_string(from, end, at);
  }
  [[gnu::noinline]] uint8_t* long_string(const uint8_t* from, const uint8_t* end, uint8_t* at) {
    Bytes text;
    return sized(from, end, text) ? quoted(text, at) : nullptr;
  }

  uint8_t* opaque(const uint8_t* from, const uint8_t* end, uint8_t* at) {
    Bytes content;
    if (from == end || !sized(from + 1, end, content)) return nullptr;
    out_->at = at;
    if (!write_json_opaque(static_cast<ColumnType>(*from), content, *out_)) return nullptr;
    return room(out_->at, kSlack);
  }

  // Objects and arrays; W is the width of counts, sizes and offsets. Layout: count, size in bytes,
  // key entries (offset, u16 length), value entries (type, then the value itself or its offset),
  // the keys, the values. Offsets count from the container's start.
  template <typename W, bool kObject>
  uint8_t* container(const uint8_t* from, const uint8_t* end, unsigned depth, uint8_t* at) {
    constexpr size_t kHead = 2 * sizeof(W);
    constexpr size_t kKeyEntry = kObject ? sizeof(W) + sizeof(uint16_t) : 0;
    constexpr size_t kValueEntry = 1 + sizeof(W);
    size_t bytes = static_cast<size_t>(end - from);
    if (depth >= kJsonDepthMax || bytes < kHead) return nullptr;
    const size_t count = load<W>(from);
    const size_t size = load<W>(from + sizeof(W));
    if (count > entries_left_) return nullptr;
    entries_left_ -= count;
    // A size beyond the document is let pass, as long as everything that is used lies in it:
    // documents that were shortened in place have been seen.
    if (size < bytes) bytes = size;
    if (kHead + count * (kKeyEntry + kValueEntry) > bytes) return nullptr;
    const uint8_t* key = from + kHead;
    const uint8_t* entry = key + count * kKeyEntry;
    JsonShape* const shape = std::exchange(shape_, nullptr);
    if constexpr (kObject && sizeof(W) == sizeof(uint16_t)) {
      if (shape != nullptr && shape->matches(from, bytes, count)) {
        shape->matched();
        return known(*shape, Bytes(from, bytes), count, depth, at);
      }
    }
    at = room(at, 2 * kSlack);
    if (at == nullptr) return nullptr;
    *at++ = kObject ? '{' : '[';
    for (size_t i = 0; i < count; ++i, entry += kValueEntry) {
      if (i != 0) at = put_pair(at, ',');
      if constexpr (kObject) {
        const size_t offset = load<W>(key);
        const size_t length = load<uint16_t>(key + sizeof(W));
        key += kKeyEntry;
        if (offset + length > bytes) return nullptr;
        at = quoted(Bytes(from + offset, length), at);
        if (at == nullptr) return nullptr;
        at = put_pair(at, ':');
      }
      at = member<W>(from, bytes, entry, depth, at);
      if (at == nullptr || (at = room(at, kSlack)) == nullptr) return nullptr;
    }
    *at++ = kObject ? '}' : ']';
    if constexpr (kObject && sizeof(W) == sizeof(uint16_t)) {
      if (shape != nullptr && shape->worth_learning()) shape->learn(from, count);
    }
    return at;
  }

  // A small object whose keys are known.
  uint8_t* known(const JsonShape& shape, Bytes object, size_t count, unsigned depth, uint8_t* at) {
    constexpr size_t kHead = 2 * sizeof(uint16_t);
    constexpr size_t kKeyEntry = 2 * sizeof(uint16_t);
    constexpr size_t kValueEntry = 1 + sizeof(uint16_t);
    const uint8_t* entry = object.data() + kHead + count * kKeyEntry;
    for (size_t i = 0; i < count; ++i, entry += kValueEntry) {
      at = room(at, JsonShape::kTextBytes + kSlack);
      if (at == nullptr) [[unlikely]]
        return nullptr;
      at = member<uint16_t>(object.data(), object.size(), entry, depth, shape.put(i, at));
      if (at == nullptr) [[unlikely]]
        return nullptr;
    }
    at = room(at, kSlack);
    if (at == nullptr) [[unlikely]]
      return nullptr;
    *at++ = '}';
    return at;
  }

  // The value of the entry at `entry`, which lies in the container.
  template <typename W>
  [[gnu::always_inline]] uint8_t* member(const uint8_t* from, size_t bytes, const uint8_t* entry,
                                         unsigned depth, uint8_t* at) {
    const auto type = static_cast<JsonType>(*entry++);
    const uint8_t* const in_place = entry + sizeof(W);
    if (type == JsonType::kLiteral) return literal(entry, in_place, at);
    if (type == JsonType::kInt16) return integer<int16_t>(entry, in_place, at);
    if (type == JsonType::kUint16) return integer<uint16_t>(entry, in_place, at);
    if constexpr (sizeof(W) == sizeof(uint32_t)) {
      if (type == JsonType::kInt32 || type == JsonType::kUint32)
        return scalar(type, entry, in_place, at);
    }
    const size_t offset = load<W>(entry);
    if (offset > bytes) [[unlikely]]
      return nullptr;
    const uint8_t* const value_at = from + offset;
    const uint8_t* const end = from + bytes;
    if (type == JsonType::kString) return string(value_at, end, at);
    if (type == JsonType::kInt32) return integer<int32_t>(value_at, end, at);
    return value(type, value_at, end, depth + 1, at);
  }

  RowOutput* out_;
  JsonShape* shape_;  // of the outermost object, or null
  const uint8_t* readable_end_;
  // A sound document uses no byte twice: it has fewer entries than bytes, and no byte of it becomes
  // more than kExpansion of text.
  static constexpr size_t kExpansion = 8;
  size_t entries_left_;
  size_t text_max_;
  size_t written_before_ = out_->written(out_->at);
};

}  // namespace tailwater::mysql
