// Gtids: the names of transactions. MySQL: server uuid, optional tag, number. MariaDB: domain,
// server, sequence.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tailwater::mysql {

using Uuid = std::array<uint8_t, 16>;

/// A uuid from its 36 characters (any case) or from 32 hex digits.
Result<Uuid> parse_uuid(std::string_view text);
/// Appends the 36 lower-case characters.
void append_uuid(std::string& out, const Uuid& uuid);

/// Who numbered a transaction: a server, and since MySQL 8.3 perhaps a tag.
struct Tsid {
  Uuid uuid{};
  std::string tag = {};  ///< lower case, "" where there is none

  auto operator<=>(const Tsid&) const = default;
};

struct MysqlGtid {
  Tsid tsid;
  uint64_t number = 0;

  bool operator==(const MysqlGtid&) const = default;
  /// "24bc7850-2c16-11e6-a073-0242ac110002:11", "…0002:tag:11".
  [[nodiscard]] std::string describe() const;
};

struct MariadbGtid {
  uint32_t domain = 0;
  uint32_t server_id = 0;
  uint64_t sequence = 0;

  bool operator==(const MariadbGtid&) const = default;
  /// "0-1-42".
  [[nodiscard]] std::string describe() const;
};

/// kUserFix when `text` is not "domain-server-sequence".
Result<MariadbGtid> parse_mariadb_gtid(std::string_view text);

}  // namespace tailwater::mysql
