#include "db/mysql/session.h"

#include <fmt/format.h>
#include <mysql.h>

#include "base/cursor.h"
#include "db/mysql/server_error.h"

namespace tailwater::mysql {
namespace {

constexpr uint8_t kComQuery = 0x03;
constexpr uint8_t kComStmtPrepare = 0x16;
constexpr uint8_t kComStmtExecute = 0x17;
constexpr uint8_t kComStmtClose = 0x19;
constexpr uint8_t kOkPacket = 0x00;
constexpr uint8_t kNullValue = 0xfb;
constexpr uint8_t kEndPacket = 0xfe;
constexpr uint8_t kErrorPacket = 0xff;
constexpr size_t kEndPacketBytesMax = 9;
constexpr unsigned long kDeprecateEof = 1UL << 24;
constexpr int64_t kSendTimeoutUs = 30'000'000;
constexpr size_t kBufferBytes = 256 << 10;

// A definition ends with these: 0x0c, charset (2), length (4), type, flags (2), decimals, two zero.
constexpr size_t kDefinitionTailBytes = 13;
constexpr size_t kTypeAt = 7;
constexpr size_t kFlagsAt = 8;
constexpr uint16_t kUnsignedFlag = 32;

tl::unexpected<Error> out_of_step(std::string_view what) {
  return fail(ErrorKind::kCorrupt, fmt::format("the server's answer is not understood: {}", what),
              "something between here and the server damages the connection; reconnect");
}

ServerError parse_error(Bytes packet) {
  Cursor cursor(packet);
  cursor.skip(1);
  ServerError error;
  error.code = cursor.le<uint16_t>();
  if (cursor.remaining() >= 6 && *cursor.position() == '#') {
    cursor.skip(1);
    error.sqlstate = cursor.text(5);
  }
  error.message = as_text(cursor.rest());
  return error;
}

uint64_t length_encoded(Cursor& cursor) {
  const uint8_t first = cursor.u8();
  switch (first) {
    case 0xfc:
      return cursor.le<uint16_t>();
    case 0xfd:
      return cursor.le_uint(3);
    case 0xfe:
      return cursor.le<uint64_t>();
    default:
      return first;
  }
}

}  // namespace

Session::Session(Connection connection)
    : connection_(std::make_unique<Connection>(std::move(connection))) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() {
  // A result may be half read: the server is not told good-bye, the socket just closes.
  if (connection_ != nullptr) connection_->interrupt();
}

Result<Session> Session::open(const Endpoint& endpoint, const std::vector<std::string>& setup) {
  TW_ASSIGN(Connection connection, Connection::open(endpoint));
  for (const std::string& statement : setup) TW_TRY(connection.execute(statement));
  Session session(std::move(connection));
  st_mysql* const handle = session.connection_->handle();
  session.ends_with_ok_ = (handle->client_flag & handle->server_capabilities & kDeprecateEof) != 0;
  TW_ASSIGN(session.wire_, take_over_wire(handle));
  session.reader_ = std::make_unique<PacketReader>(
      *session.wire_, PacketReader::Options{.chunk_bytes = kBufferBytes});
  return session;
}

Status Session::send(uint8_t command, Bytes payload) {
  constexpr size_t kPayloadBytesMax = 0xFFFFFF - 1;
  if (payload.size() >= kPayloadBytesMax) {
    return fail(ErrorKind::kUnsupported, "a statement of more than 16 MB");
  }
  ByteBuffer packet(payload.size() + 5);
  packet.put<uint32_t>(static_cast<uint32_t>(payload.size() + 1));  // and sequence number 0
  packet.put<uint8_t>(command);
  packet.append(payload);
  reader_->expect_sequence(1);
  last_error_code_ = 0;
  return send_all(*wire_, reader_->waiter(), packet.view(), kSendTimeoutUs);
}

tl::unexpected<Error> Session::refused(Bytes packet) {
  const ServerError error = parse_error(packet);
  last_error_code_ = static_cast<uint16_t>(error.code);
  return fail(describe_query_error(error, connection_->endpoint()));
}

bool Session::is_end(Bytes packet) const {
  if (packet.empty() || packet[0] != kEndPacket) return false;
  return ends_with_ok_ || packet.size() < kEndPacketBytesMax;
}

Result<Bytes> Session::answer(const std::stop_token& stop) {
  TW_ASSIGN(const Bytes packet, reader_->next(stop));
  if (packet.empty()) return out_of_step("an empty packet");
  if (packet[0] == kErrorPacket) return refused(packet);
  return packet;
}

Status Session::skip_definitions(uint64_t count, const std::stop_token& stop) {
  for (uint64_t i = 0; i < count; ++i) TW_TRY(answer(stop));
  if (count == 0 || ends_with_ok_) return {};
  TW_ASSIGN(const Bytes end, answer(stop));
  return is_end(end) ? Status() : out_of_step("definitions without an end");
}

Status Session::read_columns(uint64_t count, const std::stop_token& stop) {
  columns_.clear();
  for (uint64_t i = 0; i < count; ++i) {
    TW_ASSIGN(const Bytes packet, answer(stop));
    if (packet.size() < kDefinitionTailBytes) return out_of_step("a short column definition");
    const uint8_t* const tail = packet.data() + packet.size() - kDefinitionTailBytes;
    columns_.push_back({tail[kTypeAt], (load<uint16_t>(tail + kFlagsAt) & kUnsignedFlag) != 0});
  }
  if (count == 0 || ends_with_ok_) return {};
  TW_ASSIGN(const Bytes end, answer(stop));
  return is_end(end) ? Status() : out_of_step("column definitions without an end");
}

Status Session::execute(std::string_view sql, const std::stop_token& stop) {
  TW_TRY(query(sql, stop));
  return {};
}

Result<std::vector<Session::TextRow>> Session::query(std::string_view sql,
                                                     const std::stop_token& stop) {
  std::vector<TextRow> rows;
  TW_TRY(send(kComQuery, as_bytes(sql)));
  TW_ASSIGN(const Bytes first, answer(stop));
  if (first[0] == kOkPacket) return rows;
  Cursor count(first);
  const uint64_t columns = length_encoded(count);
  if (!count.ok()) return out_of_step("a result without columns");
  // MariaDB may say behind the count whether definitions follow.
  const bool defined = count.at_end() || count.u8() != 0;
  if (defined) TW_TRY(skip_definitions(columns, stop));
  for (;;) {
    TW_ASSIGN(const Bytes packet, answer(stop));
    if (is_end(packet)) return rows;
    Cursor cursor(packet);
    TextRow row;
    for (uint64_t i = 0; i < columns; ++i) {
      if (cursor.remaining() > 0 && *cursor.position() == kNullValue) {
        cursor.skip(1);
        row.emplace_back();
      } else {
        row.emplace_back(cursor.text(length_encoded(cursor)));
      }
    }
    if (!cursor.ok()) return out_of_step("a row that does not fit");
    rows.push_back(std::move(row));
  }
}

Result<std::optional<std::string>> Session::scalar(std::string_view sql,
                                                   const std::stop_token& stop) {
  TW_ASSIGN(auto rows, query(sql, stop));
  if (rows.empty() || rows[0].empty()) return std::optional<std::string>();
  return std::move(rows[0][0]);
}

Status Session::close_statement() {
  if (!has_statement_) return {};
  has_statement_ = false;
  ByteBuffer payload;
  payload.put<uint32_t>(statement_id_);
  return send(kComStmtClose, payload.view());  // has no answer
}

Status Session::select(std::string_view sql, const std::stop_token& stop) {
  TW_TRY(close_statement());
  TW_TRY(send(kComStmtPrepare, as_bytes(sql)));
  TW_ASSIGN(const Bytes prepared, answer(stop));
  Cursor cursor(prepared);
  cursor.skip(1);
  statement_id_ = cursor.le<uint32_t>();
  const auto columns = cursor.le<uint16_t>();
  const auto parameters = cursor.le<uint16_t>();
  if (!cursor.ok() || parameters != 0) return out_of_step("a prepared statement");
  has_statement_ = true;
  TW_TRY(read_columns(columns, stop));

  ByteBuffer payload;
  payload.put<uint32_t>(statement_id_);
  payload.put<uint8_t>(0);   // no cursor at the server
  payload.put<uint32_t>(1);  // iterations
  TW_TRY(send(kComStmtExecute, payload.view()));
  TW_ASSIGN(const Bytes first, answer(stop));
  Cursor count(first);
  const uint64_t sent = length_encoded(count);
  if (first[0] == kOkPacket || !count.ok()) return out_of_step("no result of a SELECT");
  const bool defined = count.at_end() || count.u8() != 0;
  if (defined) {
    TW_TRY(read_columns(sent, stop));
  } else if (!ends_with_ok_) {
    TW_ASSIGN(const Bytes end, answer(stop));
    if (!is_end(end)) return out_of_step("a result without an end of its head");
  }
  return sent == columns_.size() ? Status() : out_of_step("a result of other columns");
}

Result<std::optional<Bytes>> Session::end_of_rows(Bytes packet) {
  if (!packet.empty() && packet[0] == kErrorPacket) return refused(packet);
  if (!is_end(packet)) return out_of_step("a packet that is no row");
  return std::optional<Bytes>();
}

}  // namespace tailwater::mysql
