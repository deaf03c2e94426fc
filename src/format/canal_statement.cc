#include "format/canal_statement.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace tailwater::format {
namespace {

// Takes words and names off a statement. Comments count as space; what an executable comment holds
// is taken, as the server takes it.
class Scanner {
 public:
  explicit Scanner(std::string_view sql) : rest_(sql) {}

  // Takes the next word when it is one of `words` (lower case).
  bool take(std::initializer_list<std::string_view> words) {
    skip_space();
    const std::string next = to_lower(rest_.substr(0, word_size()));
    if (std::find(words.begin(), words.end(), next) == words.end()) return false;
    rest_.remove_prefix(next.size());
    return true;
  }
  // Takes words until one of `words` was taken; false at the end.
  bool skip_to(std::initializer_list<std::string_view> words) {
    while (!take(words)) {
      if (rest_.empty()) return false;
      (void)name();
    }
    return true;
  }
  // A name with or without quotes, or one character that is none.
  std::string name() {
    skip_space();
    if (rest_.empty()) return {};
    const char first = rest_.front();
    if (first == '`' || first == '"') return quoted(first);
    const size_t size = std::max<size_t>(word_size(), 1);
    std::string word(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return word;
  }
  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

 private:
  [[nodiscard]] size_t word_size() const {
    size_t size = 0;
    while (size < rest_.size()) {
      const auto c = static_cast<unsigned char>(rest_[size]);
      if (std::isalnum(c) == 0 && c != '_' && c != '$' && c < 0x80) break;
      ++size;
    }
    return size;
  }
  void skip_past(std::string_view end) {
    const size_t at = rest_.find(end);
    rest_ = at == std::string_view::npos ? std::string_view{} : rest_.substr(at + end.size());
  }
  void skip_space() {
    for (;;) {
      while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
        rest_.remove_prefix(1);
      }
      if (rest_.starts_with("/*!") || rest_.starts_with("/*M!")) {
        rest_.remove_prefix(rest_[2] == '!' ? 3 : 4);
        while (!rest_.empty() && std::isdigit(static_cast<unsigned char>(rest_.front())) != 0) {
          rest_.remove_prefix(1);
        }
      } else if (rest_.starts_with("*/")) {
        rest_.remove_prefix(2);
      } else if (rest_.starts_with("/*")) {
        skip_past("*/");
      } else if (rest_.starts_with("-- ") || rest_.starts_with('#')) {
        skip_past("\n");
      } else {
        return;
      }
    }
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
};

// The type of a statement, with the scanner before the table's name; "" for one of no table.
std::string_view take_type(Scanner& scanner) {
  if (scanner.take({"alter"})) {
    while (scanner.take({"ignore", "online", "offline"})) {
    }
    return scanner.take({"table"}) ? "ALTER" : "";
  }
  if (scanner.take({"create"})) {
    while (scanner.take({"or", "replace", "temporary", "unique", "fulltext", "spatial"})) {
    }
    if (scanner.take({"table"})) return "CREATE";
    return scanner.take({"index"}) && scanner.skip_to({"on"}) ? "CINDEX" : "";
  }
  if (scanner.take({"drop"})) {
    (void)scanner.take({"temporary"});
    if (scanner.take({"table", "tables"})) return "ERASE";
    return scanner.take({"index"}) && scanner.skip_to({"on"}) ? "DINDEX" : "";
  }
  if (scanner.take({"truncate"})) {
    (void)scanner.take({"table"});
    return "TRUNCATE";
  }
  if (scanner.take({"rename"}) && scanner.take({"table", "tables"})) {
    return scanner.skip_to({"to"}) ? "RENAME" : "";
  }
  return "";
}

}  // namespace

CanalStatement parse_canal_statement(std::string_view sql, std::string_view database) {
  CanalStatement made{.database = std::string(database), .table = {}};
  Scanner scanner(sql);
  const std::string_view type = take_type(scanner);
  if (type.empty()) return made;
  made.type = type;
  while (scanner.take({"if", "not", "exists"})) {
  }
  made.table = scanner.name();
  if (scanner.take('.')) {
    made.database = std::move(made.table);
    made.table = scanner.name();
  }
  return made;
}

}  // namespace tailwater::format
