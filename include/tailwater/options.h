// StreamOptions: which server a stream reads, from where, and what of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <tailwater/event.h>
#include <tailwater/result.h>

namespace tailwater {

/// Where the server is now, and as whom to log in. What is left empty stays as the URL and the
/// other options say.
struct ServerAddress {
  std::string host = {};
  uint16_t port = 0;
  std::string socket = {};  ///< a unix socket, instead of host and port
  std::string user = {};
  std::optional<std::string> password = {};
};

struct StreamOptions {
  /// mysql://user@host:port/database, mariadb://…, or binlog:FILE. A database selects its tables.
  std::string url;
  /// Where to start: now, earliest, FILE:POS, gtid:SET, a time (2024-05-06T07:08:09Z), or what
  /// Stream::next_position gave. Only when `data_dir` holds nothing yet.
  std::string from = "now";
  /// Where to end: the same, but not earliest; empty: never.
  std::string until = {};
  /// The tables to capture, "database.table"; empty: all. A bare "table" is of the URL's database.
  std::vector<std::string> tables = {};
  /// Regular expressions on database.table; empty: all. Not together with `tables`.
  std::vector<std::string> table_include = {};
  std::vector<std::string> table_exclude = {};
  /// Regular expressions on database.table.column; empty: all. What is left out or masked never
  /// reaches the changelog (docs/configuration.md, "Columns").
  std::vector<std::string> column_include = {};
  std::vector<std::string> column_exclude = {};
  /// Regular expressions on database.table.column: HMAC-SHA-256 in hex instead of the value, under
  /// the key `mask_salt`, or the one in the file `mask_salt_file`.
  std::vector<std::string> mask_hash = {};
  std::string mask_salt = {};
  std::string mask_salt_file = {};
  /// "EXPRESSION:N": the first N characters; "EXPRESSION:TEXT": the text instead of the value.
  std::vector<std::string> mask_truncate = {};
  std::vector<std::string> mask_constant = {};
  /// "database.table:column,column": the key of a table that has none, or another than its own.
  std::vector<std::string> key_columns = {};
  /// Some of insert, update, delete, truncate, ddl: changes that are not kept.
  std::vector<std::string> skip_operations = {};
  /// The password, if it is neither in the URL nor in the places that docs/connections.md lists.
  std::string password_file = {};
  /// disabled, preferred, required, verify_ca, verify_identity.
  std::string tls = {};
  std::string tls_ca = {};
  /// Asked before each connection is made, also before each one that is made again, for whoever
  /// finds servers by a directory, goes through tunnels, or has passwords that do not live long.
  /// Called from the stream's threads, several at once: must be thread-safe, must not throw, and
  /// must not call the stream. An error of kind kRetry is tried again; any other ends the stream.
  std::function<Result<ServerAddress>()> locate = {};
  /// Told of what happens beside the changes. Called from the stream's capturing thread, one event
  /// after the other; capture waits meanwhile, so return soon. It must not throw. Of the stream it
  /// may call `stop`, nothing else.
  std::function<void(const StreamEvent&)> on_event = {};
  /// When there was no change for so long, the range gives a change of Operation::kHeartbeat, as
  /// long as the server is heard of: Stream::next_position may be stored then. In milliseconds; 0:
  /// none.
  int64_t heartbeat_interval_ms = 0;
  /// Keep the changelog here: the stream goes on after the last `acknowledge` the next time. Empty:
  /// a temporary one, which waits for the reader when it holds 256 MB.
  std::string data_dir = {};
  /// With `data_dir`: the name of this reader's cursor.
  std::string reader_name = "reader";

  /// Everything that is wrong in the options, all at once, without connecting; empty when they are
  /// good. All are kUserFix. What only the server can tell is not looked at.
  [[nodiscard]] std::vector<Error> validate() const;
};

}  // namespace tailwater
