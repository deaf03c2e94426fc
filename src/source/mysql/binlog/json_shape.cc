#include "source/mysql/binlog/json_shape.h"

#include "source/mysql/binlog/json_text.h"

namespace tailwater::mysql {

void JsonShape::learn(const uint8_t* from, size_t count) {
  count_ = 0;
  if (count == 0 || count > kMembersMax) return;
  const uint8_t* const entries = from + kHeadBytes;
  keys_at_ = load<uint16_t>(entries);
  size_t keys_end = keys_at_;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* const entry = entries + i * kEntryBytes;
    const size_t at = load<uint16_t>(entry);
    const size_t length = load<uint16_t>(entry + sizeof(uint16_t));
    if (at != keys_end) return;  // the server writes them one behind the other
    keys_end = at + length;
    uint8_t* to = texts_[i].data();
    constexpr size_t kFrame = 8;  // comma, blank, two quotes, colon, blank, and two to spare
    if (length + kFrame + sizeof(uint64_t) > kTextBytes) return;
    *to++ = i == 0 ? '{' : ',';
    if (i != 0) *to++ = ' ';
    to = write_plain_string(Bytes(from + at, length), length, to);
    if (to == nullptr) return;
    *to++ = ':';
    *to++ = ' ';
    text_bytes_[i] = static_cast<uint8_t>(to - texts_[i].data());
  }
  keys_bytes_ = keys_end - keys_at_;
  if (keys_bytes_ > kKeysMax) return;
  std::memcpy(entries_.data(), entries, count * kEntryBytes);
  std::memcpy(keys_.data(), from + keys_at_, keys_bytes_);
  last_mask_ = (uint64_t{1} << keys_bytes_ % kWord * 8) - 1;
  count_ = count;
}

}  // namespace tailwater::mysql
