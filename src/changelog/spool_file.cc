#include "changelog/spool_file.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/text.h"

namespace tailwater::changelog {
namespace {

constexpr std::string_view kMagic = "TWSPOOL1";
constexpr uint32_t kVersion = 1;
constexpr size_t kVersionAt = 8;
constexpr size_t kCrcAt = 12;
constexpr size_t kIncarnationAt = 16;
constexpr size_t kNumberAt = 32;
constexpr size_t kCreatedAt = 40;
constexpr std::string_view kSuffix = ".spool";
constexpr size_t kDigits = 20;

Status read_exactly(File& file, uint64_t number, uint64_t at, std::span<uint8_t> into) {
  TW_ASSIGN(const size_t count, file.read_at(at, into));
  if (count != into.size()) return fail(damaged_spool(number, "it is cut off"));
  return {};
}

Result<uint32_t> check_header(File& file, const Incarnation& incarnation, uint64_t number) {
  std::array<uint8_t, kSpoolHeaderBytes> bytes = {};
  TW_TRY(read_exactly(file, number, 0, bytes));
  const auto crc = load<uint32_t>(bytes.data() + kCrcAt);
  const auto version = load<uint32_t>(bytes.data() + kVersionAt);
  store<uint32_t>(bytes.data() + kCrcAt, 0);
  if (as_text(Bytes(bytes)).substr(0, kMagic.size()) != kMagic || crc32c(Bytes(bytes)) != crc) {
    return fail(damaged_spool(number, "its header is not a spool's"));
  }
  if (version != kVersion) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("{} has version {}", spool_name(number), version),
                "read it with the newer version of tailwater that wrote it");
  }
  const bool ours =
      std::equal(incarnation.begin(), incarnation.end(), bytes.begin() + kIncarnationAt) &&
      load<uint64_t>(bytes.data() + kNumberAt) == number;
  if (!ours) return fail(damaged_spool(number, "it belongs to another changelog"));
  return crc;
}

}  // namespace

Error damaged_spool(uint64_t number, std::string_view what) {
  return {ErrorKind::kCorrupt,
          fmt::format("the spool of a prepared transaction is damaged: {}", what),
          "spools/" + spool_name(number),
          "its changes are lost; take the tables that it changed anew with a snapshot"};
}

std::string spool_name(uint64_t number) {
  return fmt::format("{:0{}}{}", number, kDigits, kSuffix);
}

std::string spool_folder(const std::string& log_folder) {
  return join_path(log_folder, "spools");
}

std::string SpoolPlace::path() const {
  return join_path(folder, spool_name(number));
}

Result<std::vector<uint64_t>> list_spools(FileSystem& files, const std::string& log_folder) {
  const std::string folder = spool_folder(log_folder);
  std::vector<uint64_t> numbers;
  auto names = files.list(folder);
  if (!names.has_value() && names.error().kind == ErrorKind::kNotFound) return numbers;
  if (!names.has_value()) return fail(std::move(names).error());
  for (const std::string& name : *names) {
    if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) continue;
    const auto number = parse_number(name.substr(0, kDigits));
    if (number) numbers.push_back(*number);
  }
  return numbers;
}

SpoolHeader encode_spool_header(const Incarnation& incarnation, uint64_t number, int64_t now_us) {
  SpoolHeader header;
  uint8_t* at = header.bytes.data();
  std::memcpy(at, kMagic.data(), kMagic.size());
  store<uint32_t>(at + kVersionAt, kVersion);
  std::copy(incarnation.begin(), incarnation.end(), at + kIncarnationAt);
  store<uint64_t>(at + kNumberAt, number);
  store<int64_t>(at + kCreatedAt, now_us);
  header.crc = crc32c(Bytes(header.bytes));
  store<uint32_t>(at + kCrcAt, header.crc);
  return header;
}

SpoolBlockHeader encode_spool_block(uint32_t chain, uint32_t kind, uint32_t changes, Bytes body) {
  SpoolBlockHeader header;
  uint8_t* at = header.bytes.data();
  store<uint32_t>(at + 4, static_cast<uint32_t>(body.size()));
  store<uint32_t>(at + 8, kind);
  store<uint32_t>(at + 12, changes);
  header.crc = crc32c(body, crc32c(Bytes(header.bytes).subspan(4), chain));
  store<uint32_t>(at, header.crc);
  return header;
}

