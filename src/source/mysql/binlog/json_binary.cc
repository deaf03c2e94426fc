#include "source/mysql/binlog/json_binary.h"

#include <charconv>
#include <cmath>

#include "base/cursor.h"
#include "source/mysql/binlog/column_type.h"
#include "source/mysql/binlog/decimal.h"
#include "source/mysql/binlog/json_opaque.h"
#include "source/mysql/binlog/json_text.h"

namespace tailwater::mysql {
namespace {

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

constexpr unsigned kDepthMax = 100;  // JSON_DOCUMENT_MAX_DEPTH

// A length in groups of seven bits, the lowest first.
uint64_t variable_length(Cursor& cursor) {
  uint64_t length = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    const uint8_t byte = cursor.u8();
    length |= uint64_t{byte & 0x7fu} << shift;
    if ((byte & 0x80) == 0) return length;
  }
  cursor.mark_failed();
  return 0;
}

template <typename T>
bool put_integer(T value, RowOutput& out) {
  out.ensure(kNumberTextMax);
  if (value >= 0 && value < 10) {
    out.put(static_cast<char>('0' + value));
    return true;
  }
  auto* const to = reinterpret_cast<char*>(out.at);
  out.at += std::to_chars(to, to + kNumberTextMax, value).ptr - to;
  return true;
}

class Printer {
 public:
  Printer(Bytes document, RowOutput& out)
      : out_(&out),
        end_(document.data() + document.size()),
        entries_left_(document.size()),
        text_left_(document.size()) {}

  bool value(JsonType type, Bytes bytes, unsigned depth) {
    switch (type) {
      case JsonType::kSmallObject:
        return container<uint16_t>(bytes, true, depth);
      case JsonType::kLargeObject:
        return container<uint32_t>(bytes, true, depth);
      case JsonType::kSmallArray:
        return container<uint16_t>(bytes, false, depth);
      case JsonType::kLargeArray:
        return container<uint32_t>(bytes, false, depth);
      case JsonType::kString:
        return string(bytes);
      case JsonType::kOpaque:
        return opaque(bytes);
      default:
        return scalar(type, bytes);
    }
  }

 private:
  bool scalar(JsonType type, Bytes bytes) {
    Cursor cursor(bytes);
    switch (type) {
      case JsonType::kLiteral:
        return literal(cursor.u8()) && cursor.ok();
      case JsonType::kInt16:
        return put_integer(cursor.le<int16_t>(), *out_) && cursor.ok();
      case JsonType::kUint16:
        return put_integer(cursor.le<uint16_t>(), *out_) && cursor.ok();
      case JsonType::kInt32:
        return put_integer(cursor.le<int32_t>(), *out_) && cursor.ok();
      case JsonType::kUint32:
        return put_integer(cursor.le<uint32_t>(), *out_) && cursor.ok();
      case JsonType::kInt64:
        return put_integer(cursor.le<int64_t>(), *out_) && cursor.ok();
      case JsonType::kUint64:
        return put_integer(cursor.le<uint64_t>(), *out_) && cursor.ok();
      case JsonType::kDouble:
        return real(cursor.le<double>()) && cursor.ok();
      default:
        return false;
    }
  }

  bool literal(uint8_t which) {
    constexpr std::string_view kNames[] = {"null", "true", "false"};
    if (which > 2) return false;
    out_->ensure(8);
    out_->put(kNames[which]);
    return true;
  }

  bool real(double value) {
    if (!std::isfinite(value)) return false;
    out_->ensure(kNumberTextMax);
    out_->at = write_json_double(value, out_->at);
    return true;
  }

  bool string(Bytes bytes) {
    Cursor cursor(bytes);
    const uint64_t length = variable_length(cursor);
    if (!cursor.ok() || length > cursor.remaining() || length > text_left_) return false;
    text_left_ -= length;
    put_string(cursor.take(length));
    return true;
  }

