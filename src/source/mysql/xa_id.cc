#include "source/mysql/xa_id.h"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"

namespace tailwater::mysql {
namespace {

constexpr size_t kPartBytesMax = 64;

// Takes the parts of a statement from its start. A part that is not there fails the rest.
class Parts {
 public:
  explicit Parts(std::string_view sql) : rest_(sql) {}

  [[nodiscard]] bool at_end() {
    skip_space();
    return ok_ && rest_.empty();
  }

  std::string word() {
    skip_space();
    size_t size = 0;
    while (size < rest_.size() && is_letter(rest_[size])) ++size;
    return to_lower(take(size));
  }

  bool comma() {
    skip_space();
    if (!rest_.starts_with(',')) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // X'6162'; the bytes that it stands for.
  std::string hex() {
    skip_space();
    const size_t end = rest_.find('\'', 2);
    const bool starts = rest_.starts_with("X'") || rest_.starts_with("x'");
    if (!starts || end == std::string_view::npos || end % 2 != 0) return failed();
    const std::string_view digits = take(end + 1).substr(2, end - 2);
    std::string bytes;
    for (size_t i = 0; i + 1 < digits.size(); i += 2) {
      const int high = digit(digits[i]);
      const int low = digit(digits[i + 1]);
      if (high < 0 || low < 0) return failed();
      bytes += static_cast<char>(high << 4 | low);
    }
    return bytes;
  }

  uint32_t number() {
    skip_space();
    size_t size = 0;
    while (size < rest_.size() && rest_[size] >= '0' && rest_[size] <= '9') ++size;
    const auto value = parse_number(take(size));
    if (value.has_value() && *value <= std::numeric_limits<uint32_t>::max()) {
      return static_cast<uint32_t>(*value);
    }
    failed();
    return 0;
  }

 private:
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }
  void skip_space() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }
  std::string_view take(size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string failed() {
    ok_ = false;
    return {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

std::optional<XaStatement::Kind> kind_of(std::string_view verb) {
  using Kind = XaStatement::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 5> kVerbs = {{
      {"start", Kind::kStart},
      {"begin", Kind::kStart},
      {"end", Kind::kEnd},
      {"commit", Kind::kCommit},
      {"rollback", Kind::kRollback},
  }};
  for (const auto& [word, kind] : kVerbs) {
    if (word == verb) return kind;
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> xa_id(uint32_t format, std::string_view gtrid, std::string_view bqual) {
  if (gtrid.size() > kPartBytesMax || bqual.size() > kPartBytesMax) {
    return fail(ErrorKind::kCorrupt, "the id of an XA transaction is too long");
  }
  std::string id;
  for (const std::string_view part : {gtrid, bqual}) {
    id += "X'";
    for (const char c : part) id += fmt::format("{:02x}", static_cast<unsigned char>(c));
    id += "',";
  }
  return id + std::to_string(format);
}

Result<XaStatement> parse_xa_statement(std::string_view sql) {
  Parts parts(sql);
  const bool xa = parts.word() == "xa";
  const auto kind = kind_of(parts.word());
  const std::string gtrid = parts.hex();
  const std::string bqual = parts.comma() ? parts.hex() : std::string();
  const uint32_t format = parts.comma() ? parts.number() : 1;
  if (!xa || !kind || !parts.at_end()) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("an XA statement cannot be read by this version: {:.100}", sql),
                "start after this place with --from to pass over it, or use a newer version");
  }
  TW_ASSIGN(std::string id, xa_id(format, gtrid, bqual));
  return XaStatement{*kind, std::move(id)};
}

}  // namespace tailwater::mysql
