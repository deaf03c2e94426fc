#include "changelog/index.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "changelog/frame_input.h"

namespace tailwater::changelog {
namespace {

constexpr std::string_view kMagic = "TWINDEX1";
constexpr size_t kHeaderBytes = 32;  // magic, base offset, segment header's CRC, own CRC, zeros
constexpr size_t kEntryBytes = 48;
constexpr size_t kIndexBytesMax = 64 << 20;

void put_header(ByteBuffer& out, const SegmentHeader& segment) {
  const size_t at = out.size();
  out.append(kMagic);
  out.put<uint64_t>(segment.base_offset);
  out.put<uint32_t>(segment.crc);
  out.put<uint32_t>(crc32c(out.view(at)));
  out.append_zeros(kHeaderBytes - (out.size() - at));
}

void put_entry(ByteBuffer& out, const IndexEntry& entry) {
  const size_t at = out.size();
  out.put<uint64_t>(entry.position);
  out.put<uint64_t>(entry.base_offset);
  out.put<int64_t>(entry.max_commit_ts_us);
  out.put<uint64_t>(entry.tables);
  out.put<uint32_t>(entry.chain);
  out.put<uint8_t>(entry.flags);
  out.append_zeros(7);
  out.put<uint32_t>(crc32c(out.view(at)));
  out.append_zeros(kEntryBytes - (out.size() - at));
}

std::optional<IndexEntry> parse_entry(Bytes bytes) {
  constexpr size_t kCrcAt = 44;
  Cursor cursor(bytes);
  IndexEntry entry;
  entry.position = cursor.le<uint64_t>();
  entry.base_offset = cursor.le<uint64_t>();
  entry.max_commit_ts_us = cursor.le<int64_t>();
  entry.tables = cursor.le<uint64_t>();
  entry.chain = cursor.le<uint32_t>();
  entry.flags = cursor.u8();
  if (load<uint32_t>(bytes.data() + kCrcAt) != crc32c(bytes.first(kCrcAt))) return std::nullopt;
  return entry;
}

}  // namespace

std::vector<IndexEntry> load_index(FileSystem& files, const std::string& folder,
                                   const SegmentHeader& segment) {
  const auto text =
      read_file(files, join_path(folder, index_name(segment.base_offset)), kIndexBytesMax);
  std::vector<IndexEntry> entries;
  if (!text.has_value() || text->size() < kHeaderBytes) return entries;
  Bytes bytes = as_bytes(*text);
  ByteBuffer header;
  put_header(header, segment);
  if (!std::equal(header.view().begin(), header.view().end(), bytes.begin())) return entries;
  for (bytes = bytes.subspan(kHeaderBytes); bytes.size() >= kEntryBytes;
       bytes = bytes.subspan(kEntryBytes)) {
    const auto entry = parse_entry(bytes.first(kEntryBytes));
    if (!entry || (!entries.empty() && entry->position <= entries.back().position)) break;
    entries.push_back(*entry);
  }
  return entries;
}

LogPlace place_of(const SegmentHeader& segment, const IndexEntry& entry) {
  return {segment.base_offset,       segment.number,        entry.position, entry.chain,
          Offset{entry.base_offset}, entry.max_commit_ts_us};
}

Result<std::unique_ptr<IndexWriter>> IndexWriter::open(FileSystem& files, const std::string& folder,
                                                       const SegmentHeader& segment,
                                                       uint64_t end_position) {
  std::vector<IndexEntry> entries = load_index(files, folder, segment);
  LogPlace from = start_of(segment);
  bool mid_transaction = segment.mid_transaction();
  uint64_t tables = 0;
  while (!entries.empty()) {
    const IndexEntry last = entries.back();
    entries.pop_back();
    if (last.position >= end_position || !last.is_start()) continue;
    from = place_of(segment, last);
    mid_transaction = false;
    tables = last.tables;
    break;
  }
  TW_ASSIGN(auto file,
            files.open(join_path(folder, index_name(segment.base_offset)), OpenMode::kCreate));
  std::unique_ptr<IndexWriter> index(new IndexWriter(std::move(file), segment.base_offset));
  put_header(index->bytes_, segment);
  for (const IndexEntry& entry : entries) put_entry(index->bytes_, entry);
  TW_TRY(index->file_->resize(0));
  TW_TRY(index->file_->write_at(0, index->bytes_.view()));
  index->end_bytes_ = index->bytes_.size();
  index->tables_ = tables;
  TW_TRY(index->catch_up(files, folder, segment, from, mid_transaction, end_position));
  return index;
}

Status IndexWriter::catch_up(FileSystem& files, const std::string& folder,
                             const SegmentHeader& segment, const LogPlace& from,
                             bool mid_transaction, uint64_t end_position) {
  TW_ASSIGN(const auto file,
            files.open(join_path(folder, segment_name(segment.base_offset)), OpenMode::kRead));
  FrameWalk frames(*file, frame_seed(segment.incarnation), from, mid_transaction, end_position);
  for (;;) {
    const LogPlace before = frames.place();
    TW_ASSIGN(const auto frame, frames.next());
    if (!frame) return {};
    note(frame->header, before);
  }
}

void IndexWriter::note(const FrameHeader& header, const LogPlace& before) {
  const bool start = starts_transaction(header.kind) &&
                     (last_start_ == 0 || before.position >= last_start_ + kIndexEveryBytes);
  if (start || header.has_schemas()) {
    const auto flags = static_cast<uint8_t>((start ? IndexEntry::kStart : 0) |
                                            (header.has_schemas() ? IndexEntry::kSchemas : 0));
    pending_.push_back({before.position, header.base_offset, before.max_commit_ts_us, tables_,
                        before.chain, flags});
  }
  if (start) {
    last_start_ = before.position;
    tables_ = 0;
  }
  tables_ |= header.tables;
}

Status IndexWriter::publish(uint64_t limit, bool durable) {
  bytes_.clear();
  size_t count = 0;
  for (; count < pending_.size() && pending_[count].position < limit; ++count) {
    if (durable) pending_[count].flags |= IndexEntry::kDurable;
    put_entry(bytes_, pending_[count]);
  }
  if (count == 0) return {};
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(count));
  TW_TRY(file_->write_at(end_bytes_, bytes_.view()));
  end_bytes_ += bytes_.size();
  return {};
}

}  // namespace tailwater::changelog
