#include "source/mysql/binlog/event.h"

#include <array>

#include <libdeflate.h>

#include "base/cursor.h"

namespace tailwater::mysql {
namespace {

constexpr size_t kFlagsAt = 17;

}  // namespace

tl::unexpected<Error> damaged(EventType type, std::string_view what) {
  std::string message = "a ";
  message.append(to_string(type)).append(" event is damaged: ").append(what);
  return fail(ErrorKind::kCorrupt, std::move(message));
}

Result<EventHeader> parse_event_header(Bytes bytes) {
  Cursor cursor(bytes);
  EventHeader header;
  header.timestamp_s = cursor.le<uint32_t>();
  header.type = static_cast<EventType>(cursor.u8());
  header.server_id = cursor.le<uint32_t>();
  header.length = cursor.le<uint32_t>();
  header.next_pos = cursor.le<uint32_t>();
  header.flags = cursor.le<uint16_t>();
  if (!cursor.ok()) return fail(ErrorKind::kCorrupt, "an event header is cut short");
  if (header.length < kEventHeaderBytes) {
    return damaged(header.type, "its length is " + std::to_string(header.length) + " bytes");
  }
  return header;
}

bool checksum_matches(Bytes whole) {
  if (whole.size() < kEventHeaderBytes + kChecksumBytes) return false;
  const size_t covered = whole.size() - kChecksumBytes;
  const auto expected = load<uint32_t>(whole.data() + covered);
  if (whole[4] != static_cast<uint8_t>(EventType::kFormatDescription)) [[likely]] {
    return libdeflate_crc32(0, whole.data(), covered) == expected;
  }
  std::array<uint8_t, kEventHeaderBytes> header;
  std::memcpy(header.data(), whole.data(), header.size());
  header[kFlagsAt] &= static_cast<uint8_t>(~kFlagBinlogInUse);
  const uint32_t crc = libdeflate_crc32(0, header.data(), header.size());
  return libdeflate_crc32(crc, whole.data() + header.size(), covered - header.size()) == expected;
}

Result<Event> open_event(Bytes whole, Checksum checksum) {
  TW_ASSIGN(const EventHeader header, parse_event_header(whole));
  if (header.length != whole.size()) {
    return damaged(header.type, "it has " + std::to_string(whole.size()) +
                                    " bytes, its header says " + std::to_string(header.length));
  }
  Event event{header, whole, whole.subspan(kEventHeaderBytes)};
  if (checksum == Checksum::kNone || header.type == EventType::kFormatDescription) return event;
  if (event.body.size() < kChecksumBytes) return damaged(header.type, "no room for its checksum");
  if (!checksum_matches(whole)) return damaged(header.type, "its checksum does not match");
  event.body = event.body.first(event.body.size() - kChecksumBytes);
  return event;
}

Checksum guess_checksum(Bytes whole) {
  return checksum_matches(whole) ? Checksum::kCrc32 : Checksum::kNone;
}

}  // namespace tailwater::mysql
