#include "db/mysql/server_error.h"

#include <array>

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>

namespace tailwater::mysql {
namespace {

// Numbers that Connector/C's header does not name, or that the two servers use differently.
constexpr uint32_t kConnectionKilled = 1927;  // MariaDB
constexpr uint32_t kSourceFatalErrorReadingBinlog = 1236;
constexpr uint32_t kSourcePurgedRequiredGtids = 1789;  // MySQL
constexpr uint32_t kUserAccessDeniedForLock = 3118;    // MySQL: the account is locked
constexpr uint32_t kMariadbAccountLocked = 4151;
constexpr uint32_t kSecureTransportRequired = 3159;  // MySQL
constexpr uint32_t kMustChangePassword = 1820;
constexpr uint32_t kMustChangePasswordLogin = 1862;
constexpr uint32_t kSessionWasKilled = 3169;
constexpr uint32_t kServerIsClosing = 4031;  // MySQL: closed for inactivity

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string said(const ServerError& error) {
  if (error.sqlstate.empty()) return fmt::format("{} (error {})", error.message, error.code);
  return fmt::format("{} (error {}, SQLSTATE {})", error.message, error.code, error.sqlstate);
}

Error make(ErrorKind kind, std::string message, std::string hint) {
  return Error{kind, std::move(message), {}, std::move(hint)};
}

std::string cannot_connect(const Endpoint& endpoint, const ServerError& error) {
  return fmt::format("cannot connect to {}: {}", endpoint.describe(), said(error));
}

std::string password_hint(const Endpoint& endpoint, const ServerError& error) {
  const bool with_password = contains(error.message, "using password: YES");
  if (!with_password) {
    return fmt::format(
        "no password was sent for `{}`: give one in MYSQL_PWD, password_file, password_command, "
        "~/.my.cnf, or the URL",
        endpoint.user);
  }
  return fmt::format(
      "check the password, and that the server knows this user for the host named above: "
      "SELECT user, host, plugin FROM mysql.user WHERE user = '{}'",
      endpoint.user);
}

Error tls_error(const Endpoint& endpoint, const ServerError& error) {
  std::string hint = "use tls=preferred or tls=disabled if this connection need not be encrypted";
  const std::string_view text = error.message;
  if (contains(text, "server does not support") || contains(text, "required")) {
    hint = "switch TLS on at the server (ssl_cert and ssl_key), or use tls=preferred";
  } else if (contains(text, "self-signed") || contains(text, "self signed") ||
             contains(text, "unable to get") || contains(text, "verify failed")) {
    hint =
        "give the CA that signed the server's certificate as tls_ca=/path/ca.pem, or use "
        "tls=required, which encrypts without verifying";
  } else if (contains(text, "Validation of SSL")) {
    hint = fmt::format(
        "the certificate is not for `{}`: connect by the name in the certificate, or use "
        "tls=verify_ca",
        endpoint.host);
  } else if (contains(text, "expired")) {
    hint = "renew the server's certificate";
  } else if (contains(text, "No such file")) {
    hint = "check the paths in tls_ca, tls_cert and tls_key";
  }
  return make(ErrorKind::kUserFix, cannot_connect(endpoint, error), hint);
}

Error unreachable(const Endpoint& endpoint, const ServerError& error) {
  std::string hint;
  if (!endpoint.socket.empty()) {
    hint = "is the server running, and is this the path of its socket (SELECT @@socket)?";
  } else if (error.code == CR_UNKNOWN_HOST || contains(error.message, "Unknown")) {
    hint = fmt::format("check the spelling of `{}` and this machine's DNS", endpoint.host);
  } else {
    hint = fmt::format(
        "is the server running, does it listen on port {} (bind_address, skip_networking), and "
        "does no "
        "firewall stand between?",
        endpoint.port);
  }
  return make(ErrorKind::kRetry, cannot_connect(endpoint, error), hint);
}

bool is_passing(uint32_t code) {
  constexpr std::array<uint32_t, 14> kPassing = {
      CR_SERVER_GONE_ERROR,       CR_SERVER_LOST,        CR_SERVER_LOST_EXTENDED,
      CR_SERVER_HANDSHAKE_ERR,    ER_SERVER_SHUTDOWN,    ER_NORMAL_SHUTDOWN,
      ER_QUERY_INTERRUPTED,       ER_LOCK_DEADLOCK,      ER_LOCK_WAIT_TIMEOUT,
      ER_NEW_ABORTING_CONNECTION, kConnectionKilled,     kSessionWasKilled,
      kServerIsClosing,           ER_ABORTING_CONNECTION};
  for (const uint32_t passing : kPassing) {
    if (code == passing) return true;
  }
  return false;
}

std::string what_remains(const DumpSurroundings& surroundings) {
  std::string text;
  if (!surroundings.oldest_log.empty()) {
    text = fmt::format("the server has binlogs from {} to {}", surroundings.oldest_log,
                       surroundings.newest_log);
  }
  if (!surroundings.gtid_purged.empty()) {
    text += fmt::format("{}it has purged the GTIDs {}", text.empty() ? "" : "; ",
                        surroundings.gtid_purged);
  }
  if (!text.empty()) text += ". ";
  return text +
         "Start from `earliest` or `now` with a new data folder (changes in between are not in the "
         "stream), or take a new snapshot; keep binlogs longer with " +
         (surroundings.mariadb ? "binlog_expire_logs_seconds or expire_logs_days"
                               : "binlog_expire_logs_seconds");
}

bool is_gone(std::string_view text) {
  constexpr std::array<std::string_view, 11> kGone = {"Could not find first log file name",
                                                      "purged required binary logs",
                                                      "has purged binary logs",
                                                      "position > file size",
                                                      "from impossible position",
                                                      "Replica has more GTIDs",
                                                      "Slave has more GTIDs",
                                                      "Could not find GTID state",
                                                      "which is not in the master's binlog",
                                                      "has been deleted",
                                                      "Start binlog position not found"};
  for (const std::string_view gone : kGone) {
    if (contains(text, gone)) return true;
  }
  return false;
}

// 1236: the server could not or would not read its binlog; only its text tells why.
Error binlog_error(const ServerError& error, const DumpSurroundings& surroundings) {
  const std::string_view text = error.message;
  const std::string what =
      fmt::format("the server cannot send its binlog from {}: {}", surroundings.asked, said(error));
  if (is_gone(text)) return make(ErrorKind::kResync, what, what_remains(surroundings));
  if (contains(text, "Binary log is not open")) {
    return make(ErrorKind::kUserFix, what,
                "the binlog is off: set log_bin and server_id in the server's configuration and "
                "restart it");
  }
  if (contains(text, "GTID_MODE")) {
    return make(ErrorKind::kUserFix, what,
                "set gtid_mode = ON on the server, or start from file:pos");
  }
  if (contains(text, "max_allowed_packet") || contains(text, "bogus data")) {
    return make(ErrorKind::kCorrupt, what,
                "either the position is not the start of an event, or the binlog file is damaged; "
                "mysqlbinlog --verify-binlog-checksum tells which");
  }
  if (contains(text, "crc") || contains(text, "checksum") || contains(text, "truncated")) {
    return make(ErrorKind::kCorrupt, what, "the server's binlog file is damaged; check its disk");
  }
  if (contains(text, "same server_") || contains(text, "same server-id")) {
    return make(
        ErrorKind::kRetry, what,
        "another replica took over this connection's server id; a new id is chosen on reconnect");
  }
  return make(ErrorKind::kRetry, what, "see the server's error log");
}

}  // namespace

Error describe_connect_error(const ServerError& error, const Endpoint& endpoint) {
  const std::string what = cannot_connect(endpoint, error);
  switch (error.code) {
    case ER_ACCESS_DENIED_ERROR:
      return make(ErrorKind::kUserFix, what, password_hint(endpoint, error));
    case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
      return make(
          ErrorKind::kUserFix, what,
          fmt::format("this user logs in by its operating system account; run as `{}`, or make a "
                      "user with a password",
                      endpoint.user));
    case ER_DBACCESS_DENIED_ERROR:
      return make(ErrorKind::kUserFix, what,
                  fmt::format("GRANT SELECT ON `{0}`.* TO '{1}'@'%', or leave `{0}` out of the URL",
                              endpoint.database, endpoint.user));
    case ER_BAD_DB_ERROR:
      return make(ErrorKind::kUserFix, what, "SHOW DATABASES lists those that this user may see");
    case ER_HOST_NOT_PRIVILEGED:
      return make(
          ErrorKind::kUserFix, what,
          fmt::format("the server allows no user from this machine: CREATE USER '{}'@'<this host>'",
                      endpoint.user));
    case ER_HOST_IS_BLOCKED:
      return make(ErrorKind::kUserFix, what,
                  "an administrator can run FLUSH HOSTS (or TRUNCATE "
                  "performance_schema.host_cache)");
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_USER_LIMIT_REACHED:
      return make(ErrorKind::kRetry, what,
                  "raise max_connections (or the user's limit) if this stays");
    case kUserAccessDeniedForLock:
    case kMariadbAccountLocked:
      return make(ErrorKind::kUserFix, what,
                  fmt::format("ALTER USER '{}'@'…' ACCOUNT UNLOCK", endpoint.user));
    case kMustChangePassword:
    case kMustChangePasswordLogin:
      return make(ErrorKind::kUserFix, what,
                  "the password has expired: ALTER USER … IDENTIFIED BY …");
    case kSecureTransportRequired:
      return make(ErrorKind::kUserFix, what,
                  "the server takes only encrypted connections: tls=required");
    case CR_AUTH_PLUGIN_CANNOT_LOAD:
      return make(
          ErrorKind::kUserFix, what,
          "this login method needs a plugin of MariaDB Connector/C that is not installed; set "
          "plugin_dir, or give the user caching_sha2_password or mysql_native_password");
    case CR_SSL_CONNECTION_ERROR:
      return tls_error(endpoint, error);
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_UNKNOWN_HOST:
    case CR_IPSOCK_ERROR:
      return unreachable(endpoint, error);
    default:
      break;
  }
  if (is_passing(error.code)) {
    return make(ErrorKind::kRetry, what, "is this the port of a MySQL or MariaDB server?");
  }
  return make(ErrorKind::kUserFix, what, {});
}

std::string grant_hint(const Endpoint& endpoint, std::string_view privileges) {
  return fmt::format(
      "an administrator can run: GRANT {} ON *.* TO '{}'@'%' (with this user's own host)",
      privileges, endpoint.user);
}

Error describe_query_error(const ServerError& error, const Endpoint& endpoint) {
  const std::string what = fmt::format("{}: {}", endpoint.describe(), said(error));
  switch (error.code) {
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
      return make(ErrorKind::kUserFix, what,
                  "the message names the privilege: GRANT it ON *.* to this user");
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
      return make(ErrorKind::kUserFix, what, grant_hint(endpoint, "SELECT"));
    case ER_NO_SUCH_TABLE:
    case ER_BAD_TABLE_ERROR:
    case ER_BAD_DB_ERROR:
      return make(ErrorKind::kNotFound, what, {});
    case ER_CON_COUNT_ERROR:
      return make(ErrorKind::kRetry, what, "raise max_connections if this stays");
    default:
      break;
  }
  if (is_passing(error.code)) return make(ErrorKind::kRetry, what, "the connection was lost");
  return make(ErrorKind::kUserFix, what, {});
}

Error describe_dump_error(const ServerError& error, const Endpoint& endpoint,
                          const DumpSurroundings& surroundings) {
  switch (error.code) {
    case kSourceFatalErrorReadingBinlog:
      return binlog_error(error, surroundings);
    case kSourcePurgedRequiredGtids:
      return make(ErrorKind::kResync,
                  fmt::format("the server cannot send its binlog from {}: {}", surroundings.asked,
                              said(error)),
                  what_remains(surroundings));
    case ER_ACCESS_DENIED_ERROR:
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
      return make(ErrorKind::kUserFix,
                  fmt::format("{} may not read the binlog: {}", endpoint.describe(), said(error)),
                  grant_hint(endpoint, streaming_privileges(surroundings.mariadb)));
    default:
      break;
  }
  const bool passing = is_passing(error.code);
  if (!passing && is_gone(error.message)) return binlog_error(error, surroundings);
  return make(
      passing ? ErrorKind::kRetry : ErrorKind::kUserFix,
      fmt::format("{}: the server ended the binlog dump: {}", endpoint.describe(), said(error)),
      "see the server's error log");
}

}  // namespace tailwater::mysql