  void put_string(Bytes text) {
    write_json_string(as_text(text), static_cast<size_t>(end_ - text.data()), *out_);
  }

  bool opaque(Bytes bytes) {
    Cursor cursor(bytes);
    const auto type = static_cast<ColumnType>(cursor.u8());
    const uint64_t length = variable_length(cursor);
    if (!cursor.ok() || length > cursor.remaining() || length > text_left_) return false;
    text_left_ -= length;
    return write_json_opaque(type, cursor.take(length), *out_);
  }

  // Objects and arrays; W is the width of counts, sizes and offsets. Layout: count, size in bytes,
  // key entries (offset, u16 length), value entries (type, then the value itself or its offset),
  // the keys, the values. Offsets count from the container's start.
  template <typename W>
  bool container(Bytes bytes, bool object, unsigned depth) {
    if (depth >= kDepthMax || bytes.size() < 2 * sizeof(W)) return false;
    const W count = load<W>(bytes.data());
    const W size = load<W>(bytes.data() + sizeof(W));
    if (count > entries_left_) return false;
    entries_left_ -= count;
    // A size beyond the document is let pass, as long as everything that is used lies in it:
    // documents that were shortened in place have been seen.
    if (size < bytes.size()) bytes = bytes.first(size);
    const size_t key_entry = object ? sizeof(W) + sizeof(uint16_t) : 0;
    const size_t value_entry = 1 + sizeof(W);
    const size_t values_at = 2 * sizeof(W) + count * key_entry;
    if (values_at + count * value_entry > bytes.size()) return false;
    out_->ensure(2);
    out_->put(object ? '{' : '[');
    for (size_t i = 0; i < count; ++i) {
      out_->ensure(4);
      if (i != 0) out_->put(std::string_view(", "));
      if (object && !key<W>(bytes, 2 * sizeof(W) + i * key_entry)) return false;
      if (!member<W>(bytes, values_at + i * value_entry, depth)) return false;
    }
    out_->ensure(2);
    out_->put(object ? '}' : ']');
    return true;
  }

  template <typename W>
  bool key(Bytes bytes, size_t entry) {
    const size_t offset = load<W>(bytes.data() + entry);
    const size_t length = load<uint16_t>(bytes.data() + entry + sizeof(W));
    if (offset > bytes.size() || length > bytes.size() - offset || length > text_left_)
      return false;
    text_left_ -= length;
    put_string(bytes.subspan(offset, length));
    out_->ensure(2);
    out_->put(std::string_view(": "));
    return true;
  }

  template <typename W>
  bool member(Bytes bytes, size_t entry, unsigned depth) {
    const auto type = static_cast<JsonType>(bytes[entry]);
    const bool in_place =
        type == JsonType::kLiteral || type == JsonType::kInt16 || type == JsonType::kUint16 ||
        (sizeof(W) == 4 && (type == JsonType::kInt32 || type == JsonType::kUint32));
    if (in_place) return scalar(type, bytes.subspan(entry + 1, sizeof(W)));
    const size_t offset = load<W>(bytes.data() + entry + 1);
    if (offset > bytes.size()) return false;
    return value(type, bytes.subspan(offset), depth + 1);
  }

  RowOutput* out_;
  const uint8_t* end_;  // of the document
  // A sound document uses no byte twice, so it has fewer entries, and less text, than bytes.
  size_t entries_left_;
  size_t text_left_;
};

}  // namespace

bool write_json(Bytes document, RowOutput& out) {
  if (document.empty()) {
    out.ensure(8);
    out.put(std::string_view("null"));
    return true;
  }
  return Printer(document, out).value(static_cast<JsonType>(document[0]), document.subspan(1), 0);
}

Status append_json(Bytes document, ByteBuffer& out) {
  RowOutput text(out, document.size() * 2 + 64);
  if (!write_json(document, text)) return fail(ErrorKind::kCorrupt, "a JSON document is damaged");
  text.finish();
  return {};
}

}  // namespace tailwater::mysql
