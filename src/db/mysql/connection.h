// Connection: one session with a MySQL or MariaDB server, over MariaDB Connector/C.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "db/mysql/endpoint.h"

struct st_mysql;
struct st_mysql_res;

namespace tailwater::mysql {

enum class Flavor : uint8_t { kMysql, kMariadb };
/// "MySQL", "MariaDB".
std::string_view to_string(Flavor flavor);

/// A server's version; compares by its numbers.
struct Version {
  uint32_t major = 0;
  uint32_t minor = 0;
  uint32_t patch = 0;
  auto operator<=>(const Version&) const = default;
  [[nodiscard]] std::string describe() const;
};
/// Reads "8.0.36-log", "10.11.6-MariaDB", "5.5.5-10.6.4-MariaDB".
Version parse_version(std::string_view text);

class Connection;

/// The rows of a query, in the text protocol. Ends with its connection; a streamed one must be read
/// to its end or destroyed before the connection takes the next statement.
class Rows {
 public:
  Rows(Rows&& other) noexcept;
  Rows& operator=(Rows&& other) noexcept;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows();

  /// Moves to the next row; false after the last one.
  Result<bool> next();
  [[nodiscard]] size_t columns() const { return columns_; }
  /// How many rows a stored result has; 0 for a streamed one.
  [[nodiscard]] uint64_t count() const;
  [[nodiscard]] std::string_view name(size_t column) const;
  /// Where a column of this name (in any case) is.
  [[nodiscard]] std::optional<size_t> find(std::string_view name) const;

  /// The value in the current row, as text (binary columns: bytes); nothing for NULL or a column
  /// that is not there. Valid until `next`.
  [[nodiscard]] std::optional<std::string_view> operator[](size_t column) const;
  /// The same, "" for NULL.
  [[nodiscard]] std::string text(size_t column) const {
    return std::string((*this)[column].value_or(""));
  }
  /// The same as a number, 0 for NULL or what is none.
  [[nodiscard]] uint64_t number(size_t column) const;

 private:
  friend class Connection;
  Rows(Connection* connection, st_mysql_res* result);

  Connection* connection_ = nullptr;
  st_mysql_res* result_ = nullptr;  // null: the statement gave no rows
  char** row_ = nullptr;
  const unsigned long* lengths_ = nullptr;
  size_t columns_ = 0;
};

/// Not thread-safe, but for `interrupt`. May move between threads between calls. A Rows of it must
/// not outlive it, nor may it be moved while one exists.
class Connection {
 public:
  /// Connects and logs in. Errors say who, where, and what to do: kUserFix (password, grants, TLS,
  /// unknown database), kRetry (refused, no such host, too many connections). With tls=required or
  /// more, a connection that is not encrypted is refused. A user without any right on the
  /// endpoint's database is connected to none.
  static Result<Connection> open(const Endpoint& wanted);

  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// Runs one statement and keeps all its rows in memory.
  Result<Rows> query(std::string_view sql);
  /// Runs one statement; rows come from the server as they are read.
  Result<Rows> stream(std::string_view sql);
  /// Runs one statement for its effect.
  Status execute(std::string_view sql);
  /// The first column of the first row; nothing for NULL or no row.
  Result<std::optional<std::string>> scalar(std::string_view sql);
  /// The same of a system variable, for example `global.binlog_format`; nothing where this server
  /// does not know it.
  Result<std::optional<std::string>> variable(std::string_view name);
  /// `text` as an SQL literal, with its quotes, safe in this session.
  [[nodiscard]] std::string quote(std::string_view text) const;

  /// Makes a call that is running in another thread, and all later ones, fail soon. Thread-safe.
  void interrupt() const;

  [[nodiscard]] Flavor flavor() const { return flavor_; }
  [[nodiscard]] bool is_mariadb() const { return flavor_ == Flavor::kMariadb; }
  [[nodiscard]] const Version& version() const { return version_; }
  /// As the server writes it: "10.11.6-MariaDB-log".
  [[nodiscard]] const std::string& version_text() const { return version_text_; }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  /// The server's id of this session.
  [[nodiscard]] uint64_t thread_id() const;
  /// The cipher, "" on a connection without TLS.
  [[nodiscard]] std::string tls_cipher() const;
  /// The handle, for the dump stream, which reads the socket itself.
  [[nodiscard]] st_mysql* handle() const { return handle_.get(); }

 private:
  friend class Rows;
  struct Close {
    void operator()(st_mysql* handle) const;
  };
  Connection(std::unique_ptr<st_mysql, Close> handle, Endpoint endpoint);
  [[nodiscard]] Error last_error() const;
  Status run(std::string_view sql);

  std::unique_ptr<st_mysql, Close> handle_;
  Endpoint endpoint_;
  Flavor flavor_ = Flavor::kMysql;
  Version version_;
  std::string version_text_;
};

}  // namespace tailwater::mysql
