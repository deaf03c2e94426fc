#include "source/mysql/schema/schema_journal.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/crc32c.h"
#include "base/cursor.h"

namespace tailwater::mysql {
namespace {

constexpr uint32_t kMagic = 0x4a535754;  // "TWSJ"
constexpr uint16_t kVersion = 1;
constexpr size_t kFileHeaderBytes = 12;
constexpr size_t kRecordHeaderBytes = 16;
constexpr size_t kFileBytesMax = size_t{1} << 30;
constexpr size_t kFilesKept = 16;
constexpr std::string_view kSuffix = ".history";

ByteBuffer file_header() {
  ByteBuffer header;
  header.put<uint32_t>(kMagic);
  header.put<uint16_t>(kVersion);
  header.put<uint16_t>(0);
  header.put<uint32_t>(crc32c(header.view()));
  return header;
}

ByteBuffer record_header(JournalRecordKind kind, Bytes body) {
  ByteBuffer header;
  header.put<uint32_t>(static_cast<uint32_t>(body.size()));
  header.put<uint32_t>(static_cast<uint32_t>(kind));
  header.put<uint32_t>(crc32c(body));
  header.put<uint32_t>(crc32c(header.view()));
  return header;
}

enum class Found : uint8_t { kRecord, kEnd, kTorn, kDamaged };

// The record at the cursor. A torn one can only be the last: nothing is written behind a record
// that was not synced.
Found next_record(Cursor& cursor, JournalRecord& record) {
  if (cursor.at_end()) return Found::kEnd;
  const Bytes header = cursor.take(kRecordHeaderBytes);
  if (!cursor.ok()) return Found::kTorn;
  Cursor fields(header);
  const auto bytes = fields.le<uint32_t>();
  const auto kind = fields.le<uint32_t>();
  const auto body_crc = fields.le<uint32_t>();
  if (fields.le<uint32_t>() != crc32c(header.first(kRecordHeaderBytes - sizeof(uint32_t)))) {
    return Found::kTorn;
  }
  record.body = cursor.take(bytes);
  if (!cursor.ok()) return Found::kTorn;
  if (crc32c(record.body) != body_crc) return cursor.at_end() ? Found::kTorn : Found::kDamaged;
  if (kind < static_cast<uint32_t>(JournalRecordKind::kCatalog) ||
      kind > static_cast<uint32_t>(JournalRecordKind::kFollowed)) {
    return Found::kDamaged;
  }
  record.kind = static_cast<JournalRecordKind>(kind);
  return Found::kRecord;
}

tl::unexpected<Error> damaged_file(const std::string& path, uint64_t offset,
                                   const std::string& what) {
  return fail(Error{ErrorKind::kCorrupt, "the schema history is damaged: " + what,
                    fmt::format("{}:{}", path, offset),
                    "move its folder away: the tables are then read from the server again, and "
                    "compared with the binlog"});
}

}  // namespace

std::string SchemaJournal::path_of(uint64_t number) const {
  return join_path(folder_, fmt::format("{:08}{}", number, kSuffix));
}

Result<std::vector<uint64_t>> SchemaJournal::list() const {
  std::vector<uint64_t> numbers;
  auto names = files_->list(folder_);
  if (!names.has_value()) {
    if (names.error().kind == ErrorKind::kNotFound) return numbers;
    return fail(std::move(names).error());
  }
  for (const std::string& name : *names) {
    if (!name.ends_with(kSuffix)) continue;
    uint64_t number = 0;
    const char* end = name.data() + name.size() - kSuffix.size();
    const auto [at, error] = std::from_chars(name.data(), end, number);
    if (error == std::errc() && at == end) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<JournalFile> SchemaJournal::read(uint64_t number) const {
  JournalFile file;
  file.number = number;
  const std::string path = path_of(number);
  TW_ASSIGN(file.bytes, read_file(*files_, path, kFileBytesMax));
  Cursor cursor(as_bytes(file.bytes));
  Cursor header(cursor.take(kFileHeaderBytes));
  if (!cursor.ok() || header.le<uint32_t>() != kMagic) {
    return damaged_file(path, 0, "it does not start as such a file");
  }
  if (const auto version = header.le<uint16_t>(); version > kVersion) {
    return fail(Error{ErrorKind::kUnsupported,
                      fmt::format("the schema history is of a later version ({})", version), path,
                      "use the version of tailwater that wrote it, or a newer one"});
  }
  file.end = kFileHeaderBytes;
  for (;;) {
    JournalRecord record;
    record.offset = file.end;
    const Found found = next_record(cursor, record);
    if (found == Found::kDamaged) return damaged_file(path, file.end, "a checksum is wrong");
    if (found != Found::kRecord) break;
    const bool first = file.records.empty();
    if (first != (record.kind == JournalRecordKind::kCatalog)) {
      return damaged_file(path, file.end, "a record stands where it cannot");
    }
    file.records.push_back(record);
    file.end = file.bytes.size() - cursor.remaining();
  }
  if (file.records.empty()) return damaged_file(path, file.end, "its first record is not whole");
  return file;
}

Status SchemaJournal::remove_from(uint64_t first) {
  TW_ASSIGN(const auto numbers, list());
  bool any = false;
  // The newest first: what is left is always a history without a gap.
  for (auto number = numbers.rbegin(); number != numbers.rend() && *number >= first; ++number) {
    TW_TRY(files_->remove(path_of(*number)));
    any = true;
  }
  return any ? files_->sync_directory(folder_) : Status{};
}

Status SchemaJournal::remove_old() {
  TW_ASSIGN(const auto numbers, list());
  if (numbers.size() <= kFilesKept) return {};
  for (size_t i = 0; i + kFilesKept < numbers.size(); ++i) {
    TW_TRY(files_->remove(path_of(numbers[i])));
  }
  return files_->sync_directory(folder_);
}

Status SchemaJournal::resume(const JournalFile& file, uint64_t end) {
  TW_TRY(remove_from(file.number + 1));
  TW_ASSIGN(file_, files_->open(path_of(file.number), OpenMode::kWrite));
  number_ = file.number;
  end_ = end;
  if (file.bytes.size() == end) return {};
  TW_TRY(file_->resize(end));
  return file_->sync();
}

Status SchemaJournal::begin(Bytes catalog) {
  TW_TRY(make_durable_folder(*files_, folder_));
  TW_ASSIGN(const auto numbers, list());
  const uint64_t number = numbers.empty() ? 1 : numbers.back() + 1;
  const ByteBuffer header = file_header();
  const ByteBuffer record = record_header(JournalRecordKind::kCatalog, catalog);
  std::string text;
  text.reserve(header.size() + record.size() + catalog.size());
  text.append(as_text(header.view())).append(as_text(record.view())).append(as_text(catalog));
  TW_TRY(replace_file(*files_, path_of(number), text));
  TW_ASSIGN(file_, files_->open(path_of(number), OpenMode::kWrite));
  number_ = number;
  end_ = text.size();
  return remove_old();
}

Status SchemaJournal::append(JournalRecordKind kind, Bytes body) {
  const ByteBuffer header = record_header(kind, body);
  const Bytes pieces[] = {header.view(), body};
  TW_TRY(file_->write_at(end_, pieces));
  TW_TRY(file_->sync());
  end_ += header.size() + body.size();
  return {};
}

}  // namespace tailwater::mysql
