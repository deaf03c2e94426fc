#include "source/mysql/schema/schema_history.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/cursor.h"

namespace tailwater::mysql {
namespace {

// A file is followed by another when it has grown by so much, and by more than its catalog takes.
constexpr uint64_t kFileGrowthMin = 1 << 20;

void put_position(const Position& position, ByteBuffer& out) {
  ByteBuffer form;
  encode_position(position, form);
  out.put_sized(as_text(form.view()));
}

// Reads a record's fields; whatever is wrong marks the cursor as failed.
class RecordReader {
 public:
  explicit RecordReader(Bytes body) : cursor_(body) {}

  [[nodiscard]] bool whole() const { return cursor_.ok() && cursor_.at_end(); }
  std::string text() { return std::string(cursor_.sized_text()); }
  TableName name() {
    std::string database = text();
    return {std::move(database), text()};
  }
  uint32_t number() { return cursor_.le<uint32_t>(); }
  uint64_t large_number() { return cursor_.le<uint64_t>(); }
  uint8_t byte() { return cursor_.u8(); }
  Bytes rest() { return cursor_.take(cursor_.remaining()); }
  [[nodiscard]] bool ok() const { return cursor_.ok(); }

  Position position() {
    auto position = decode_position(as_bytes(cursor_.sized_text()));
    if (position.has_value()) return *std::move(position);
    cursor_.mark_failed();
    return {};
  }

 private:
  Cursor cursor_;
};

struct CatalogRecord {
  Position position;
  Position read_end;
  std::set<TableName> read;
  uint32_t schema_file_crc = 0;
  Bytes catalog;
};

CatalogRecord read_catalog_record(RecordReader& reader) {
  CatalogRecord record;
  record.position = reader.position();
  record.schema_file_crc = reader.number();
  const uint32_t read = reader.number();
  if (read != 0) record.read_end = reader.position();
  for (uint32_t i = 0; i < read && reader.ok(); ++i) record.read.insert(reader.name());
  record.catalog = reader.rest();
  return record;
}

void put_statement(const StatementInBinlog& statement, ByteBuffer& out) {
  const DdlSession& session = statement.session;
  out.put_sized(statement.place.gtid);
  out.put_sized(statement.place.server);
  out.put_sized(statement.place.after.file);
  out.put<uint64_t>(statement.place.after.pos);
  out.put<uint8_t>(session.dialect.is_mariadb() ? 1 : 0);
  out.put<uint32_t>(static_cast<uint32_t>(session.dialect.version_number()));
  out.put<uint64_t>(session.dialect.sql_mode);
  out.put<uint8_t>(session.explicit_defaults_for_timestamp ? 1 : 0);
  out.put_sized(session.default_database);
  out.put_sized(session.server_charset);
  out.put_sized(statement.text);
}

// `text` is what the statement's view borrows from.
StatementInBinlog read_statement(RecordReader& reader, std::string& text) {
  constexpr uint32_t kMajor = 10'000;
  constexpr uint32_t kMinor = 100;
  StatementInBinlog statement;
  statement.place.gtid = reader.text();
  statement.place.server = reader.text();
  statement.place.after.file = reader.text();
  statement.place.after.pos = reader.large_number();
  DdlSession& session = statement.session;
  session.dialect.flavor = reader.byte() != 0 ? Flavor::kMariadb : Flavor::kMysql;
  const uint32_t version = reader.number();
  session.dialect.version = {version / kMajor, version / kMinor % kMinor, version % kMinor};
  session.dialect.sql_mode = reader.large_number();
  session.explicit_defaults_for_timestamp = reader.byte() != 0;
  session.default_database = reader.text();
  session.server_charset = reader.text();
  text = reader.text();
  statement.text = text;
  return statement;
}

// Where a record after the first one belongs: whether a stream at the position has passed it.
bool has_passed(const JournalRecord& record, const Passed& passed) {
  RecordReader reader(record.body);
  if (record.kind != JournalRecordKind::kStatement) return passed.passed(reader.position());
  std::string text;
  return passed.passed(read_statement(reader, text).place);
}

}  // namespace

TableName SchemaHistory::key_of(std::string_view database, std::string_view table) const {
  return catalog_.key_of({std::string(database), std::string(table)});
}

bool SchemaHistory::was_read(std::string_view database, std::string_view table) const {
  return !read_.empty() && read_.contains(key_of(database, table));
}

void SchemaHistory::confirm_read(std::string_view database, std::string_view table) {
  read_.erase(key_of(database, table));
}

Result<bool> SchemaHistory::go_to(const Position& position, bool followed) {
  if (folder_.empty()) return false;
  TW_ASSIGN(const Passed passed, Passed::make(position));
  TW_ASSIGN(const auto numbers, journal_.list());
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    TW_ASSIGN(const JournalFile file, journal_.read(*number));
    RecordReader head(file.records.front().body);
    const Position start = head.position();
    if (!passed.passed(start)) continue;
    size_t count = 1;
    while (count < file.records.size() && has_passed(file.records[count], passed)) ++count;
    const bool goes_on = count < file.records.size() || number != numbers.rbegin();
    if (!followed && !goes_on) {
      TW_ASSIGN(const bool there, ends_at(file, position));
      if (!there) return false;
    }
    TW_TRY(load(file, count));
    const uint64_t end = count < file.records.size() ? file.records[count].offset : file.end;
    if (!read_only_) TW_TRY(journal_.resume(file, end));
    writing_ = !read_only_;
    return true;
  }
  return false;
}

