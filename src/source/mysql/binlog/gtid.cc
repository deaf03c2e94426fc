#include "source/mysql/binlog/gtid.h"

#include <limits>

#include "base/text.h"

namespace tailwater::mysql {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::string_view kHexDigits = "0123456789abcdef";

Result<uint64_t> number_up_to(std::string_view text, uint64_t limit) {
  TW_ASSIGN(const uint64_t number, parse_number(text));
  if (number > limit) return fail(ErrorKind::kUserFix, "'" + std::string(text) + "' is too large");
  return number;
}

}  // namespace

Result<Uuid> parse_uuid(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorKind::kUserFix, "'" + std::string(text) + "' is not a uuid");
  };
  const bool dashed = text.size() == 36;
  if (!dashed && text.size() != 32) return wrong();
  Uuid uuid{};
  size_t at = 0;
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (dashed && (i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-') return wrong();
    const int high = hex_digit(text[at]);
    const int low = hex_digit(text[at + 1]);
    if (high < 0 || low < 0) return wrong();
    uuid[i] = static_cast<uint8_t>(high << 4 | low);
    at += 2;
  }
  return uuid;
}

void append_uuid(std::string& out, const Uuid& uuid) {
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += kHexDigits[uuid[i] >> 4];
    out += kHexDigits[uuid[i] & 15];
  }
}

std::string MysqlGtid::describe() const {
  std::string text;
  append_uuid(text, tsid.uuid);
  if (!tsid.tag.empty()) text.append(":").append(tsid.tag);
  text += ':';
  append_number(text, number);
  return text;
}

std::string MariadbGtid::describe() const {
  std::string text;
  append_number(text, uint64_t{domain});
  text += '-';
  append_number(text, uint64_t{server_id});
  text += '-';
  append_number(text, sequence);
  return text;
}

Result<MariadbGtid> parse_mariadb_gtid(std::string_view text) {
  const auto parts = split(trim(text), '-');
  if (parts.size() != 3) {
    return fail(ErrorKind::kUserFix, "'" + std::string(text) + "' is not a GTID of MariaDB",
                "write domain-server-sequence, for example 0-1-42");
  }
  constexpr uint64_t kWord = std::numeric_limits<uint32_t>::max();
  TW_ASSIGN(const uint64_t domain, number_up_to(parts[0], kWord));
  TW_ASSIGN(const uint64_t server, number_up_to(parts[1], kWord));
  TW_ASSIGN(const uint64_t sequence, parse_number(parts[2]));
  return MariadbGtid{static_cast<uint32_t>(domain), static_cast<uint32_t>(server), sequence};
}

}  // namespace tailwater::mysql
