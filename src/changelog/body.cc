#include "changelog/body.h"

namespace tailwater::changelog {
namespace {

constexpr size_t kCommitRelAt = kRecordHeaderBytes;
constexpr size_t kRowsCountAt = kRecordHeaderBytes + 4;

tl::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorKind::kCorrupt, "a " + std::string(what) + " record is damaged");
}

}  // namespace

unsigned images_of(Op op) {
  switch (op) {
    case Op::kInsert:
    case Op::kDelete:
    case Op::kRead:
      return 1;
    case Op::kUpdate:
      return 2;
    case Op::kTruncate:
    case Op::kSchemaChange:
    case Op::kReadStart:
    case Op::kReadEnd:
    case Op::kStatement:
      return 0;
  }
  return 0;
}

size_t open_record(ByteBuffer& body, RecordType type, Op op) {
  const size_t at = body.size();
  uint8_t* header = body.extend(kRecordHeaderBytes);
  store<uint64_t>(header, 0);
  header[4] = static_cast<uint8_t>(type);
  header[5] = static_cast<uint8_t>(op);
  return at;
}

void close_record(ByteBuffer& body, size_t at) {
  store<uint32_t>(body.data() + at, static_cast<uint32_t>(body.size() - at - kRecordHeaderBytes));
}

void put_begin(ByteBuffer& body, const TransactionStart& start) {
  const size_t at = open_record(body, RecordType::kBegin);
  body.put<uint32_t>(0);
  body.put<uint32_t>(start.server_id);
  body.put<uint64_t>(start.start_pos);
  body.put<uint64_t>(start.thread_id);
  body.put<int64_t>(start.ts_us);
  body.put_sized(start.gtid);
  body.put_sized(start.file);
  if (!start.audience.empty()) body.put_sized(start.audience);
  close_record(body, at);
}

void set_commit_rel(ByteBuffer& body, size_t begin_at, size_t commit_at) {
  store<uint32_t>(body.data() + begin_at + kCommitRelAt,
                  static_cast<uint32_t>(commit_at - begin_at));
}

size_t put_commit(ByteBuffer& body, const CommitRecord& commit) {
  const size_t at = open_record(body, RecordType::kCommit);
  body.put<uint64_t>(commit.end_pos);
  body.put<uint64_t>(commit.id);
  body.put<uint64_t>(commit.thread_id);
  body.put<int64_t>(commit.commit_ts_us);
  body.put<uint64_t>(commit.changes);
  close_record(body, at);
  return at;
}

size_t open_rows(ByteBuffer& body, const RowsHeader& header, SchemaId schema) {
  const size_t at = open_record(body, RecordType::kRows, header.op);
  body.put<uint32_t>(static_cast<uint32_t>(schema));
  body.put<uint32_t>(0);
  body.put<uint64_t>(header.source_pos);
  body.put<int64_t>(header.ts_us);
  body.put<uint64_t>(header.first_ordinal);
  body.put<uint32_t>(header.first_source_row);
  return at;
}

void close_rows(ByteBuffer& body, size_t at, uint32_t count) {
  store<uint32_t>(body.data() + at + kRowsCountAt, count);
  close_record(body, at);
}

void put_statement(ByteBuffer& body, const RowsHeader& header, std::string_view database,
                   std::string_view statement) {
  const size_t at = open_record(body, RecordType::kStatement, header.op);
  body.put<uint64_t>(header.source_pos);
  body.put<int64_t>(header.ts_us);
  body.put<uint64_t>(header.first_ordinal);
  body.put<uint32_t>(header.first_source_row);
  body.put_sized(database);
  body.put_sized(statement);
  close_record(body, at);
}

void put_advance(ByteBuffer& body, std::string_view file, uint64_t end_pos, int64_t ts_us) {
  const size_t at = open_record(body, RecordType::kAdvance);
  body.put<uint64_t>(end_pos);
  body.put<int64_t>(ts_us);
  body.put_sized(file);
  close_record(body, at);
}

void put_schema(ByteBuffer& body, const Schema& schema) {
  const size_t at = open_record(body, RecordType::kSchema);
  body.put<uint32_t>(static_cast<uint32_t>(schema.id()));
  encode_schema(schema.table(), body);
  close_record(body, at);
}

Result<RecordView> BodyCursor::peek(size_t at) const {
  Cursor cursor(at <= body_.size() ? body_.subspan(at) : Bytes{});
  const auto bytes = cursor.le<uint32_t>();
  const uint8_t type = cursor.u8();
  const uint8_t op = cursor.u8();
  cursor.skip(2);
  const Bytes payload = cursor.take(bytes);
  if (!cursor.ok()) return damaged("cut-off");
  return RecordView{static_cast<RecordType>(type), static_cast<Op>(op), at, payload};
}

