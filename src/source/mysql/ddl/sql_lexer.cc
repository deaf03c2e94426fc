#include "source/mysql/ddl/sql_lexer.h"

#include <algorithm>

namespace tailwater::mysql {
namespace {

using Kind = SqlToken::Kind;

// Since when MySQL reads a sixth digit in a versioned comment, if a space follows it.
constexpr Version kSixDigitsSince = {8, 0, 34};
// What MariaDB does not execute: MySQL's own syntax from 5.7 on.
constexpr uint64_t kMysqlOnlyFrom = 50'700;
constexpr uint64_t kMysqlOnlyTo = 99'999;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_word_char(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_exponent(std::string_view text) {
  if (text.empty() || lower(text[0]) != 'e') return false;
  text.remove_prefix(1);
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return !text.empty() && is_digit(text[0]);
}

char unescaped(char c) {
  switch (c) {
    case '0':
      return '\0';
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'Z':
      return '\x1A';
    default:
      return c;
  }
}

uint8_t digit_value(char c) {
  return static_cast<uint8_t>(is_digit(c) ? c - '0' : lower(c) - 'a' + 10);
}

}  // namespace

bool SqlToken::is_word(std::string_view word) const {
  return kind == Kind::kWord && std::ranges::equal(text, word, {}, lower);
}

SqlLexer::SqlLexer(std::string_view sql, const SqlDialect& dialect)
    : sql_(sql), dialect_(dialect) {}

SqlToken SqlLexer::make(Kind kind, size_t begin, size_t end) {
  at_ = kind == Kind::kBroken ? sql_.size() : end;
  if (kind == Kind::kBroken) open_comments_ = 0;
  last_ = kind;
  last_end_ = end;
  return {kind, sql_.substr(begin, end - begin), begin};
}

// Behind "/*": to the end of the comment, in which `nested` levels of others may stand.
bool SqlLexer::skip_past_end(int nested) {
  int depth = 0;
  for (; at_ + 1 < sql_.size(); ++at_) {
    if (sql_[at_] == '*' && sql_[at_ + 1] == '/') {
      at_ += 2;
      if (depth-- == 0) return true;
      --at_;
    } else if (depth < nested && sql_[at_] == '/' && sql_[at_ + 1] == '*') {
      ++depth;
      ++at_;
    }
  }
  return false;
}

// At "/*!" or "/*M!". False when it has no end.
bool SqlLexer::enter_comment() {
  const bool maria_form = at(at_ + 2) == 'M';
  at_ += maria_form ? 4 : 3;
  size_t digits = 0;
  while (digits < 6 && is_digit(at(at_ + digits))) ++digits;
  if (digits < 5) {
    ++open_comments_;
    return true;
  }
  const bool sixth =
      digits == 6 &&
      (dialect_.is_mariadb() || (dialect_.version >= kSixDigitsSince && is_space(at(at_ + 6))));
  digits = sixth ? 6 : 5;
  uint64_t wanted = 0;
  for (size_t i = 0; i < digits; ++i) wanted = wanted * 10 + digit_value(sql_[at_ + i]);
  const bool foreign =
      dialect_.is_mariadb() && !maria_form && wanted >= kMysqlOnlyFrom && wanted <= kMysqlOnlyTo;
  if (wanted > dialect_.version_number() || foreign) return skip_past_end(1);
  at_ += digits;
  ++open_comments_;
  return true;
}

// At "/*".
bool SqlLexer::skip_comment() {
  const bool maria_form = at(at_ + 2) == 'M' && at(at_ + 3) == '!';
  if (at(at_ + 2) == '!' || (maria_form && dialect_.is_mariadb())) return enter_comment();
  at_ += 2;
  return skip_past_end(0);
}

// To the next token; false when a comment has no end.
bool SqlLexer::skip_space() {
  while (at_ < sql_.size()) {
    const char c = sql_[at_];
    const char next = at(at_ + 1);
    const bool dashes = c == '-' && next == '-' && static_cast<unsigned char>(at(at_ + 2)) <= ' ';
    if (is_space(c) || c == '\0') {
      ++at_;
    } else if (c == '#' || dashes) {
      at_ = std::min(sql_.find('\n', at_), sql_.size());
    } else if (c == '/' && next == '*') {
      if (!skip_comment()) return false;
    } else if (c == '*' && next == '/' && open_comments_ > 0) {
      --open_comments_;
      at_ += 2;
    } else {
      return true;
    }
  }
  return open_comments_ == 0;
}

