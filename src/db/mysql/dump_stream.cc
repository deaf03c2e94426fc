#include "db/mysql/dump_stream.h"

#include <array>
#include <random>

#include <fmt/format.h>
#include <unistd.h>

#include "base/cursor.h"
#include "db/mysql/server_id.h"

namespace tailwater::mysql {
namespace {

constexpr uint8_t kComBinlogDump = 0x12;
constexpr uint8_t kComRegisterSlave = 0x15;
constexpr uint8_t kComBinlogDumpGtid = 0x1e;
constexpr uint16_t kFlagNonBlock = 1;
constexpr uint16_t kFlagAnnotateRows = 2;  // MariaDB
constexpr uint16_t kFlagHeartbeatV2 = 2;   // MySQL 8.0.26 and newer; old servers ignore it
constexpr uint8_t kErrorPacket = 0xff;
constexpr uint8_t kEndPacket = 0xfe;
constexpr size_t kMaxEndPacketBytes = 9;
constexpr uint32_t kFirstEventPosition = 4;  // after the file's magic number
constexpr int64_t kSendTimeoutUs = 30'000'000;
constexpr Version kHeartbeatV2Since = {8, 0, 26};

std::string random_uuid() {
  std::random_device random;
  const auto word = [&] { return static_cast<uint32_t>(random()); };
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}", word(), word() & 0xffff,
                     word() & 0xfff, 0x8000 | (word() & 0x3fff), word() & 0xffff, word());
}

std::string our_host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

// Statements that a replica sends before it asks for the binlog. Old and new names both: a server
// ignores a user variable that it does not read.
std::vector<std::string> session_statements(const Connection& connection, const DumpStart& start,
                                            const DumpOptions& options) {
  const std::string uuid = options.replica_uuid.empty() ? random_uuid() : options.replica_uuid;
  const int64_t period_ns = options.heartbeat_period_us * 1000;
  std::vector<std::string> statements = {
      "SET @master_binlog_checksum = @@global.binlog_checksum, "
      "@source_binlog_checksum = @@global.binlog_checksum",
      fmt::format("SET @master_heartbeat_period = {0}, @source_heartbeat_period = {0}", period_ns),
      // A paused reader must not be thrown out: the deadline and TCP keepalive watch the
      // connection.
      "SET SESSION net_write_timeout = 3600"};
  if (!connection.is_mariadb()) {
    statements.push_back(fmt::format("SET @slave_uuid = '{0}', @replica_uuid = '{0}'", uuid));
    return statements;
  }
  // 4: understands GTIDs (MARIA_SLAVE_CAPABILITY_GTID); without it the server rewrites events.
  statements.emplace_back("SET @mariadb_slave_capability = 4");
  if (const auto* gtids = std::get_if<MariadbGtidStart>(&start)) {
    statements.push_back(
        fmt::format("SET @slave_connect_state = {}", connection.quote(gtids->gtids)));
    statements.emplace_back("SET @slave_gtid_strict_mode = 1, @slave_gtid_ignore_duplicates = 0");
  }
  return statements;
}

uint16_t dump_flags(const Connection& connection, const DumpOptions& options) {
  uint16_t flags = options.non_blocking ? kFlagNonBlock : uint16_t{0};
  if (connection.is_mariadb()) {
    if (options.annotate_rows) flags |= kFlagAnnotateRows;
  } else if (connection.version() >= kHeartbeatV2Since) {
    flags |= kFlagHeartbeatV2;
  }
  return flags;
}

ByteBuffer plain_dump(uint32_t pos, uint16_t flags, uint32_t server_id, std::string_view file) {
  ByteBuffer out;
  out.put<uint8_t>(kComBinlogDump);
  out.put<uint32_t>(pos);
  out.put<uint16_t>(flags);
  out.put<uint32_t>(server_id);
  out.append(file);
  return out;
}

