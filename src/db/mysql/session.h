// Session: a server connection that reads large results in place, row by row, as they arrive.
//
// Connector/C logs in; from then on this class speaks the protocol itself: COM_QUERY for small
// answers, and a prepared statement for rows, because only the binary form gives every value
// exactly (the text form of FLOAT has six digits). Protocol: MySQL Internals, "Text Protocol",
// "Prepared Statements", "Binary Protocol Resultset".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "db/mysql/connection.h"
#include "db/mysql/packet_reader.h"

namespace tailwater::mysql {

/// A column of a result, as far as its bytes depend on it.
struct ResultColumn {
  uint8_t type = 0;  ///< the wire's number: enum_field_types
  bool is_unsigned = false;
};

/// One thread at a time; a stop may be asked for by any. After an error of kind kRetry the session
/// is over, unless it says otherwise.
class Session {
 public:
  /// Connects; `setup` is run first, statement by statement.
  static Result<Session> open(const Endpoint& endpoint, const std::vector<std::string>& setup);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// Runs a statement for its effect.
  Status execute(std::string_view sql, const std::stop_token& stop);
  /// All rows of a small answer, as text; NULL is nothing.
  using TextRow = std::vector<std::optional<std::string>>;
  Result<std::vector<TextRow>> query(std::string_view sql, const std::stop_token& stop);
  /// The first column of the first row; nothing for NULL or no row.
  Result<std::optional<std::string>> scalar(std::string_view sql, const std::stop_token& stop);

  /// Runs a SELECT whose rows `next_row` then gives.
  Status select(std::string_view sql, const std::stop_token& stop);
  [[nodiscard]] const std::vector<ResultColumn>& columns() const { return columns_; }
  /// The next row in the binary form: the bits of NULL columns (two unused ones first), then the
  /// values. In place, valid until the next call; nothing after the last one, and only then another
  /// statement may be run.
  Result<std::optional<Bytes>> next_row(const std::stop_token& stop) {
    auto packet = reader_->next(stop);
    if (!packet.has_value()) [[unlikely]]
      return fail(std::move(packet).error());
    if (!packet->empty() && (*packet)[0] == 0) [[likely]]
      return std::optional<Bytes>(packet->subspan(1));
    return end_of_rows(*packet);
  }
  /// Whether `next_row` will not wait.
  [[nodiscard]] bool has_buffered_row() { return reader_->has_buffered_packet(); }

  [[nodiscard]] const Connection& connection() const { return *connection_; }
  /// The server's number of the last statement's error; 0 when there was none.
  [[nodiscard]] uint16_t last_error_code() const { return last_error_code_; }
  [[nodiscard]] uint64_t bytes_received() const { return reader_->bytes_received(); }

 private:
  explicit Session(Connection connection);
  Status send(uint8_t command, Bytes payload);
  Result<Bytes> answer(const std::stop_token& stop);
  Status skip_definitions(uint64_t count, const std::stop_token& stop);
  Status read_columns(uint64_t count, const std::stop_token& stop);
  Status close_statement();
  Result<std::optional<Bytes>> end_of_rows(Bytes packet);
  [[nodiscard]] tl::unexpected<Error> refused(Bytes packet);
  [[nodiscard]] bool is_end(Bytes packet) const;

  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<PacketReader> reader_;
  std::vector<ResultColumn> columns_;
  uint32_t statement_id_ = 0;
  bool has_statement_ = false;
  bool ends_with_ok_ = false;  ///< CLIENT_DEPRECATE_EOF: lists are not closed by a packet of theirs
  uint16_t last_error_code_ = 0;
};

}  // namespace tailwater::mysql
