// SqlReader: steps through a statement's tokens. At the first that does not fit it stops: from then
// on every token is the end, so that callers need to ask only once.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "source/mysql/ddl/schema_statement.h"
#include "source/mysql/ddl/sql_lexer.h"

namespace tailwater::mysql {

class SqlReader {
 public:
  /// Views borrow from `sql` and `session`.
  SqlReader(std::string_view sql, const DdlSession& session);

  [[nodiscard]] const SqlDialect& dialect() const { return session_.dialect; }
  [[nodiscard]] const DdlSession& session() const { return session_; }

  [[nodiscard]] const SqlToken& peek() const { return token_; }
  /// The token after the next one.
  [[nodiscard]] SqlToken peek_second() const;
  [[nodiscard]] bool at_end() const { return token_.kind == SqlToken::Kind::kEnd; }
  [[nodiscard]] bool at(std::string_view word) const { return token_.is_word(word); }
  [[nodiscard]] bool at(char symbol) const { return token_.is_symbol(symbol); }
  [[nodiscard]] bool at_any(std::span<const std::string_view> words) const;
  [[nodiscard]] bool at_any(std::initializer_list<std::string_view> words) const {
    return at_any(std::span(words.begin(), words.size()));
  }
  /// Whether the next two tokens are these words.
  [[nodiscard]] bool at_both(std::string_view first, std::string_view second) const;
  void skip();

  /// Takes the token if it is this.
  bool accept(std::string_view word);
  bool accept(char symbol);
  bool accept_both(std::string_view first, std::string_view second);
  bool accept_any(std::initializer_list<std::string_view> words);
  void expect(std::string_view word);
  void expect(char symbol);

  /// A name, whatever word it is.
  std::string name();
  /// A name or a string: character sets, collations, engines.
  std::string name_or_text();
  /// "t", "d.t", ".t"; without a database it gets the session's.
  TableName table_name();
  /// A column's name, which may have its table's before it.
  std::string column_name();
  /// A string, or several in a row.
  std::string text();
  uint64_t number();
  /// "(…)" with all that is in it, whatever it is; strings and comments are seen.
  void skip_parentheses();
  /// IF NOT EXISTS, IF EXISTS.
  bool if_not_exists();
  bool if_exists();

  /// Stops here.
  void stop(std::string_view expected);
  [[nodiscard]] bool stopped() const { return stopped_; }
  /// Where it stopped, and the tables named until then.
  [[nodiscard]] UnknownStatement unknown() const { return unknown_; }
  /// Notes a table for that.
  void note_table(const TableName& name) { unknown_.tables.push_back(name); }

 private:
  SqlLexer lexer_;
  const DdlSession& session_;
  SqlToken token_;
  bool stopped_ = false;
  UnknownStatement unknown_ = {};
};

}  // namespace tailwater::mysql
