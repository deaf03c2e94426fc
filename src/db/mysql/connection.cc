#include "db/mysql/connection.h"

#include <algorithm>
#include <charconv>
#include <mutex>

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>

#include "db/mysql/server_error.h"
#include "db/mysql/tls_guard.h"

namespace tailwater::mysql {
namespace {

// Where verify_* looks for trusted CAs when none is named: Debian's and Ubuntu's folder.
constexpr const char* kSystemCaFolder = "/etc/ssl/certs";

// Connector/C keeps state per thread; every thread that calls it must say so and say good-bye.
class LibraryThread {
 public:
  LibraryThread() {
    static std::once_flag once;
    std::call_once(once, [] { mysql_server_init(0, nullptr, nullptr); });
    mysql_thread_init();
  }
  ~LibraryThread() { mysql_thread_end(); }
};
void enter_library() {
  thread_local const LibraryThread thread;
}

ServerError error_of(st_mysql* handle) {
  return {mysql_errno(handle), mysql_sqlstate(handle), mysql_error(handle)};
}

void set_tls(MYSQL* handle, const Endpoint& endpoint) {
  const bool over_socket = !endpoint.socket.empty();
  // A unix socket does not leave the machine: only an explicit demand encrypts it.
  const bool wanted =
      endpoint.tls == TlsMode::kPreferred ? !over_socket : endpoint.tls != TlsMode::kDisabled;
  my_bool enforce = wanted ? 1 : 0;
  my_bool verify_host = wanted && endpoint.tls == TlsMode::kVerifyIdentity ? 1 : 0;
  mysql_optionsv(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify_host);
  mysql_optionsv(handle, MYSQL_OPT_SSL_ENFORCE, &enforce);
  if (!wanted) return;
  // Connector/C checks the chain, in the handshake, exactly when it is given a CA.
  if (endpoint.tls >= TlsMode::kVerifyCa) {
    if (endpoint.tls_ca.empty()) {
      mysql_optionsv(handle, MYSQL_OPT_SSL_CAPATH, kSystemCaFolder);
    } else {
      mysql_optionsv(handle, MYSQL_OPT_SSL_CA, endpoint.tls_ca.c_str());
    }
  }
  if (!endpoint.tls_cert.empty())
    mysql_optionsv(handle, MYSQL_OPT_SSL_CERT, endpoint.tls_cert.c_str());
  if (!endpoint.tls_key.empty())
    mysql_optionsv(handle, MYSQL_OPT_SSL_KEY, endpoint.tls_key.c_str());
}

unsigned whole_seconds(int64_t duration_us) {
  return static_cast<unsigned>((duration_us + 999'999) / 1'000'000);
}

void set_options(MYSQL* handle, const Endpoint& endpoint) {
  const unsigned connect_s = std::max(1U, whole_seconds(endpoint.connect_timeout_us));
  const unsigned answer_s = whole_seconds(endpoint.answer_timeout_us);
  mysql_optionsv(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
  mysql_optionsv(handle, MYSQL_OPT_READ_TIMEOUT, &answer_s);
  mysql_optionsv(handle, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
  mysql_optionsv(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  my_bool off = 0;
  mysql_optionsv(handle, MYSQL_OPT_RECONNECT, &off);
  unsigned no_local_infile = 0;  // else a server could ask for any file of ours
  mysql_optionsv(handle, MYSQL_OPT_LOCAL_INFILE, &no_local_infile);
  const auto protocol = endpoint.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  mysql_optionsv(handle, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_optionsv(handle, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "tailwater");
  if (!endpoint.plugin_folder.empty()) {
    mysql_optionsv(handle, MYSQL_PLUGIN_DIR, endpoint.plugin_folder.c_str());
  }
  set_tls(handle, endpoint);
}

// A peer that vanished without a word is noticed in about a minute.
void watch_peer(MYSQL* handle) {
  const int fd = static_cast<int>(mysql_get_socket(handle));
  const int on = 1;
  const int idle_s = 15;
  const int interval_s = 10;
  const int count = 4;
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0) return;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

}  // namespace

std::string_view to_string(Flavor flavor) {
  return flavor == Flavor::kMysql ? "MySQL" : "MariaDB";
}

std::string Version::describe() const {
  return fmt::format("{}.{}.{}", major, minor, patch);
}

Version parse_version(std::string_view text) {
  // MariaDB 10 put this before its own number so that old MySQL replicas would talk to it.
  constexpr std::string_view kReplicationPrefix = "5.5.5-";
  if (text.starts_with(kReplicationPrefix)) text.remove_prefix(kReplicationPrefix.size());
  Version version;
  for (uint32_t* part : {&version.major, &version.minor, &version.patch}) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), *part);
    if (code != std::errc()) break;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  return version;
}

Rows::Rows(Connection* connection, st_mysql_res* result)
    : connection_(connection), result_(result) {
  if (result_ != nullptr) columns_ = mysql_num_fields(result_);
}
Rows::Rows(Rows&& other) noexcept {
  *this = std::move(other);
}
Rows& Rows::operator=(Rows&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(result_, other.result_);
  std::swap(row_, other.row_);
  std::swap(lengths_, other.lengths_);
  std::swap(columns_, other.columns_);
  return *this;
}
Rows::~Rows() {
  if (result_ != nullptr) mysql_free_result(result_);
}

Result<bool> Rows::next() {
  enter_library();
  if (result_ == nullptr) return false;
  row_ = mysql_fetch_row(result_);
  if (row_ == nullptr) {
    if (mysql_errno(connection_->handle()) != 0) return fail(connection_->last_error());
    return false;
  }
  lengths_ = mysql_fetch_lengths(result_);
  return true;
}

uint64_t Rows::count() const {
  return result_ == nullptr ? 0 : mysql_num_rows(result_);
}

std::string_view Rows::name(size_t column) const {
  if (column >= columns_) return {};
  return mysql_fetch_field_direct(result_, static_cast<unsigned>(column))->name;
}

std::optional<size_t> Rows::find(std::string_view wanted) const {
  for (size_t i = 0; i < columns_; ++i) {
    const std::string_view have = name(i);
    if (have.size() == wanted.size() && strncasecmp(have.data(), wanted.data(), have.size()) == 0)
      return i;
  }
  return std::nullopt;
}

std::optional<std::string_view> Rows::operator[](size_t column) const {
  if (row_ == nullptr || column >= columns_ || row_[column] == nullptr) return std::nullopt;
  return std::string_view(row_[column], lengths_[column]);
}

uint64_t Rows::number(size_t column) const {
  const std::string_view digits = (*this)[column].value_or("");
  uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

void Connection::Close::operator()(st_mysql* handle) const {
  enter_library();
  mysql_close(handle);
}

Connection::Connection(std::unique_ptr<st_mysql, Close> handle, Endpoint endpoint)
    : handle_(std::move(handle)), endpoint_(std::move(endpoint)) {
  version_text_ = mysql_get_server_info(handle_.get());
  version_ = parse_version(version_text_);
  flavor_ = mariadb_connection(handle_.get()) != 0 ? Flavor::kMariadb : Flavor::kMysql;
}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(const Endpoint& wanted) {
  enter_library();
  TW_ASSIGN(const Endpoint endpoint, current_endpoint(wanted));
  TW_ASSIGN(const std::string password, current_password(endpoint, FileSystem::posix()));
  std::unique_ptr<st_mysql, Close> handle(mysql_init(nullptr));
  if (handle == nullptr) return fail(ErrorKind::kIo, "out of memory for a database connection");
  set_options(handle.get(), endpoint);
  const char* database = endpoint.database.empty() ? nullptr : endpoint.database.c_str();
  const char* socket = endpoint.socket.empty() ? nullptr : endpoint.socket.c_str();
  const bool must_encrypt = endpoint.tls >= TlsMode::kRequired && endpoint.socket.empty();
  const TlsGuard guard(must_encrypt);
  const MYSQL* connected = mysql_real_connect(handle.get(), endpoint.host.c_str(),
                                              endpoint.user.c_str(), password.c_str(), database,
                                              endpoint.port, socket, CLIENT_REMEMBER_OPTIONS);
  const auto no_tls = [&] {
    return fail(describe_connect_error(
        {CR_SSL_CONNECTION_ERROR, {}, "TLS is required, but the server does not support it"},
        endpoint));
  };
  if (guard.refused()) return no_tls();
  if (connected == nullptr) {
    const ServerError error = error_of(handle.get());
    // The database of a URL only selects tables: a user who may replicate needs no right on it.
    // That it does not exist is still an error.
    if (error.code == ER_DBACCESS_DENIED_ERROR && database != nullptr) {
      Endpoint without = wanted;
      without.database.clear();
      return open(without);
    }
    return fail(describe_connect_error(error, endpoint));
  }
  watch_peer(handle.get());
  Connection connection(std::move(handle), endpoint);
  if (must_encrypt && connection.tls_cipher().empty()) return no_tls();
  return connection;
}

Error Connection::last_error() const {
  return describe_query_error(error_of(handle_.get()), endpoint_);
}

Status Connection::run(std::string_view sql) {
  enter_library();
  if (mysql_real_query(handle_.get(), sql.data(), sql.size()) != 0) return fail(last_error());
  return {};
}

Result<Rows> Connection::query(std::string_view sql) {
  TW_TRY(run(sql));
  st_mysql_res* result = mysql_store_result(handle_.get());
  if (result == nullptr && mysql_errno(handle_.get()) != 0) return fail(last_error());
  return Rows(this, result);
}

Result<Rows> Connection::stream(std::string_view sql) {
  TW_TRY(run(sql));
  st_mysql_res* result = mysql_use_result(handle_.get());
  if (result == nullptr && mysql_errno(handle_.get()) != 0) return fail(last_error());
  return Rows(this, result);
}

Status Connection::execute(std::string_view sql) {
  TW_ASSIGN(const Rows rows, query(sql));
  return {};
}

Result<std::optional<std::string>> Connection::scalar(std::string_view sql) {
  TW_ASSIGN(Rows rows, query(sql));
  TW_ASSIGN(const bool found, rows.next());
  if (!found || !rows[0].has_value()) return std::optional<std::string>();
  return std::optional<std::string>(*rows[0]);
}

Result<std::optional<std::string>> Connection::variable(std::string_view name) {
  auto value = scalar(fmt::format("SELECT @@{}", name));
  if (value.has_value()) return value;
  const unsigned code = mysql_errno(handle_.get());
  if (code == ER_UNKNOWN_SYSTEM_VARIABLE) return std::optional<std::string>();
  return value;
}

std::string Connection::quote(std::string_view text) const {
  std::string out(text.size() * 2 + 3, '\0');
  out[0] = '\'';
  const unsigned long length =
      mysql_real_escape_string(handle_.get(), out.data() + 1, text.data(), text.size());
  out.resize(length + 1);
  out += '\'';
  return out;
}

void Connection::interrupt() const {
  (void)shutdown(static_cast<int>(mysql_get_socket(handle_.get())), SHUT_RDWR);
}

uint64_t Connection::thread_id() const {
  return mysql_thread_id(handle_.get());
}

std::string Connection::tls_cipher() const {
  const char* cipher = mysql_get_ssl_cipher(handle_.get());
  return cipher == nullptr ? std::string() : std::string(cipher);
}

}  // namespace tailwater::mysql
