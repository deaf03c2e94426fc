// Endpoint: which MySQL or MariaDB server to reach, as whom, and how.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tailwater/options.h>

#include "base/file.h"
#include "base/result.h"

namespace tailwater::mysql {

/// How far TLS is demanded. The words are those of the mysql client's --ssl-mode.
enum class TlsMode : uint8_t {
  kDisabled,        ///< never
  kPreferred,       ///< if the server offers it; nothing is verified (the default)
  kRequired,        ///< or no connection; nothing is verified
  kVerifyCa,        ///< and the certificate must come from a CA that we trust
  kVerifyIdentity,  ///< and it must be for the host that we connect to
};
/// "disabled", "preferred", "required", "verify_ca", "verify_identity".
std::string_view to_string(TlsMode mode);
/// Takes those words, in any case, also with `-` for `_`. kUserFix names the nearest.
Result<TlsMode> parse_tls_mode(std::string_view word);

/// The default unix sockets that "localhost" means, if one of them exists.
constexpr std::string_view kDefaultSockets[] = {"/run/mysqld/mysqld.sock",
                                                "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock"};

/// What may be another server, or another password, at each connection; what is empty stays.
using EndpointRefresh = std::function<Result<ServerAddress>()>;

/// Everything that a connection needs. A plain value; never prints its password.
struct Endpoint {
  std::string host = {};    ///< a name or an address, without the brackets of IPv6
  uint16_t port = 0;        ///< 0: 3306
  std::string socket = {};  ///< a unix socket, instead of host and port
  std::string user = {};
  std::string database = {};  ///< the default database; may be empty

  /// Where the password comes from: the first of these that is set. The file is read and the
  /// command is run (by /bin/sh) anew for each connection, so that short-lived tokens work; one
  /// final newline is dropped.
  std::optional<std::string> password = {};
  std::string password_file = {};
  std::string password_command = {};

  TlsMode tls = TlsMode::kPreferred;
  std::string tls_ca = {};    ///< a PEM file of trusted CAs; empty: the system's
  std::string tls_cert = {};  ///< our own certificate, for servers that ask for one
  std::string tls_key = {};   ///< its key

  /// Asked before each connection, if it is set; from any thread, several at once.
  EndpointRefresh refresh = {};

  int64_t connect_timeout_us = 10'000'000;
  /// How long a statement may keep silent before the connection counts as lost; 0: for ever. Whole
  /// seconds, rounded up.
  int64_t answer_timeout_us = 60'000'000;
  std::string plugin_folder =
      {};  ///< of Connector/C's authentication plugins; empty: its own default

  /// "user@host:3306/db" or "user@/path/of.sock/db": for messages. Never the password.
  [[nodiscard]] std::string describe() const;
  /// The URL that gives this endpoint again, with `***` in place of a password.
  [[nodiscard]] std::string redacted() const;
};

/// The endpoint to connect to now: as `refresh` says, or as it is. Errors are those of `refresh`.
Result<Endpoint> current_endpoint(const Endpoint& endpoint);

/// Reads `mysql://user:password@host:port/database?tls=required&socket=/path`; `mariadb://` is the
/// same. User, password, host and database are percent-decoded; IPv6 addresses stand in brackets.
/// Query keys: tls (also `ssl-mode`), tls_ca, tls_cert, tls_key, socket, connect_timeout (with its
/// unit), password_file, password_command, plugin_dir, charset (utf8mb4 only). Errors are kUserFix
/// and never repeat the password. A URL of several servers is refused: see parse_endpoints.
Result<Endpoint> parse_endpoint(std::string_view url);

/// The same of a URL that may name several servers, `mysql://user@a,b:3307,[::1]/db`: those that
/// hold the same replicated data. Each of its hosts may have a port; the rest is the same for all.
Result<std::vector<Endpoint>> parse_endpoints(std::string_view url);

/// A URL for logs: any password in it replaced by `***`, whether or not the URL is well-formed.
std::string redact_url(std::string_view url);

/// How the surroundings are asked; tests replace it.
struct Surroundings {
  std::function<std::optional<std::string>(const char*)> variable;  ///< an environment variable
  FileSystem* files = nullptr;
  static Surroundings of_process();
};

/// Fills in what the endpoint leaves open, in this order: the environment
/// (TAILWATER_MYSQL_PASSWORD, MYSQL_PWD), then `~/.my.cnf` ([client], [client-mariadb],
/// [tailwater]: user, password, host, port, socket, ssl-ca, ssl-cert, ssl-key, ssl-mode; the later
/// section wins), then defaults: host "localhost", port 3306, the user's login name. Nothing that
/// is set already is changed.
Status complete_endpoint(Endpoint& endpoint, const Surroundings& surroundings);

/// The password to use now: the one given, or the file's, or the command's. Empty when there is
/// none.
Result<std::string> current_password(const Endpoint& endpoint, FileSystem& files);

}  // namespace tailwater::mysql
