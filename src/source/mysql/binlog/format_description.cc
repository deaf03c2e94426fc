#include "source/mysql/binlog/format_description.h"

#include <algorithm>
#include <charconv>

#include "base/cursor.h"

namespace tailwater::mysql {
namespace {

constexpr uint16_t kBinlogVersion = 4;
constexpr size_t kServerVersionBytes = 50;
// The first versions whose format description ends with an algorithm and a checksum.
constexpr uint32_t kMysqlChecksums = 50601;
constexpr uint32_t kMariadbChecksums = 50300;

uint32_t version_number(std::string_view text) {
  uint32_t parts[3] = {0, 0, 0};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (uint32_t& part : parts) {
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc() || part > 999) return 0;
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

Status read_checksum(const Event& event, Bytes& lengths, FormatDescription& format) {
  if (lengths.size() < 1 + kChecksumBytes)
    return damaged(event.header.type, "no checksum algorithm");
  const uint8_t algorithm = lengths[lengths.size() - 1 - kChecksumBytes];
  if (algorithm > static_cast<uint8_t>(Checksum::kCrc32)) {
    return fail(ErrorKind::kUnsupported,
                "checksum algorithm " + std::to_string(algorithm) + " is not known",
                "set binlog_checksum to CRC32 or NONE on the server");
  }
  format.checksum = static_cast<Checksum>(algorithm);
  if (format.checksum == Checksum::kCrc32 && !checksum_matches(event.whole)) {
    return damaged(event.header.type, "its checksum does not match");
  }
  lengths = lengths.first(lengths.size() - 1 - kChecksumBytes);
  return {};
}

}  // namespace

Result<FormatDescription> parse_format_description(const Event& event) {
  Cursor cursor(event.body);
  FormatDescription format;
  const auto binlog_version = cursor.le<uint16_t>();
  std::string_view version = cursor.text(kServerVersionBytes);
  format.created_s = cursor.le<uint32_t>();
  const uint8_t header_bytes = cursor.u8();
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  if (binlog_version != kBinlogVersion || header_bytes != kEventHeaderBytes) {
    return fail(ErrorKind::kUnsupported,
                "binlog version " + std::to_string(binlog_version) + " is not supported",
                "Tailwater reads version 4, which MySQL has written since 5.0");
  }
  version = version.substr(0, version.find('\0'));
  format.server_version = version;
  format.mariadb = version.find("MariaDB") != std::string_view::npos;
  // "5.5.5-10.11.6-MariaDB": a prefix that old replicas need.
  if (format.mariadb && version.starts_with("5.5.5-")) version.remove_prefix(6);
  format.version = version_number(version);
  Bytes lengths = cursor.rest();
  if (format.version >= (format.mariadb ? kMariadbChecksums : kMysqlChecksums)) {
    TW_TRY(read_checksum(event, lengths, format));
  }
  const size_t count = std::min(lengths.size(), format.post_header_bytes.size() - 1);
  std::copy_n(lengths.begin(), count, format.post_header_bytes.begin() + 1);
  return format;
}

}  // namespace tailwater::mysql
