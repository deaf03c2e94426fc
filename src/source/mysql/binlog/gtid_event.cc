#include "source/mysql/binlog/gtid_event.h"

#include <algorithm>

#include "base/cursor.h"
#include "source/mysql/binlog/length_encoded.h"
#include "source/mysql/binlog/serialization.h"

namespace tailwater::mysql {
namespace {

constexpr uint8_t kLogicalClock = 2;
constexpr unsigned kCommitTimeBytes = 7;
constexpr uint64_t kHasOriginalTime = uint64_t{1} << 55;
constexpr uint32_t kHasOriginalVersion = uint32_t{1} << 31;
constexpr size_t kTagBytesMax = 32;

// The optional parts stand one after the other; each is there only if all before it are.
void read_optional(Cursor& cursor, MysqlGtidEvent& out) {
  if (cursor.at_end() || cursor.u8() != kLogicalClock) return;
  out.last_committed = cursor.le<int64_t>();
  out.sequence_number = cursor.le<int64_t>();
  if (cursor.remaining() < kCommitTimeBytes) return;
  const uint64_t immediate = cursor.le_uint(kCommitTimeBytes);
  out.immediate_commit_us = static_cast<int64_t>(immediate & ~kHasOriginalTime);
  out.original_commit_us = (immediate & kHasOriginalTime) == 0
                               ? out.immediate_commit_us
                               : static_cast<int64_t>(cursor.le_uint(kCommitTimeBytes));
  if (cursor.at_end()) return;
  out.transaction_bytes = length_encoded(cursor);
  if (cursor.remaining() < sizeof(uint32_t)) return;
  const auto version = cursor.le<uint32_t>();
  out.immediate_server_version = version & ~kHasOriginalVersion;
  out.original_server_version =
      (version & kHasOriginalVersion) == 0 ? version : cursor.le<uint32_t>();
  if (cursor.remaining() >= sizeof(uint64_t)) out.commit_group_ticket = cursor.le<uint64_t>();
}

// The fields of a tagged gtid event, each with its number before it, in ascending order.
enum class TaggedField : uint64_t {
  kFlags = 0,
  kUuid = 1,
  kNumber = 2,
  kTag = 3,
  kLastCommitted = 4,
  kSequenceNumber = 5,
  kImmediateTime = 6,
  kOriginalTime = 7,
  kTransactionBytes = 8,
  kImmediateVersion = 9,
  kOriginalVersion = 10,
  kCommitGroupTicket = 11,
};

void read_tag(Cursor& cursor, std::string& tag) {
  const uint64_t length = serialized_uint(cursor);
  if (length > kTagBytesMax) return cursor.mark_failed();
  tag = cursor.text(length);
}

bool read_tagged_field(TaggedField field, Cursor& cursor, MysqlGtidEvent& out) {
  switch (field) {
    case TaggedField::kFlags:
      out.flags = static_cast<uint8_t>(serialized_uint(cursor));
      return true;
    case TaggedField::kUuid:
      for (uint8_t& byte : out.gtid->tsid.uuid)
        byte = static_cast<uint8_t>(serialized_uint(cursor));
      return true;
    case TaggedField::kNumber:
      out.gtid->number = static_cast<uint64_t>(serialized_int(cursor));
      return true;
    case TaggedField::kTag:
      read_tag(cursor, out.gtid->tsid.tag);
      return true;
    case TaggedField::kLastCommitted:
      out.last_committed = serialized_int(cursor);
      return true;
    case TaggedField::kSequenceNumber:
      out.sequence_number = serialized_int(cursor);
      return true;
    case TaggedField::kImmediateTime:
      out.immediate_commit_us = static_cast<int64_t>(serialized_uint(cursor));
      out.original_commit_us = out.immediate_commit_us;
      return true;
    case TaggedField::kOriginalTime:
      out.original_commit_us = static_cast<int64_t>(serialized_uint(cursor));
      return true;
    case TaggedField::kTransactionBytes:
      out.transaction_bytes = serialized_uint(cursor);
      return true;
    case TaggedField::kImmediateVersion:
      out.immediate_server_version = static_cast<uint32_t>(serialized_uint(cursor));
      out.original_server_version = out.immediate_server_version;
      return true;
    case TaggedField::kOriginalVersion:
      out.original_server_version = static_cast<uint32_t>(serialized_uint(cursor));
      return true;
    case TaggedField::kCommitGroupTicket:
      out.commit_group_ticket = serialized_uint(cursor);
      return true;
  }
  return false;
}

Result<MysqlGtidEvent> parse_tagged(const Event& event) {
  Cursor cursor(event.body);
  const uint64_t version = serialized_uint(cursor);
  (void)serialized_uint(cursor);  // the message's size
  const uint64_t last_needed = serialized_uint(cursor);
  if (cursor.ok() && version != 1) {
    return fail(ErrorKind::kUnsupported,
                "a gtid_tagged event has serialization version " + std::to_string(version));
  }
  MysqlGtidEvent out;
  out.gtid.emplace();
  while (cursor.ok() && !cursor.at_end()) {
    const uint64_t field = serialized_uint(cursor);
    if (!cursor.ok() || read_tagged_field(static_cast<TaggedField>(field), cursor, out)) continue;
    // A field of a later server: its length is not known, but it and those after it may be left
    // out, unless the server says that they matter.
    if (field <= last_needed) {
      return fail(ErrorKind::kUnsupported,
                  "a gtid_tagged event has the unknown field " + std::to_string(field));
    }
    break;
  }
  if (!cursor.ok() || out.gtid->number == 0) return damaged(event.header.type, "cut short");
  return out;
}

void read_xid(Cursor& cursor, MariadbGtidEvent& out) {
  out.xa_format_id = cursor.le<uint32_t>();
  const uint8_t gtrid = cursor.u8();
  const uint8_t bqual = cursor.u8();
  out.xa_gtrid = cursor.text(gtrid);
  out.xa_bqual = cursor.text(bqual);
}

}  // namespace

Result<MysqlGtidEvent> parse_mysql_gtid(const Event& event) {
  if (event.header.type == EventType::kGtidTagged) return parse_tagged(event);
  Cursor cursor(event.body);
  MysqlGtidEvent out;
  out.flags = cursor.u8();
  MysqlGtid gtid;
  const Bytes uuid = cursor.take(gtid.tsid.uuid.size());
  gtid.number = cursor.le<uint64_t>();
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  std::ranges::copy(uuid, gtid.tsid.uuid.begin());
  if (event.header.type == EventType::kGtid) {
    if (gtid.number == 0) return damaged(event.header.type, "its number is 0");
    out.gtid = std::move(gtid);
  }
  read_optional(cursor, out);
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  return out;
}

Result<MariadbGtidEvent> parse_mariadb_gtid_event(const Event& event) {
  // Bits of `extra_flags`: what follows. Source: MariaDB Gtid_log_event, log_event.h.
  constexpr uint8_t kExtraMultiEngine = 1;
  constexpr uint8_t kExtraThreadId = 16;
  constexpr uint8_t kExtraStartAlter = 2;
  constexpr uint8_t kExtraCommitAlter = 4;
  constexpr uint8_t kExtraRollbackAlter = 8;
  Cursor cursor(event.body);
  MariadbGtidEvent out;
  out.gtid.sequence = cursor.le<uint64_t>();
  out.gtid.domain = cursor.le<uint32_t>();
  out.gtid.server_id = event.header.server_id;
  out.flags = cursor.u8();
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  if ((out.flags & MariadbGtidEvent::kGroupCommitId) != 0) out.commit_id = cursor.le<uint64_t>();
  if ((out.flags & (MariadbGtidEvent::kPreparedXa | MariadbGtidEvent::kCompletedXa)) != 0) {
    read_xid(cursor, out);
  }
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  // Events before 10.5 are padded with zeros here, so missing parts are no damage.
  if (cursor.at_end()) return out;
  out.extra_flags = cursor.u8();
  if ((out.extra_flags & kExtraMultiEngine) != 0) cursor.skip(1);
  if ((out.extra_flags & (kExtraStartAlter | kExtraCommitAlter | kExtraRollbackAlter)) != 0) {
    if ((out.extra_flags & (kExtraCommitAlter | kExtraRollbackAlter)) != 0) cursor.skip(8);
  }
  if ((out.extra_flags & kExtraThreadId) != 0) {
    const auto thread_id = cursor.le<uint64_t>();
    if (cursor.ok()) out.thread_id = thread_id;
  }
  return out;
}

Result<GtidListEvent> parse_gtid_list(const Event& event) {
  constexpr uint32_t kCountMask = (1u << 28) - 1;
  constexpr size_t kEntryBytes = 16;
  Cursor cursor(event.body);
  const auto first = cursor.le<uint32_t>();
  const uint32_t count = first & kCountMask;
  if (!cursor.ok() || cursor.remaining() / kEntryBytes < count) {
    return damaged(event.header.type, "cut short");
  }
  GtidListEvent out;
  out.flags = first & ~kCountMask;
  out.gtids.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    const auto domain = cursor.le<uint32_t>();
    const auto server = cursor.le<uint32_t>();
    out.gtids.push_back({domain, server, cursor.le<uint64_t>()});
  }
  return out;
}

}  // namespace tailwater::mysql
