// Positions: where in a source's change log. Always a transaction boundary, always tied to the
// server it was read from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tailwater {

/// The kinds of source. The numbers are stored: never renumber, only add.
enum class SourceKind : uint8_t { kMysql = 1, kMariadb = 2, kPostgres = 3 };

/// "mysql", "mariadb", "postgres".
std::string_view to_string(SourceKind kind);

/// A place in a binlog: the file, and the byte in it where the next event starts.
struct BinlogPosition {
  std::string file;
  uint64_t pos = 0;

  bool operator==(const BinlogPosition&) const = default;
  /// "mysql-bin.000003:4711".
  [[nodiscard]] std::string describe() const { return file + ":" + std::to_string(pos); }
};

/// Where a source's transactions were read up to.
struct Position {
  SourceKind kind = SourceKind::kMysql;
  /// MySQL: server_uuid. MariaDB: server_uid where the server has one, else empty. PostgreSQL: the
  /// system identifier.
  std::string server;
  BinlogPosition binlog = {};  ///< MySQL, MariaDB
  /// MySQL: the executed GTID set; MariaDB: the last GTID of each domain, comma-separated. Empty
  /// where the server has GTIDs off.
  std::string gtids = {};

  bool operator==(const Position&) const = default;
  /// For people and messages: "mysql-bin.000003:4711 (GTID 0-1-77)".
  [[nodiscard]] std::string describe() const;
};

/// A position as one line of text for programs to store:
/// "mysql;server=UUID;binlog=FILE:POS;gtids=SET"; parts that are empty are left out. `%`, `;` and
/// bytes below space in a part are percent-encoded.
std::string position_text(const Position& position);
/// Whether a text begins like one.
bool is_position_text(std::string_view text);
/// Reads it; kUserFix when it is none.
Result<Position> parse_position_text(std::string_view text);

/// The stored form of a position; docs/changelog_format.md, "Position".
void encode_position(const Position& position, ByteBuffer& out);
/// kCorrupt when the bytes are not such a form.
Result<Position> decode_position(Bytes bytes);

}  // namespace tailwater
