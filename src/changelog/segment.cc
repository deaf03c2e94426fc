#include "changelog/segment.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/text.h"

namespace tailwater::changelog {
namespace {

constexpr std::string_view kMagic = "TWLOGSEG";
constexpr size_t kCrcAt = 12;
constexpr size_t kFlagsAt = 96;
constexpr size_t kIdentityAt = 104;
constexpr size_t kNameDigits = 20;
constexpr std::string_view kSegmentSuffix = ".log";

}  // namespace

Status encode_segment_header(SegmentHeader& header, uint8_t* out) {
  const size_t identity_bytes = 8 + header.identity.server.size() + header.identity.name.size();
  if (kIdentityAt + identity_bytes > kSegmentHeaderBytes) {
    return fail(ErrorKind::kUserFix, "the name of the source is too long for a changelog",
                "use a name of at most 200 characters");
  }
  ByteBuffer bytes(kSegmentHeaderBytes);
  bytes.append(kMagic);
  bytes.put<uint32_t>(kFormatVersion);
  bytes.put<uint32_t>(0);
  bytes.append(Bytes(header.incarnation));
  bytes.put<uint64_t>(header.base_offset);
  bytes.put<uint64_t>(header.number);
  bytes.put<uint64_t>(header.epoch);
  bytes.put<int64_t>(header.created_us);
  bytes.put<uint32_t>(header.next_schema_id);
  bytes.put<uint32_t>(header.previous_chain);
  bytes.put<uint64_t>(header.previous_end_bytes);
  bytes.put<int64_t>(header.max_commit_ts_us);
  bytes.put<uint8_t>(header.flags);
  bytes.put<uint8_t>(static_cast<uint8_t>(header.identity.kind));
  bytes.append_zeros(kIdentityAt - kFlagsAt - 2);
  bytes.put_sized(header.identity.server);
  bytes.put_sized(header.identity.name);
  bytes.append_zeros(kSegmentHeaderBytes - bytes.size());
  header.crc = crc32c(bytes.view());
  store<uint32_t>(bytes.data() + kCrcAt, header.crc);
  std::copy_n(bytes.data(), kSegmentHeaderBytes, out);
  return {};
}

Result<SegmentHeader> decode_segment_header(Bytes bytes) {
  const auto damaged = [] { return fail(ErrorKind::kCorrupt, "a segment header is damaged"); };
  if (bytes.size() < kSegmentHeaderBytes) return damaged();
  bytes = bytes.first(kSegmentHeaderBytes);
  SegmentHeader header;
  Cursor cursor(bytes);
  if (cursor.text(kMagic.size()) != kMagic) return damaged();
  const auto version = cursor.le<uint32_t>();
  header.crc = cursor.le<uint32_t>();
  const uint32_t zero = 0;
  uint32_t crc = crc32c(bytes.first(kCrcAt));
  crc = crc32c({reinterpret_cast<const uint8_t*>(&zero), sizeof(zero)}, crc);
  crc = crc32c(bytes.subspan(kCrcAt + sizeof(zero)), crc);
  if (crc != header.crc) return damaged();
  if (version != kFormatVersion) {
    return fail(ErrorKind::kUnsupported, fmt::format("a segment has format version {}", version),
                "read it with the newer version of tailwater that wrote it");
  }
  const Bytes incarnation = cursor.take(header.incarnation.size());
  std::copy(incarnation.begin(), incarnation.end(), header.incarnation.begin());
  header.base_offset = cursor.le<uint64_t>();
  header.number = cursor.le<uint64_t>();
  header.epoch = cursor.le<uint64_t>();
  header.created_us = cursor.le<int64_t>();
  header.next_schema_id = cursor.le<uint32_t>();
  header.previous_chain = cursor.le<uint32_t>();
  header.previous_end_bytes = cursor.le<uint64_t>();
  header.max_commit_ts_us = cursor.le<int64_t>();
  header.flags = cursor.u8();
  header.identity.kind = static_cast<SourceKind>(cursor.u8());
  cursor.skip(kIdentityAt - kFlagsAt - 2);
  header.identity.server = cursor.sized_text();
  header.identity.name = cursor.sized_text();
  if (!cursor.ok()) return damaged();
  return header;
}

Result<SegmentHeader> read_segment_header(File& file) {
  std::vector<uint8_t> bytes(kSegmentHeaderBytes);
  TW_ASSIGN(const size_t count, file.read_at(0, bytes));
  return decode_segment_header(Bytes(bytes).first(count));
}

std::string segment_name(uint64_t base_offset) {
  return fmt::format("{:0{}}{}", base_offset, kNameDigits, kSegmentSuffix);
}

std::string index_name(uint64_t base_offset) {
  return fmt::format("{:0{}}.index", base_offset, kNameDigits);
}

Result<std::vector<uint64_t>> list_segments(FileSystem& files, const std::string& folder) {
  TW_ASSIGN(const std::vector<std::string> names, files.list(folder));
  std::vector<uint64_t> bases;
  for (const std::string_view name : names) {
    if (name.size() != kNameDigits + kSegmentSuffix.size() || !name.ends_with(kSegmentSuffix)) {
      continue;
    }
    if (auto base = parse_number(name.substr(0, kNameDigits))) bases.push_back(*base);
  }
  std::sort(bases.begin(), bases.end());
  return bases;
}

std::string LogPlace::describe() const {
  return fmt::format("{}:{}", segment_name(segment_base), position);
}

LogPlace start_of(const SegmentHeader& header) {
  return {header.base_offset,         header.number,          kSegmentHeaderBytes, header.crc,
          Offset{header.base_offset}, header.max_commit_ts_us};
}

}  // namespace tailwater::changelog
