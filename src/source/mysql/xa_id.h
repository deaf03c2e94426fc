// XaId: the name of an XA transaction as the server writes it, X'6162',X'',1: global part, branch,
// format. Sources: MySQL and MariaDB manuals, "XA Transaction SQL Statements".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tailwater::mysql {

/// "X'6162',X'',1". A part has at most 64 bytes; what has more is kCorrupt.
Result<std::string> xa_id(uint32_t format, std::string_view gtrid, std::string_view bqual);

/// What a statement that starts with XA does.
struct XaStatement {
  enum class Kind : uint8_t { kStart, kEnd, kCommit, kRollback };
  Kind kind = Kind::kStart;
  std::string id = {};
};

/// Reads a statement as servers write it to their binlogs. kUnsupported when it is not one of
/// these.
Result<XaStatement> parse_xa_statement(std::string_view sql);

}  // namespace tailwater::mysql
