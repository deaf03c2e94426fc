#include "source/mysql/statement_kind.h"

#include <array>
#include <cctype>

#include "base/text.h"

namespace tailwater::mysql {
namespace {

// Gives the words and quoted names of a statement, one after the other, without comments. What
// stands in an executable comment (/*! … */, MariaDB's /*M! … */) counts, as it does for the
// server.
class Words {
 public:
  explicit Words(std::string_view sql) : rest_(sql) {}

  /// Whether the last word was a quoted name.
  [[nodiscard]] bool was_quoted() const { return quoted_; }
  bool at_end() {
    skip_space();
    return rest_.empty();
  }

  // The next word in lower case, or a quoted name as it is; empty at the end.
  std::string next() {
    skip_space();
    if (rest_.empty()) return {};
    const char first = rest_.front();
    quoted_ = first == '`' || first == '"' || first == '\'';
    if (quoted_) return quoted(first);
    size_t size = 0;
    while (size < rest_.size() && is_word(rest_[size])) ++size;
    if (size == 0) size = 1;
    std::string word = to_lower(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return word;
  }

 private:
  static bool is_word(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
  }

  void skip_space() {
    for (;;) {
      while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
        rest_.remove_prefix(1);
      }
      if (rest_.starts_with("--") || rest_.starts_with("#")) {
        skip_past("\n");
      } else if (rest_.starts_with("/*!") || rest_.starts_with("/*M!")) {
        rest_.remove_prefix(rest_[2] == '!' ? 3 : 4);
        while (!rest_.empty() && std::isdigit(static_cast<unsigned char>(rest_.front())) != 0) {
          rest_.remove_prefix(1);
        }
      } else if (rest_.starts_with("*/")) {
        rest_.remove_prefix(2);
      } else if (rest_.starts_with("/*")) {
        skip_past("*/");
      } else {
        return;
      }
    }
  }

  void skip_past(std::string_view end) {
    const size_t at = rest_.find(end);
    rest_ = at == std::string_view::npos ? std::string_view{} : rest_.substr(at + end.size());
  }

  std::string quoted(char quote) {
    rest_.remove_prefix(1);
    std::string name;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == quote) {
        if (rest_.empty() || rest_.front() != quote) break;
        rest_.remove_prefix(1);
      }
      name += c;
    }
    return name;
  }

  std::string_view rest_;
  bool quoted_ = false;
};

struct FirstWord {
  std::string_view word;
  StatementKind kind;
};
constexpr std::array kFirstWords = {
    FirstWord{"commit", StatementKind::kCommit},
    FirstWord{"xa", StatementKind::kXa},
    FirstWord{"insert", StatementKind::kRowChange},
    FirstWord{"update", StatementKind::kRowChange},
    FirstWord{"delete", StatementKind::kRowChange},
    FirstWord{"replace", StatementKind::kRowChange},
    FirstWord{"load", StatementKind::kRowChange},
    FirstWord{"call", StatementKind::kRowChange},
    FirstWord{"with", StatementKind::kRowChange},
    FirstWord{"select", StatementKind::kRowChange},
    FirstWord{"do", StatementKind::kRowChange},
    FirstWord{"rename", StatementKind::kSchemaChange},
    FirstWord{"truncate", StatementKind::kTruncate},
};

// CREATE, ALTER, DROP and RENAME concern readers of rows when they are about these.
bool is_schema_object(Words& words) {
  constexpr std::array<std::string_view, 4> kObjects = {"table", "tables", "database", "schema"};
  constexpr std::array<std::string_view, 12> kBetween = {
      "or",     "replace", "temporary", "unique", "fulltext", "spatial",
      "online", "offline", "ignore",    "if",     "not",      "exists"};
  for (std::string word = words.next(); !word.empty(); word = words.next()) {
    for (const std::string_view object : kObjects) {
      if (word == object) return true;
    }
    if (word == "index") return true;
    bool between = false;
    for (const std::string_view skip : kBetween) between = between || word == skip;
    if (!between) return false;
  }
  return false;
}

// CREATE TABLE … SELECT. With rows in the binlog the server writes a plain CREATE TABLE and the
// rows in its place. No other part of a table's definition can have the word, but for quoted names.
bool has_select(Words& words) {
  while (!words.at_end()) {
    if (words.next() == "select" && !words.was_quoted()) return true;
  }
  return false;
}

Statement rollback(Words& words) {
  std::string word = words.next();
  if (word == "work") word = words.next();
  if (word != "to") return {StatementKind::kRollback, {}};
  word = words.next();
  if (word == "savepoint") word = words.next();
  return {StatementKind::kRollbackTo, word};
}

}  // namespace

Statement classify_statement(std::string_view sql) {
  if (sql == "BEGIN") return {StatementKind::kBegin, {}};
  Words words(sql);
  std::string first = words.next();
  if (first == "set") {  // SET STATEMENT a=b FOR …
    if (words.next() != "statement") return {};
    while (!first.empty() && first != "for") first = words.next();
    first = words.next();
  }
  if (first == "begin") return {StatementKind::kBegin, {}};
  if (first == "start")
    return {words.next() == "transaction" ? StatementKind::kBegin : StatementKind::kOther, {}};
  if (first == "savepoint") return {StatementKind::kSavepoint, words.next()};
  if (first == "rollback") return rollback(words);
  for (const FirstWord& known : kFirstWords) {
    if (first != known.word) continue;
    if (known.word == "rename" && !is_schema_object(words)) return {};
    return {known.kind, {}};
  }
  if ((first == "create" || first == "alter" || first == "drop") && is_schema_object(words)) {
    const bool with_rows = first == "create" && has_select(words);
    return {with_rows ? StatementKind::kRowChange : StatementKind::kSchemaChange, {}};
  }
  return {};
}

}  // namespace tailwater::mysql