// Whether the last that is stored says that all up to this very position was followed.
Result<bool> SchemaHistory::ends_at(const JournalFile& file, const Position& position) {
  const JournalRecord& last = file.records.back();
  if (last.kind == JournalRecordKind::kStatement) return false;
  if (last.kind != JournalRecordKind::kFollowed) return false;
  RecordReader reader(last.body);
  TW_ASSIGN(const Passed end, Passed::make(reader.position()));
  return end.passed(position);
}

Status SchemaHistory::load(const JournalFile& file, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const JournalRecord& record = file.records[i];
    Status replayed = replay(record);
    if (replayed.has_value()) continue;
    return fail(std::move(replayed).error().at(
        fmt::format("{}, file {}, byte {}", folder_, file.number, record.offset)));
  }
  catalog_bytes_ = file.records.front().body.size();
  return {};
}

Status SchemaHistory::replay(const JournalRecord& record) {
  RecordReader reader(record.body);
  const auto damaged = [] {
    return fail(ErrorKind::kCorrupt, "a record of the schema history is damaged",
                "move the folder away: the tables are then read from the server again");
  };
  switch (record.kind) {
    case JournalRecordKind::kCatalog: {
      CatalogRecord head = read_catalog_record(reader);
      if (!reader.whole()) return damaged();
      TW_ASSIGN(catalog_, SchemaCatalog::decode(head.catalog));
      read_ = std::move(head.read);
      read_end_ = std::move(head.read_end);
      schema_file_crc_ = head.schema_file_crc;
      return {};
    }
    case JournalRecordKind::kStatement: {
      std::string text;
      const StatementInBinlog statement = read_statement(reader, text);
      if (!reader.whole()) return damaged();
      note_changes(catalog_.apply(statement.text, statement.session));
      return {};
    }
    case JournalRecordKind::kTable:
    case JournalRecordKind::kSchemaFile: {
      CatalogRecord tables = read_catalog_record(reader);
      if (!reader.whole()) return damaged();
      TW_ASSIGN(const SchemaCatalog some, SchemaCatalog::decode(tables.catalog));
      take_tables(some, record.kind == JournalRecordKind::kTable);
      if (!tables.read.empty()) read_end_ = std::move(tables.read_end);
      if (tables.schema_file_crc != 0) schema_file_crc_ = tables.schema_file_crc;
      return {};
    }
    case JournalRecordKind::kFollowed:
      return {};
  }
  return damaged();
}

void SchemaHistory::take_tables(const SchemaCatalog& tables, bool read) {
  for (const auto& [name, table] : tables.tables()) {
    catalog_.put_table(name, table);
    if (read) {
      read_.insert(catalog_.key_of(name));
    } else {
      read_.erase(catalog_.key_of(name));
    }
  }
}

Result<std::optional<SchemaCatalog>> SchemaHistory::read_at(FileSystem& files,
                                                            const std::string& folder,
                                                            const Position& position) {
  SchemaHistory history(files, folder);
  history.read_only_ = true;
  TW_ASSIGN(const bool there, history.go_to(position, false));
  if (!there) return std::optional<SchemaCatalog>();
  return std::optional(std::move(history.catalog_));
}

