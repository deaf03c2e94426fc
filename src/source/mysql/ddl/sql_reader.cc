#include "source/mysql/ddl/sql_reader.h"

#include <algorithm>

#include "base/text.h"

namespace tailwater::mysql {
namespace {
constexpr size_t kShownBytes = 64;
}

SqlReader::SqlReader(std::string_view sql, const DdlSession& session)
    : lexer_(sql, session.dialect), session_(session) {
  skip();
}

void SqlReader::skip() {
  if (stopped_) return;
  token_ = lexer_.next();
  if (token_.kind == SqlToken::Kind::kBroken) stop("an end of the quotes or of the comment");
}

SqlToken SqlReader::peek_second() const {
  SqlLexer ahead = lexer_;
  return stopped_ ? SqlToken{} : ahead.next();
}

bool SqlReader::at_any(std::span<const std::string_view> words) const {
  return std::ranges::any_of(words, [&](std::string_view word) { return at(word); });
}

bool SqlReader::at_both(std::string_view first, std::string_view second) const {
  return at(first) && peek_second().is_word(second);
}

bool SqlReader::accept(std::string_view word) {
  const bool fits = at(word);
  if (fits) skip();
  return fits;
}

bool SqlReader::accept(char symbol) {
  const bool fits = at(symbol);
  if (fits) skip();
  return fits;
}

bool SqlReader::accept_both(std::string_view first, std::string_view second) {
  const bool fits = at_both(first, second);
  if (fits) skip();
  if (fits) skip();
  return fits;
}

bool SqlReader::accept_any(std::initializer_list<std::string_view> words) {
  const bool fits = at_any(words);
  if (fits) skip();
  return fits;
}

void SqlReader::expect(std::string_view word) {
  if (!accept(word)) stop(word);
}

void SqlReader::expect(char symbol) {
  if (!accept(symbol)) stop(std::string_view(&symbol, 1));
}

std::string SqlReader::name() {
  if (!token_.is_name()) {
    stop("a name");
    return {};
  }
  std::string value = token_value(token_, dialect());
  skip();
  return value;
}

std::string SqlReader::name_or_text() {
  return token_.kind == SqlToken::Kind::kString ? text() : name();
}

TableName SqlReader::table_name() {
  TableName found;
  if (accept('.')) {  // ODBC writes it so
    found = {session_.default_database, name()};
  } else {
    std::string first = name();
    found = accept('.') ? TableName{std::move(first), name()}
                        : TableName{session_.default_database, std::move(first)};
  }
  if (!stopped_ && found.database.empty()) stop("a database, as the session has none");
  return found;
}

std::string SqlReader::column_name() {
  (void)accept('.');
  std::string last = name();
  while (accept('.')) last = name();
  return last;
}

std::string SqlReader::text() {
  if (token_.kind != SqlToken::Kind::kString) stop("a string");
  std::string value;
  while (token_.kind == SqlToken::Kind::kString) {
    value += token_value(token_, dialect());
    skip();
  }
  return value;
}

uint64_t SqlReader::number() {
  // Lengths may be written with a fraction, which does not count.
  const std::string_view digits = token_.text.substr(0, token_.text.find('.'));
  const auto value = parse_number(digits);
  if (token_.kind != SqlToken::Kind::kNumber || !value.has_value()) {
    stop("a number");
    return 0;
  }
  skip();
  return *value;
}

void SqlReader::skip_parentheses() {
  expect('(');
  for (size_t depth = 1; depth > 0 && !stopped_;) {
    if (at_end()) return stop(")");
    if (at('(')) ++depth;
    if (at(')')) --depth;
    skip();
  }
}

bool SqlReader::if_not_exists() {
  if (!at_both("if", "not")) return false;
  skip();
  skip();
  expect("exists");
  return true;
}

bool SqlReader::if_exists() {
  return accept_both("if", "exists");
}

void SqlReader::stop(std::string_view expected) {
  if (stopped_) return;
  stopped_ = true;
  unknown_.word = token_.text.substr(0, kShownBytes);
  unknown_.offset = token_.offset;
  unknown_.expected = expected;
  token_ = {};
}

}  // namespace tailwater::mysql