SqlToken SqlLexer::next() {
  const size_t from = std::min(at_, sql_.size());
  if (!skip_space()) return make(Kind::kBroken, from, sql_.size());
  if (at_ >= sql_.size()) return make(Kind::kEnd, sql_.size(), sql_.size());
  const size_t begin = at_;
  const char c = sql_[begin];
  const bool after_dot = after_dot_;
  after_dot_ = false;
  if (c == '`') return quoted(begin, begin, Kind::kQuotedName);
  if (c == '"') {
    return quoted(begin, begin,
                  dialect_.has(SqlMode::kAnsiQuotes) ? Kind::kQuotedName : Kind::kString);
  }
  if (c == '\'') return quoted(begin, begin, Kind::kString);
  if (is_digit(c) && !after_dot) return number(begin);
  if (is_word_char(c)) return word();
  if (c == '.') {
    const bool behind_name = last_ == Kind::kWord || last_ == Kind::kQuotedName;
    if (is_digit(at(begin + 1)) && !(behind_name && last_end_ == begin)) return number(begin);
    after_dot_ = behind_name || last_ == Kind::kEnd;
  }
  return make(Kind::kSymbol, begin, begin + 1);
}

SqlToken SqlLexer::word() {
  size_t end = at_;
  while (is_word_char(at(end))) ++end;
  if (end == at_ + 1 && at(end) == '\'') {
    const char prefix = lower(sql_[at_]);
    if (prefix == 'n') return quoted(at_, end, Kind::kString);
    if (prefix == 'x' || prefix == 'b') return quoted(at_, end, Kind::kBytes);
  }
  return make(Kind::kWord, at_, end);
}

SqlToken SqlLexer::number(size_t begin) {
  const auto digits_from = [&](size_t place) {
    while (is_digit(at(place))) ++place;
    return place;
  };
  size_t run = begin;
  while (is_word_char(at(run))) ++run;
  const std::string_view text = sql_.substr(begin, run - begin);
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'b')) {
    const auto digit = [&](char c) { return text[1] == 'x' ? is_hex(c) : c == '0' || c == '1'; };
    if (std::ranges::all_of(text.substr(2), digit)) return make(Kind::kBytes, begin, run);
  }
  size_t end = digits_from(begin);
  const bool whole = end == run;
  if (whole && at(end) == '.') end = digits_from(end + 1);
  if (is_exponent(sql_.substr(end))) {
    return make(Kind::kNumber, begin, digits_from(end + 2));
  }
  if (!whole) return make(Kind::kWord, begin, run);
  return make(Kind::kNumber, begin, end);
}

SqlToken SqlLexer::quoted(size_t begin, size_t quote_at, Kind kind) {
  const char quote = sql_[quote_at];
  const bool escapes = kind == Kind::kString && !dialect_.has(SqlMode::kNoBackslashEscapes);
  for (size_t place = quote_at + 1; place < sql_.size(); ++place) {
    if (escapes && sql_[place] == '\\') {
      ++place;
    } else if (sql_[place] == quote) {
      if (at(place + 1) != quote || place + 1 >= sql_.size()) return make(kind, begin, place + 1);
      ++place;
    }
  }
  return make(Kind::kBroken, begin, sql_.size());
}

std::string token_value(const SqlToken& token, const SqlDialect& dialect) {
  std::string_view text = token.text;
  if (token.kind != Kind::kQuotedName && token.kind != Kind::kString) return std::string(text);
  if (lower(text[0]) == 'n') text.remove_prefix(1);
  const char quote = text[0];
  text = text.substr(1, text.size() - 2);
  const bool escapes = token.kind == Kind::kString && !dialect.has(SqlMode::kNoBackslashEscapes);
  std::string value;
  value.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (escapes && text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      if (text[i] == '%' || text[i] == '_') value += '\\';
      value += unescaped(text[i]);
    } else {
      value += text[i];
      if (text[i] == quote) ++i;
    }
  }
  return value;
}

std::string token_bytes(const SqlToken& token) {
  std::string_view text = token.text;
  const bool hex = lower(text[0]) == 'x' || lower(text[1]) == 'x';
  text = text[1] == '\'' ? text.substr(2, text.size() - 3) : text.substr(2);
  const size_t per_byte = hex ? 2 : 8;
  std::string bytes;
  unsigned value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    value = value * (hex ? 16 : 2) + (is_hex(text[i]) ? digit_value(text[i]) : 0U);
    if ((text.size() - i - 1) % per_byte == 0) {
      bytes += static_cast<char>(value & 0xFF);
      value = 0;
    }
  }
  return bytes;
}

}  // namespace tailwater::mysql