Result<std::optional<SchemaCatalog>> SchemaHistory::read_end(FileSystem& files,
                                                             const std::string& folder) {
  SchemaHistory history(files, folder);
  TW_ASSIGN(const auto numbers, history.journal_.list());
  if (numbers.empty()) return std::optional<SchemaCatalog>();
  TW_ASSIGN(const JournalFile file, history.journal_.read(numbers.back()));
  TW_TRY(history.load(file, file.records.size()));
  return std::optional(std::move(history.catalog_));
}

Status SchemaHistory::begin(const Position& position, ReadTables tables, bool is_true) {
  catalog_ = std::move(tables.catalog);
  read_end_ = std::move(tables.end);
  read_.clear();
  if (!is_true) {
    for (const auto& [name, table] : catalog_.tables()) read_.insert(name);
  }
  schema_file_crc_ = 0;
  return begin_file(position);
}

Status SchemaHistory::begin_file(const Position& position) {
  if (folder_.empty()) return {};
  ByteBuffer body;
  put_position(position, body);
  body.put<uint32_t>(schema_file_crc_);
  body.put<uint32_t>(static_cast<uint32_t>(read_.size()));
  if (!read_.empty()) put_position(read_end_, body);
  for (const TableName& name : read_) {
    body.put_sized(name.database);
    body.put_sized(name.table);
  }
  catalog_.encode(body);
  TW_TRY(journal_.begin(body.view()));
  writing_ = true;
  catalog_bytes_ = body.size();
  return {};
}

Result<std::vector<SchemaChange>> SchemaHistory::apply(const StatementInBinlog& statement,
                                                       const SchemaStatement& parsed,
                                                       const Position& before) {
  TW_TRY(roll(before));
  auto changes = catalog_.apply(parsed, statement.session);
  if (changes.empty()) return changes;
  note_changes(changes);
  ByteBuffer body;
  put_statement(statement, body);
  TW_TRY(append(JournalRecordKind::kStatement, body));
  return changes;
}

void SchemaHistory::note_changes(const std::vector<SchemaChange>& changes) {
  using Kind = SchemaChange::Kind;
  for (const SchemaChange& change : changes) {
    if (change.kind == Kind::kCreated || change.kind == Kind::kDropped) read_.erase(change.name);
    if (change.kind != Kind::kRenamed) continue;
    if (read_.erase(change.old_name) != 0) {
      read_.insert(change.name);
    } else {
      read_.erase(change.name);
    }
  }
}

Status SchemaHistory::put_tables(JournalRecordKind kind, const Position& at,
                                 const SchemaCatalog& tables, uint32_t file_crc) {
  take_tables(tables, kind == JournalRecordKind::kTable);
  ByteBuffer body;
  put_position(at, body);
  body.put<uint32_t>(file_crc);
  // The names are in the catalog; that there are any says that the end of reading follows.
  const bool read = kind == JournalRecordKind::kTable;
  body.put<uint32_t>(read ? 1 : 0);
  if (read) {
    put_position(read_end_, body);
    const TableName& first = tables.tables().begin()->first;
    body.put_sized(first.database);
    body.put_sized(first.table);
  }
  tables.encode(body);
  return append(kind, body);
}

Status SchemaHistory::put_read_table(const Position& at, const TableName& name,
                                     const TrackedTable& table, const Position& end) {
  SchemaCatalog one(catalog_.name_case());
  one.put_table(name, table);
  read_end_ = end;
  return put_tables(JournalRecordKind::kTable, at, one, 0);
}

Status SchemaHistory::put_given_tables(const Position& at, const SchemaCatalog& tables,
                                       uint32_t file_crc) {
  schema_file_crc_ = file_crc;
  return put_tables(JournalRecordKind::kSchemaFile, at, tables, file_crc);
}

Status SchemaHistory::note_followed(const Position& position) {
  ByteBuffer body;
  put_position(position, body);
  return append(JournalRecordKind::kFollowed, body);
}

Status SchemaHistory::append(JournalRecordKind kind, const ByteBuffer& body) {
  return writing_ ? journal_.append(kind, body.view()) : Status{};
}

// A new file when replaying this one would take much longer than reading the tables at once.
Status SchemaHistory::roll(const Position& position) {
  if (!writing_) return {};
  if (journal_.file_bytes() < catalog_bytes_ + std::max(kFileGrowthMin, catalog_bytes_)) return {};
  return begin_file(position);
}

}  // namespace tailwater::mysql
