// SqlLexer: the tokens of a statement, as the servers' lexers cut them.
// Sources: sql_lex.cc of MySQL (lex_one_token) and MariaDB (Lex_input_stream::lex_one_token).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "source/mysql/ddl/sql_dialect.h"

namespace tailwater::mysql {

struct SqlToken {
  enum class Kind : uint8_t {
    kEnd,
    kWord,        ///< a keyword or an unquoted name
    kQuotedName,  ///< `a`, or "a" under ANSI_QUOTES
    kString,      ///< 'a', N'a', or "a" without ANSI_QUOTES
    kNumber,      ///< 1, 1.5, 1e5
    kBytes,       ///< x'4D', 0x4D, b'1', 0b1
    kSymbol,      ///< one character
    kBroken,      ///< a quote or comment without an end; what follows is not read
  };
  Kind kind = Kind::kEnd;
  std::string_view text = {};  ///< as it stands in the statement, with its quotes
  size_t offset = 0;           ///< of its first byte in the statement

  [[nodiscard]] bool is_symbol(char c) const { return kind == Kind::kSymbol && text[0] == c; }
  /// Whether it is this keyword (given in lower case).
  [[nodiscard]] bool is_word(std::string_view lower) const;
  [[nodiscard]] bool is_name() const { return kind == Kind::kWord || kind == Kind::kQuotedName; }
};

/// Comments are passed over; what stands in a versioned comment that this server executes is read.
/// MySQL executes /*!50100 … */ up to its own version, and takes /*M! … */ for a plain comment.
/// MariaDB executes both up to its own version, but of /*! … */ none from 50700 to 99999.
/// Copying one is cheap: so tokens are looked at ahead. Views borrow from `sql`.
class SqlLexer {
 public:
  SqlLexer(std::string_view sql, const SqlDialect& dialect);

  /// The next token; kEnd for ever after the last.
  SqlToken next();

 private:
  [[nodiscard]] char at(size_t place) const { return place < sql_.size() ? sql_[place] : '\0'; }
  bool skip_space();
  bool skip_comment();
  bool enter_comment();
  bool skip_past_end(int nested);
  SqlToken make(SqlToken::Kind kind, size_t begin, size_t end);
  SqlToken word();
  SqlToken number(size_t begin);
  SqlToken quoted(size_t begin, size_t quote_at, SqlToken::Kind kind);

  std::string_view sql_;
  SqlDialect dialect_;
  size_t at_ = 0;
  uint32_t open_comments_ = 0;  // executed ones that have not ended
  SqlToken::Kind last_ = SqlToken::Kind::kEnd;
  size_t last_end_ = 0;
  bool after_dot_ = false;  // a '.' behind a name: what follows is a name
};

/// The value of a name or string token: without quotes, escapes resolved.
std::string token_value(const SqlToken& token, const SqlDialect& dialect);
/// The bytes of a kBytes token.
std::string token_bytes(const SqlToken& token);

}  // namespace tailwater::mysql