Result<RecordView> BodyCursor::next() {
  TW_ASSIGN(const RecordView record, peek(at_));
  at_ += kRecordHeaderBytes + record.payload.size();
  return record;
}

Result<BeginRecord> parse_begin(const RecordView& record) {
  Cursor cursor(record.payload);
  BeginRecord begin;
  begin.commit_rel = cursor.le<uint32_t>();
  begin.server_id = cursor.le<uint32_t>();
  begin.start_pos = cursor.le<uint64_t>();
  begin.thread_id = cursor.le<uint64_t>();
  begin.ts_us = cursor.le<int64_t>();
  begin.gtid = cursor.sized_text();
  begin.file = cursor.sized_text();
  if (!cursor.at_end()) begin.audience = cursor.sized_text();
  if (!cursor.ok() || record.type != RecordType::kBegin) return damaged("begin");
  return begin;
}

Result<CommitRecord> parse_commit(const RecordView& record) {
  Cursor cursor(record.payload);
  CommitRecord commit;
  commit.end_pos = cursor.le<uint64_t>();
  commit.id = cursor.le<uint64_t>();
  commit.thread_id = cursor.le<uint64_t>();
  commit.commit_ts_us = cursor.le<int64_t>();
  commit.changes = cursor.le<uint64_t>();
  if (!cursor.ok() || record.type != RecordType::kCommit) return damaged("commit");
  return commit;
}

Result<RowsRecord> parse_rows(const RecordView& record) {
  Cursor cursor(record.payload);
  RowsRecord rows;
  rows.schema_id = cursor.le<uint32_t>();
  rows.count = cursor.le<uint32_t>();
  rows.source_pos = cursor.le<uint64_t>();
  rows.ts_us = cursor.le<int64_t>();
  rows.first_ordinal = cursor.le<uint64_t>();
  rows.first_source_row = cursor.le<uint32_t>();
  rows.images = cursor.rest();
  if (!cursor.ok() || record.type != RecordType::kRows) return damaged("rows");
  return rows;
}

Result<StatementRecord> parse_statement(const RecordView& record) {
  Cursor cursor(record.payload);
  StatementRecord statement;
  statement.source_pos = cursor.le<uint64_t>();
  statement.ts_us = cursor.le<int64_t>();
  statement.ordinal = cursor.le<uint64_t>();
  statement.source_row = cursor.le<uint32_t>();
  statement.database = cursor.sized_text();
  statement.statement = cursor.sized_text();
  if (!cursor.ok() || record.type != RecordType::kStatement) return damaged("statement");
  return statement;
}

Result<AdvanceRecord> parse_advance(const RecordView& record) {
  Cursor cursor(record.payload);
  AdvanceRecord advance;
  advance.end_pos = cursor.le<uint64_t>();
  advance.ts_us = cursor.le<int64_t>();
  advance.file = cursor.sized_text();
  if (!cursor.ok() || record.type != RecordType::kAdvance) return damaged("advance");
  return advance;
}

Result<std::vector<uint64_t>> parse_spools(const RecordView& record) {
  std::vector<uint64_t> numbers;
  Cursor cursor(record.payload);
  while (cursor.ok() && !cursor.at_end()) numbers.push_back(cursor.le<uint64_t>());
  if (!cursor.ok() || record.type != RecordType::kSpools) return damaged("spools");
  return numbers;
}

Result<SchemaPtr> parse_schema(const RecordView& record) {
  Cursor cursor(record.payload);
  const auto id = cursor.le<uint32_t>();
  if (!cursor.ok() || record.type != RecordType::kSchema || id == 0) return damaged("schema");
  TW_ASSIGN(TableSchema table, decode_schema(cursor.rest()));
  return std::make_shared<const Schema>(SchemaId{id}, std::move(table));
}

Result<BodyEnd> find_end(Bytes body) {
  BodyEnd end;
  bool found = false;
  for (BodyCursor records(body); !records.at_end();) {
    TW_ASSIGN(const RecordView record, records.next());
    if (record.type == RecordType::kCommit) {
      TW_ASSIGN(end.commit, parse_commit(record));
    }
    if (record.type == RecordType::kPosition) {
      end.position = record.payload;
      found = true;
    }
    if (record.type == RecordType::kState) end.state = record.payload;
    if (record.type == RecordType::kSpools) {
      TW_ASSIGN(end.spools, parse_spools(record));
    }
  }
  if (!found) return fail(ErrorKind::kCorrupt, "a frame has no position");
  return end;
}

}  // namespace tailwater::changelog
