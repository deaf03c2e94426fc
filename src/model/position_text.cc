// Positions as text; model/position.h.
#include <fmt/format.h>

#include "base/text.h"
#include "model/position.h"

namespace tailwater {
namespace {

std::string encode_part(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || c == ';' || c == '%') {
      out += fmt::format("%{:02X}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

Result<std::string> decode_part(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const bool encoded = text[0] == '%';
    if (encoded) {
      TW_ASSIGN(const std::string byte, from_hex(text.substr(1, 2)));
      if (byte.size() != 1) return fail(ErrorKind::kUserFix, "two hex digits must follow a %");
      out += byte;
    } else {
      out += text[0];
    }
    text.remove_prefix(encoded ? 3 : 1);
  }
  return out;
}

Status take_binlog(std::string_view value, BinlogPosition& binlog) {
  const size_t colon = value.rfind(':');
  if (colon == std::string_view::npos) return fail(ErrorKind::kUserFix, "binlog is not FILE:POS");
  TW_ASSIGN(binlog.file, decode_part(value.substr(0, colon)));
  TW_ASSIGN(binlog.pos, parse_number(value.substr(colon + 1)));
  return {};
}

Status take_part(std::string_view part, Position& position) {
  const size_t equals = part.find('=');
  const std::string_view key = part.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
  if (key == "server") return decode_part(value).map([&](auto text) { position.server = text; });
  if (key == "binlog") return take_binlog(value, position.binlog);
  if (key == "gtids") return decode_part(value).map([&](auto text) { position.gtids = text; });
  return fail(ErrorKind::kUserFix, fmt::format("it has no part '{}'", key));
}

Status take_parts(std::string_view text, Position& position) {
  const auto parts = split(text, ';');
  position.kind = parts[0] == "mysql" ? SourceKind::kMysql : SourceKind::kMariadb;
  for (size_t i = 1; i < parts.size(); ++i) TW_TRY(take_part(parts[i], position));
  if (position.binlog.file.empty() && position.gtids.empty()) {
    return fail(ErrorKind::kUserFix, "it has neither binlog nor gtids");
  }
  return {};
}

}  // namespace

std::string position_text(const Position& position) {
  std::string text(to_string(position.kind));
  if (!position.server.empty()) text += ";server=" + encode_part(position.server);
  if (!position.binlog.file.empty()) {
    text += fmt::format(";binlog={}:{}", encode_part(position.binlog.file), position.binlog.pos);
  }
  if (!position.gtids.empty()) text += ";gtids=" + encode_part(position.gtids);
  return text;
}

bool is_position_text(std::string_view text) {
  return text.starts_with("mysql;") || text.starts_with("mariadb;");
}

Result<Position> parse_position_text(std::string_view text) {
  Position position;
  const Status taken = is_position_text(text)
                           ? take_parts(text, position)
                           : fail(ErrorKind::kUserFix, "it begins with no kind of server");
  if (taken.has_value()) return position;
  return fail(ErrorKind::kUserFix,
              fmt::format("'{}' is not a stored position: {}", text, taken.error().message),
              "give it back exactly as the stream gave it");
}

}  // namespace tailwater
