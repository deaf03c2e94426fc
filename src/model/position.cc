#include "model/position.h"

#include "base/cursor.h"

namespace tailwater {
namespace {
constexpr uint8_t kVersion = 1;
}

std::string_view to_string(SourceKind kind) {
  switch (kind) {
    case SourceKind::kMysql:
      return "mysql";
    case SourceKind::kMariadb:
      return "mariadb";
    case SourceKind::kPostgres:
      return "postgres";
  }
  return "unknown";
}

std::string Position::describe() const {
  std::string text = binlog.file.empty() ? std::string() : binlog.describe();
  if (!gtids.empty()) text.append(text.empty() ? "GTID " : " (GTID ").append(gtids);
  if (!gtids.empty() && !binlog.file.empty()) text += ")";
  return text.empty() ? "nowhere yet" : text;
}

void encode_position(const Position& position, ByteBuffer& out) {
  out.put<uint8_t>(kVersion);
  out.put<uint8_t>(static_cast<uint8_t>(position.kind));
  out.put<uint16_t>(0);
  out.put<uint64_t>(position.binlog.pos);
  out.put_sized(position.server);
  out.put_sized(position.binlog.file);
  out.put_sized(position.gtids);
}

Result<Position> decode_position(Bytes bytes) {
  Cursor cursor(bytes);
  Position position;
  const uint8_t version = cursor.u8();
  const uint8_t kind = cursor.u8();
  cursor.skip(2);
  position.kind = static_cast<SourceKind>(kind);
  position.binlog.pos = cursor.le<uint64_t>();
  position.server = cursor.sized_text();
  position.binlog.file = cursor.sized_text();
  position.gtids = cursor.sized_text();
  if (!cursor.ok() || version != kVersion || kind == 0 ||
      kind > static_cast<uint8_t>(SourceKind::kPostgres)) {
    return fail(ErrorKind::kCorrupt, "a stored position is damaged");
  }
  return position;
}

}  // namespace tailwater