ByteBuffer gtid_dump(const MysqlGtidStart& start, uint16_t flags, uint32_t server_id) {
  ByteBuffer out;
  out.put<uint8_t>(kComBinlogDumpGtid);
  out.put<uint16_t>(flags);
  out.put<uint32_t>(server_id);
  out.put_sized("");  // no file: the server finds it
  out.put<uint64_t>(kFirstEventPosition);
  out.put_sized(start.encoded);
  return out;
}

Result<ByteBuffer> dump_command(const Connection& connection, const DumpStart& start,
                                const DumpOptions& options) {
  const uint16_t flags = dump_flags(connection, options);
  if (const auto* position = std::get_if<BinlogPosition>(&start)) {
    if (position->pos > UINT32_MAX) {
      return fail(Error{ErrorKind::kUnsupported,
                        "the replication protocol cannot start beyond 4 GB in a binlog file",
                        position->describe(), "start from a GTID, or from the next file"});
    }
    return plain_dump(static_cast<uint32_t>(position->pos), flags, options.server_id,
                      position->file);
  }
  if (const auto* gtids = std::get_if<MysqlGtidStart>(&start)) {
    return gtid_dump(*gtids, flags, options.server_id);
  }
  return plain_dump(kFirstEventPosition, flags, options.server_id, "");
}

std::string describe_start(const DumpStart& start) {
  if (const auto* position = std::get_if<BinlogPosition>(&start)) return position->describe();
  if (const auto* gtids = std::get_if<MysqlGtidStart>(&start)) return "GTIDs " + gtids->text;
  return "GTID " + std::get<MariadbGtidStart>(start).gtids;
}

Status check_start(const Connection& connection, const DumpStart& start,
                   const DumpOptions& options) {
  if (options.server_id == 0) return fail(ErrorKind::kBug, "a dump needs a server id");
  const bool fits = connection.is_mariadb() ? !std::holds_alternative<MysqlGtidStart>(start)
                                            : !std::holds_alternative<MariadbGtidStart>(start);
  if (fits) return {};
  return fail(ErrorKind::kResync,
              fmt::format("the start {} is not one of a {} server", describe_start(start),
                          to_string(connection.flavor())),
              "was the URL changed to another server? Start anew, with a new data folder");
}

// For the hints of a refusal; the user may lack the grant to see it, then the hint says less.
void look_around(Connection& connection, DumpSurroundings& surroundings) {
  surroundings.mariadb = connection.is_mariadb();
  if (auto logs = connection.query("SHOW BINARY LOGS"); logs.has_value()) {
    while (logs->next().value_or(false)) {
      if (surroundings.oldest_log.empty()) surroundings.oldest_log = logs->text(0);
      surroundings.newest_log = logs->text(0);
    }
  }
  if (connection.is_mariadb()) return;
  if (auto purged = connection.scalar("SELECT @@global.gtid_purged"); purged.has_value()) {
    surroundings.gtid_purged = purged->value_or("");
  }
}

ServerError parse_error_packet(Bytes packet) {
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

}  // namespace

Status try_to_register(Connection connection, uint32_t server_id) {
  constexpr int64_t kAnswerWithinUs = 30'000'000;
  const DumpOptions options{.server_id = server_id, .deadline_us = kAnswerWithinUs};
  DumpStream stream(std::move(connection));
  stream.surroundings_.mariadb = stream.connection_->is_mariadb();
  TW_TRY(stream.take_over(options));
  return stream.register_replica(options);
}

DumpStream::DumpStream(Connection connection)
    : connection_(std::make_unique<Connection>(std::move(connection))) {}
DumpStream::DumpStream(DumpStream&&) noexcept = default;
DumpStream& DumpStream::operator=(DumpStream&&) noexcept = default;
DumpStream::~DumpStream() {
  // Else closing would send a farewell that the server, busy sending, may never read.
  if (connection_ != nullptr) connection_->interrupt();
}

