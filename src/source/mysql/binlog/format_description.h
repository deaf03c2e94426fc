// FormatDescription: the first event of every binlog file; how to read the others.
// Source: MySQL "Format_description_event"; MariaDB Knowledge Base, "FORMAT_DESCRIPTION_EVENT".
#pragma once

#include <array>
#include <string>

#include "source/mysql/binlog/event.h"

namespace tailwater::mysql {

struct FormatDescription {
  std::string server_version;           ///< "8.0.36", "10.11.6-MariaDB-log"
  uint32_t created_s = 0;               ///< when the server started; 0 in files made by rotation
  Checksum checksum = Checksum::kNone;  ///< of all events after it
  bool mariadb = false;
  uint32_t version = 0;                          ///< 80036 for 8.0.36, 101106 for 10.11.6
  std::array<uint8_t, 256> post_header_bytes{};  ///< by event type; 0 where not given

  [[nodiscard]] uint8_t post_header(EventType type) const {
    return post_header_bytes[static_cast<uint8_t>(type)];
  }
  /// How many bytes a table id takes: 6, or 4 in servers before MySQL 5.1.4.
  [[nodiscard]] unsigned table_id_bytes(EventType type) const {
    return post_header(type) == 6 ? 4 : 6;
  }
};

/// Reads a format description event, and verifies its own checksum. kUnsupported for binlog
/// versions other than 4 (servers before MySQL 5.0) and for checksum algorithms unknown here.
Result<FormatDescription> parse_format_description(const Event& event);

}  // namespace tailwater::mysql
