#include "changelog/schema_registry.h"

#include <algorithm>

#include "changelog/body.h"
#include "changelog/codec.h"
#include "changelog/frame_input.h"
#include "changelog/index.h"

namespace tailwater::changelog {
namespace {

// Reads the schemas of a segment, with its index where there is one.
class SchemaLoad {
 public:
  SchemaLoad(File& file, const SegmentHeader& segment, uint64_t end)
      : file_(file), segment_(segment), end_(end) {}

  Result<std::vector<SchemaPtr>> run(const std::vector<IndexEntry>& entries) {
    LogPlace from = start_of(segment_);
    bool mid_transaction = segment_.mid_transaction();
    for (const IndexEntry& entry : entries) {
      if (entry.position >= end_ || !entry.is_start()) continue;
      from = place_of(segment_, entry);
      mid_transaction = false;
    }
    for (const IndexEntry& entry : entries) {
      if (entry.has_schemas() && entry.position < from.position) TW_TRY(take_frame(entry));
    }
    FrameWalk frames(file_, frame_seed(segment_.incarnation), from, mid_transaction, end_);
    for (;;) {
      TW_ASSIGN(const auto frame, frames.next());
      if (!frame) break;
      TW_TRY(take(*frame));
    }
    return std::move(schemas_);
  }

 private:
  Status take_frame(const IndexEntry& entry) {
    for (const bool mid_transaction : {false, true}) {
      FrameWalk frames(file_, frame_seed(segment_.incarnation), place_of(segment_, entry),
                       mid_transaction, end_);
      TW_ASSIGN(const auto frame, frames.next());
      if (frame) return take(*frame);
    }
    return fail(Error{ErrorKind::kCorrupt, "a frame that declares schemas is damaged",
                      place_of(segment_, entry).describe(), "mend it with `tailwater log repair`"});
  }

  Status take(const FrameWalk::Frame& frame) {
    if (!frame.header.has_schemas()) return {};
    Bytes body = frame.body;
    if (frame.header.codec != Compression::kNone) {
      TW_TRY(codec_.decompress(frame.header.codec, body, frame.header.raw_bytes, body_));
      body = body_.view();
    }
    for (BodyCursor records(body); !records.at_end();) {
      TW_ASSIGN(const RecordView record, records.next());
      if (record.type != RecordType::kSchema) break;  // declarations come first
      TW_ASSIGN(SchemaPtr schema, parse_schema(record));
      schemas_.push_back(std::move(schema));
    }
    return {};
  }

  File& file_;
  const SegmentHeader& segment_;
  uint64_t end_;
  Codec codec_;
  ByteBuffer body_;
  std::vector<SchemaPtr> schemas_;
};

std::string stored_form(const TableSchema& table) {
  ByteBuffer bytes;
  encode_schema(table, bytes);
  return std::string(as_text(bytes.view()));
}

}  // namespace

Result<std::vector<SchemaPtr>> load_schemas(FileSystem& files, const std::string& folder,
                                            const SegmentHeader& segment, uint64_t end) {
  TW_ASSIGN(const auto file,
            files.open(join_path(folder, segment_name(segment.base_offset)), OpenMode::kRead));
  return load_schemas(*file, load_index(files, folder, segment), segment, end);
}

Result<std::vector<SchemaPtr>> load_schemas(File& file, const std::vector<IndexEntry>& index,
                                            const SegmentHeader& segment, uint64_t end) {
  return SchemaLoad(file, segment, end).run(index);
}

Result<SchemaRegistry> SchemaRegistry::open(FileSystem& files, const std::string& folder,
                                            std::vector<SegmentHeader> older,
                                            const SegmentHeader* newest, uint64_t newest_end,
                                            uint32_t next_id) {
  SchemaRegistry registry(files, folder);
  registry.older_ = std::move(older);
  registry.next_id_ = next_id;
  if (newest == nullptr) return registry;
  TW_ASSIGN(const auto schemas, load_schemas(files, folder, *newest, newest_end));
  for (const SchemaPtr& schema : schemas) registry.add(schema);
  return registry;
}

void SchemaRegistry::add(const SchemaPtr& schema) {
  const auto id = static_cast<uint32_t>(schema->id());
  next_id_ = std::max(next_id_, id + 1);
  const TableSchema& table = schema->table();
  if (!ids_.emplace(stored_form(table), id).second) return;
  entries_.emplace(id, Entry{schema, table_bits(table.database, table.table)});
}

// Newest first, so that the newest number wins should a damaged past have given two.
Status SchemaRegistry::load_older() {
  while (!older_.empty()) {
    const SegmentHeader segment = older_.back();
    older_.pop_back();
    auto schemas = load_schemas(*files_, folder_, segment, UINT64_MAX);
    if (!schemas.has_value() && schemas.error().kind == ErrorKind::kNotFound)
      continue;  // retention
    TW_ASSIGN(const auto loaded, std::move(schemas));
    for (const SchemaPtr& schema : loaded) add(schema);
  }
  return {};
}

Result<SchemaPtr> SchemaRegistry::intern(const TableSchema& table) {
  std::string form = stored_form(table);
  auto found = ids_.find(form);
  if (found == ids_.end() && !older_.empty()) {
    TW_TRY(load_older());
    found = ids_.find(form);
  }
  if (found != ids_.end()) return entries_.at(found->second).schema;
  auto schema = std::make_shared<const Schema>(SchemaId{next_id_}, table);
  add(schema);
  return schema;
}

SchemaRegistry::Entry* SchemaRegistry::find(const Schema& schema) {
  const auto found = entries_.find(static_cast<uint32_t>(schema.id()));
  if (found == entries_.end()) return nullptr;
  return &found->second;
}

void SchemaRegistry::forget_declarations() {
  for (auto& [id, entry] : entries_) entry.declared_in = 0;
}

}  // namespace tailwater::changelog