void put_spool_end(ByteBuffer& out, const SpoolInfo& info) {
  out.put<uint64_t>(info.changes);
  out.put<uint64_t>(info.start_pos);
  out.put<uint64_t>(info.thread_id);
  out.put<int64_t>(info.prepared_ts_us);
  out.put_sized(info.id);
  out.put_sized(info.gtid);
  out.put_sized(info.file);
}

SpoolTrailer encode_spool_trailer(uint32_t header_crc, uint64_t end_at, uint32_t chain) {
  SpoolTrailer trailer = {};
  store<uint64_t>(trailer.data(), end_at);
  store<uint32_t>(trailer.data() + 8, chain);
  store<uint32_t>(trailer.data() + 12, crc32c(Bytes(trailer).first(12), header_crc));
  return trailer;
}

namespace {

// A block in `body`, and its kind.
Result<uint32_t> read_block(File& file, uint64_t number, uint64_t at, uint64_t end, uint32_t& chain,
                            ByteBuffer& body) {
  std::array<uint8_t, kSpoolBlockHeaderBytes> header = {};
  if (at > end || end - at < header.size()) return fail(damaged_spool(number, "it is cut off"));
  TW_TRY(read_exactly(file, number, at, header));
  const auto bytes = load<uint32_t>(header.data() + 4);
  if (bytes > end - at - header.size()) return fail(damaged_spool(number, "a block is too long"));
  body.clear();
  TW_TRY(read_exactly(file, number, at + header.size(), {body.extend(bytes), bytes}));
  const uint32_t crc = crc32c(body.view(), crc32c(Bytes(header).subspan(4), chain));
  if (crc != load<uint32_t>(header.data())) {
    return fail(damaged_spool(number, fmt::format("the block at byte {} is not as it was", at)));
  }
  chain = crc;
  return load<uint32_t>(header.data() + 8);
}

}  // namespace

Result<SpoolEnd> read_spool_end(File& file, const Incarnation& incarnation, uint64_t number) {
  SpoolEnd end;
  TW_ASSIGN(end.header_crc, check_header(file, incarnation, number));
  TW_ASSIGN(const uint64_t size, file.size());
  SpoolTrailer trailer = {};
  if (size < kSpoolHeaderBytes + kSpoolBlockHeaderBytes + kSpoolTrailerBytes) {
    return fail(damaged_spool(number, "it has no end"));
  }
  const uint64_t trailer_at = size - kSpoolTrailerBytes;
  TW_TRY(read_exactly(file, number, trailer_at, trailer));
  if (crc32c(Bytes(trailer).first(12), end.header_crc) != load<uint32_t>(trailer.data() + 12)) {
    return fail(damaged_spool(number, "it has no end"));
  }
  end.blocks_end = load<uint64_t>(trailer.data());
  end.blocks_chain = load<uint32_t>(trailer.data() + 8);
  ByteBuffer body;
  uint32_t chain = end.blocks_chain;
  TW_ASSIGN(const uint32_t kind, read_block(file, number, end.blocks_end, trailer_at, chain, body));
  Cursor cursor(body.view());
  end.info.number = number;
  end.info.bytes = size;
  end.info.changes = cursor.le<uint64_t>();
  end.info.start_pos = cursor.le<uint64_t>();
  end.info.thread_id = cursor.le<uint64_t>();
  end.info.prepared_ts_us = cursor.le<int64_t>();
  end.info.id = cursor.sized_text();
  end.info.gtid = cursor.sized_text();
  end.info.file = cursor.sized_text();
  if (kind != kSpoolEnd || !cursor.ok()) return fail(damaged_spool(number, "its end is damaged"));
  return end;
}

Result<uint64_t> read_spool_block(File& file, uint64_t number, uint64_t at, uint64_t end,
                                  uint32_t& chain, ByteBuffer& body) {
  TW_ASSIGN(const uint32_t kind, read_block(file, number, at, end, chain, body));
  if (kind != kSpoolChanges) return fail(damaged_spool(number, "a block of an unknown kind"));
  return at + kSpoolBlockHeaderBytes + body.size();
}

}  // namespace tailwater::changelog
