#include "source/mysql/binlog/control_events.h"

#include "base/cursor.h"
#include "source/mysql/binlog/length_encoded.h"

namespace tailwater::mysql {
namespace {

// The fields of a heartbeat v2 event: a type, a length, a value each; type 0 ends them.
enum class HeartbeatField : uint64_t { kEnd = 0, kFile = 1, kPos = 2 };

Result<Heartbeat> parse_heartbeat_v2(const Event& event) {
  Heartbeat heartbeat;
  Cursor cursor(event.body);
  while (cursor.ok() && !cursor.at_end()) {
    const auto field = static_cast<HeartbeatField>(length_encoded(cursor));
    if (field == HeartbeatField::kEnd) break;
    const std::string_view value = length_encoded_text(cursor);
    if (field == HeartbeatField::kFile) heartbeat.file = value;
    if (field == HeartbeatField::kPos) {
      Cursor number(as_bytes(value));
      heartbeat.pos = length_encoded(number);
      if (!number.ok()) cursor.mark_failed();
    }
  }
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  return heartbeat;
}

}  // namespace

Result<Rotate> parse_rotate(const Event& event) {
  Cursor cursor(event.body);
  Rotate rotate;
  rotate.pos = cursor.le<uint64_t>();
  rotate.file = as_text(cursor.rest());
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  return rotate;
}

Result<uint64_t> parse_xid(const Event& event) {
  Cursor cursor(event.body);
  const auto xid = cursor.le<uint64_t>();
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  return xid;
}

Result<Heartbeat> parse_heartbeat(const Event& event) {
  if (event.header.type == EventType::kHeartbeatV2) return parse_heartbeat_v2(event);
  return Heartbeat{as_text(event.body), event.header.next_pos};
}

Result<Incident> parse_incident(const Event& event) {
  Cursor cursor(event.body);
  Incident incident;
  incident.number = cursor.le<uint16_t>();
  if (!cursor.at_end()) incident.message = cursor.text(cursor.u8());
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  return incident;
}

Result<std::string_view> parse_rows_query(const Event& event) {
  std::string_view text = as_text(event.body);
  if (event.header.type == EventType::kRowsQuery) {
    // A length of one byte that is wrong for long statements; the text goes to the event's end.
    if (text.empty()) return damaged(event.header.type, "cut short");
    text.remove_prefix(1);
  }
  return text;
}

Result<std::string_view> parse_binlog_checkpoint(const Event& event) {
  Cursor cursor(event.body);
  const auto length = cursor.le<uint32_t>();
  const std::string_view file = cursor.text(length);
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  return file;
}

Result<XaPrepare> parse_xa_prepare(const Event& event) {
  Cursor cursor(event.body);
  XaPrepare prepare;
  prepare.one_phase = cursor.u8() != 0;
  prepare.format_id = cursor.le<uint32_t>();
  const auto gtrid = cursor.le<uint32_t>();
  const auto bqual = cursor.le<uint32_t>();
  prepare.gtrid = cursor.text(gtrid);
  prepare.bqual = cursor.text(bqual);
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  return prepare;
}

}  // namespace tailwater::mysql
