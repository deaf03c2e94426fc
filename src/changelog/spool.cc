#include "changelog/spool.h"

#include <array>

#include <fmt/format.h>

#include "base/crc32c.h"
#include "changelog/body.h"
#include "changelog/frame.h"
#include "changelog/spool_file.h"

namespace tailwater::changelog {
namespace {

tl::unexpected<Error> misuse(std::string_view what) {
  return fail(ErrorKind::kBug, fmt::format("a spool was used wrongly: {}", what));
}

}  // namespace

Spool::Spool(SpoolPlace place, size_t block_bytes, int64_t now_us)
    : place_(std::move(place)), now_us_(now_us) {
  info_.number = place_.number;
  buffer_ = &block_;
  split_bytes_ = block_bytes;
}

Spool::~Spool() {
  if (file_ == nullptr || sealed_) return;
  file_.reset();
  (void)place_.files->remove(place_.path());  // else the next open of the log does it
}

Status Spool::start_rows(const RowsHeader& header, const SchemaPtr& schema) {
  if (sealed_ || run_open_) return misuse("rows outside of a transaction");
  TW_ASSIGN(run_schema_, declare(schema));
  run_header_ = header;
  open_run();
  return {};
}

// The number of a schema in this spool.
Result<uint32_t> Spool::declare(const SchemaPtr& schema) {
  for (size_t i = schemas_.size(); i > 0; --i) {
    if (schemas_[i - 1] == schema) return static_cast<uint32_t>(i);
  }
  schemas_.push_back(schema);
  const auto number = static_cast<uint32_t>(schemas_.size());
  const size_t at = open_record(block_, RecordType::kSchema);
  block_.put<uint32_t>(number);
  encode_schema(schema->table(), block_);
  close_record(block_, at);
  return number;
}

void Spool::open_run() {
  run_open_ = true;
  run_at_ = open_rows(block_, run_header_, SchemaId{run_schema_});
  run_changes_ = 0;
}

void Spool::close_run() {
  run_open_ = false;
  if (run_changes_ == 0) {
    block_.truncate(run_at_);
    return;
  }
  close_rows(block_, run_at_, run_changes_);
  block_changes_ += run_changes_;
  info_.changes += run_changes_;
  run_header_.first_ordinal += run_changes_;
  run_header_.first_source_row += run_changes_;
  run_changes_ = 0;
}

Status Spool::end_rows() {
  if (!run_open_) return misuse("rows end that never started");
  close_run();
  return {};
}

Status Spool::split() {
  const bool in_run = run_open_;
  if (in_run) close_run();
  TW_TRY(flush_block());
  if (in_run) open_run();
  return {};
}

Status Spool::add_statement(const RowsHeader& header, std::string_view database,
                            std::string_view statement) {
  if (sealed_ || run_open_) return misuse("a statement outside of a transaction");
  put_statement(block_, header, database, statement);
  ++block_changes_;
  ++info_.changes;
  return block_.size() >= split_bytes_ ? split() : Status();
}

Status Spool::make_file() {
  if (file_ != nullptr) return {};
  // A file of this name is of a writer that died, and nothing refers to it.
  TW_ASSIGN(file_, place_.files->open(place_.path(), OpenMode::kCreate));
  TW_TRY(file_->resize(0));
  const SpoolHeader header = encode_spool_header(place_.incarnation, place_.number, now_us_);
  TW_TRY(file_->write_at(0, Bytes(header.bytes)));
  header_crc_ = chain_ = header.crc;
  end_ = kSpoolHeaderBytes;
  return {};
}

Status Spool::write_block(uint32_t kind, Bytes body) {
  if (body.size() > kFrameRawBytesMax) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("a change of {} bytes is too large for a spool", body.size()));
  }
  TW_TRY(make_file());
  const SpoolBlockHeader header = encode_spool_block(chain_, kind, block_changes_, body);
  const std::array<Bytes, 2> pieces = {Bytes(header.bytes), body};
  TW_TRY(file_->write_at(end_, pieces));
  chain_ = header.crc;
  end_ += kSpoolBlockHeaderBytes + body.size();
  return {};
}

Status Spool::flush_block() {
  if (block_.empty()) return {};
  TW_TRY(write_block(kSpoolChanges, block_.view()));
  block_.clear();
  block_changes_ = 0;
  return {};
}

Result<uint64_t> Spool::mark() {
  if (sealed_ || run_open_) return misuse("a mark outside of a transaction");
  TW_TRY(flush_block());
  TW_TRY(make_file());
  marks_.push_back({end_, chain_, info_.changes, schemas_.size()});
  return marks_.size() - 1;
}

Status Spool::rewind(uint64_t mark) {
  if (sealed_ || run_open_ || mark >= marks_.size()) return misuse("no such mark");
  marks_.resize(mark + 1);
  const Mark& to = marks_[mark];
  TW_TRY(file_->resize(to.end));
  end_ = to.end;
  chain_ = to.chain;
  info_.changes = to.changes;
  schemas_.resize(to.schemas);
  block_.clear();
  block_changes_ = 0;
  return {};
}