Result<DumpStream> DumpStream::open(Connection connection, const DumpStart& start,
                                    const DumpOptions& options) {
  TW_TRY(check_start(connection, start, options));
  DumpStream stream(std::move(connection));
  TW_TRY(stream.prepare(start, options));
  return stream;
}

Result<DumpStream> DumpStream::open_to_end(const Endpoint& endpoint, const DumpStart& start) {
  TW_ASSIGN(Connection connection, Connection::open(endpoint));
  DumpOptions options;
  TW_ASSIGN(options.server_id, choose_server_id(connection));
  options.non_blocking = true;
  return open(std::move(connection), start, options);
}

Status DumpStream::prepare(const DumpStart& start, const DumpOptions& options) {
  non_blocking_ = options.non_blocking;
  TW_ASSIGN(const ByteBuffer command, dump_command(*connection_, start, options));
  surroundings_.asked = describe_start(start);
  look_around(*connection_, surroundings_);
  for (const std::string& statement : session_statements(*connection_, start, options)) {
    TW_TRY(connection_->execute(statement));
  }
  TW_TRY(take_over(options));
  TW_TRY(register_replica(options));
  TW_TRY(send_command(command.view()));
  reader_->read_ahead();
  return {};
}

Status DumpStream::take_over(const DumpOptions& options) {
  TW_ASSIGN(wire_, take_over_wire(connection_->handle()));
  reader_ = std::make_unique<PacketReader>(
      *wire_, PacketReader::Options{.chunk_bytes = options.buffer_bytes,
                                    .deadline_us = options.deadline_us});
  return {};
}

// Makes SHOW REPLICAS (SHOW SLAVE HOSTS) name us.
Status DumpStream::register_replica(const DumpOptions& options) {
  constexpr size_t kMaxHostBytes = 60;
  const std::string host = ("tailwater@" + our_host_name()).substr(0, kMaxHostBytes);
  ByteBuffer out;
  out.put<uint8_t>(kComRegisterSlave);
  out.put<uint32_t>(options.server_id);
  out.put<uint8_t>(static_cast<uint8_t>(host.size()));
  out.append(host);
  out.put<uint8_t>(0);   // user
  out.put<uint8_t>(0);   // password
  out.put<uint16_t>(0);  // port
  out.put<uint32_t>(0);  // rank, unused
  out.put<uint32_t>(0);  // its source's id; the server fills in its own
  TW_TRY(send_command(out.view()));
  TW_ASSIGN(const Bytes answer, reader_->next({}));
  if (!answer.empty() && answer[0] == kErrorPacket) {
    return fail(
        describe_dump_error(parse_error_packet(answer), connection_->endpoint(), surroundings_));
  }
  return {};
}

Status DumpStream::send_command(Bytes payload) {
  ByteBuffer packet(payload.size() + 4);
  packet.put<uint32_t>(
      static_cast<uint32_t>(payload.size()));  // the fourth byte: sequence number 0
  packet.append(payload);
  reader_->expect_sequence(1);
  return send_all(*wire_, reader_->waiter(), packet.view(), kSendTimeoutUs);
}

Result<std::optional<Bytes>> DumpStream::end_or_error(Bytes packet) {
  if (!packet.empty() && packet[0] == kEndPacket && packet.size() < kMaxEndPacketBytes) {
    if (non_blocking_) return std::optional<Bytes>();
    // How both servers end dumps when they shut down or an administrator kills the session.
    return fail(ErrorKind::kRetry, "the server ended the binlog dump",
                "it shuts down, or somebody ended this session");
  }
  if (!packet.empty() && packet[0] == kErrorPacket) {
    return fail(
        describe_dump_error(parse_error_packet(packet), connection_->endpoint(), surroundings_));
  }
  return fail(
      ErrorKind::kCorrupt,
      fmt::format("the server sent a packet of {} bytes that is neither event, end nor error",
                  packet.size()),
      "something between here and the server damages the connection; reconnect");
}

}  // namespace tailwater::mysql