Status Spool::seal(const SpoolInfo& info) {
  if (sealed_ || run_open_) return misuse("a spool is sealed inside a transaction");
  TW_TRY(flush_block());
  TW_TRY(make_file());
  const uint64_t changes = info_.changes;
  info_ = info;
  info_.number = place_.number;
  info_.changes = changes;
  ByteBuffer end;
  put_spool_end(end, info_);
  const uint64_t blocks_end = end_;
  const uint32_t blocks_chain = chain_;
  TW_TRY(write_block(kSpoolEnd, end.view()));
  const SpoolTrailer trailer = encode_spool_trailer(header_crc_, blocks_end, blocks_chain);
  TW_TRY(file_->write_at(end_, Bytes(trailer)));
  info_.bytes = end_ + trailer.size();
  end_ = blocks_end;
  chain_ = blocks_chain;
  sealed_ = true;
  block_.shrink(0);
  schemas_.clear();
  marks_.clear();
  return {};
}

Result<std::unique_ptr<Spool>> Spool::load(SpoolPlace place) {
  auto spool = std::make_unique<Spool>(std::move(place), 0, 0);
  spool->sealed_ = true;
  TW_ASSIGN(const auto file, spool->place_.files->open(spool->place_.path(), OpenMode::kRead));
  TW_ASSIGN(const SpoolEnd end,
            read_spool_end(*file, spool->place_.incarnation, spool->place_.number));
  spool->info_ = end.info;
  spool->header_crc_ = end.header_crc;
  spool->end_ = end.blocks_end;
  spool->chain_ = end.blocks_chain;
  return spool;
}

Result<SpoolReader> SpoolReader::open(const Spool& spool, Interner intern) {
  if (spool.run_open_) return misuse("it is read while rows come");
  SpoolReader reader(spool, std::move(intern));
  reader.file_ = spool.file_;
  if (spool.sealed_ && reader.file_ == nullptr) {
    const SpoolPlace& place = spool.place_;
    auto file = place.files->open(place.path(), OpenMode::kRead);
    if (!file.has_value() && file.error().kind == ErrorKind::kNotFound) {
      return fail(damaged_spool(place.number, "its file is missing"));
    }
    TW_ASSIGN(reader.file_, std::move(file));
  }
  reader.at_ = kSpoolHeaderBytes;
  reader.chain_ = spool.header_crc_;
  return reader;
}

Error SpoolReader::damaged(std::string_view what) const {
  return damaged_spool(spool_->place_.number, what);
}

Result<std::optional<SpoolRun>> SpoolReader::next() {
  for (;;) {
    if (block_at_ >= block_.size()) {
      TW_ASSIGN(const bool more, next_block());
      if (!more) return std::nullopt;
    }
    BodyCursor records(block_.subspan(block_at_));
    TW_ASSIGN(const RecordView record, records.next());
    block_at_ += records.at();
    TW_ASSIGN(auto run, take(record));
    if (run) return run;
  }
}

// The blocks in the file, then what is still in memory.
Result<bool> SpoolReader::next_block() {
  block_at_ = 0;
  const uint64_t end = file_ == nullptr ? at_ : spool_->end_;
  if (at_ == end) {
    block_ = {};
    if (chain_ != spool_->chain_) return fail(damaged("its end does not follow its changes"));
    if (tail_taken_) return false;
    tail_taken_ = true;
    block_ = spool_->block_.view();
    return !block_.empty();
  }
  TW_ASSIGN(const uint64_t after,
            read_spool_block(*file_, spool_->place_.number, at_, end, chain_, body_));
  at_ = after;
  block_ = body_.view();
  return true;
}

Result<std::optional<SpoolRun>> SpoolReader::take(const RecordView& record) {
  if (record.type == RecordType::kSchema) {
    TW_ASSIGN(const SchemaPtr declared, parse_schema(record));
    if (static_cast<uint32_t>(declared->id()) != schemas_.size() + 1) {
      return fail(damaged("a schema has a wrong number"));
    }
    TW_ASSIGN(SchemaPtr schema, intern_(declared->table()));
    schemas_.push_back(std::move(schema));
    return std::nullopt;
  }
  SpoolRun run;
  if (record.type == RecordType::kStatement) {
    TW_ASSIGN(const StatementRecord statement, parse_statement(record));
    run.header = {record.op, statement.source_pos, statement.ts_us, statement.ordinal,
                  statement.source_row};
    run.count = 1;
    run.database = statement.database;
    run.statement = statement.statement;
    return run;
  }
  if (record.type != RecordType::kRows) return fail(damaged("a record of an unknown type"));
  TW_ASSIGN(const RowsRecord rows, parse_rows(record));
  if (rows.schema_id == 0 || rows.schema_id > schemas_.size()) {
    return fail(damaged("rows of a schema that it does not have"));
  }
  run.header = {record.op, rows.source_pos, rows.ts_us, rows.first_ordinal, rows.first_source_row};
  run.schema = schemas_[rows.schema_id - 1];
  run.count = rows.count;
  run.images = rows.images;
  return run;
}

Status append_run(ChangeWriter& to, const SpoolRun& run) {
  if (run.schema == nullptr) return to.add_statement(run.header, run.database, run.statement);
  TW_TRY(to.start_rows(run.header, run.schema));
  to.image_buffer().append(run.images);
  if (to.close_changes(run.count)) TW_TRY(to.split());
  return to.end_rows();
}

}  // namespace tailwater::changelog
