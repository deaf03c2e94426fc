// Bodies: the records inside a frame. The bytes are docs/changelog_format.md, "Records".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/result.h"
#include "changelog/writer.h"
#include "model/change.h"

namespace tailwater::changelog {

/// The numbers are stored: never renumber, only add.
enum class RecordType : uint8_t {
  kSchema = 1,
  kBegin = 2,
  kRows = 3,
  kStatement = 4,
  kCommit = 5,
  kAdvance = 6,
  kPosition = 7,
  kState = 8,
  kSpools = 9,
};

/// u32 payload length, u8 type, u8 op, u16 zero.
inline constexpr size_t kRecordHeaderBytes = 8;

/// A record in place.
struct RecordView {
  RecordType type = RecordType::kSchema;
  Op op = Op::kInsert;
  size_t at = 0;  ///< where its header starts in the body
  Bytes payload = {};
};

struct BeginRecord {
  uint32_t commit_rel = 0;  ///< from this record's header to its commit's; 0: in a later frame
  uint32_t server_id = 0;
  uint64_t start_pos = 0;
  uint64_t thread_id = 0;
  int64_t ts_us = 0;
  std::string_view gtid = {};
  std::string_view file = {};
  std::string_view audience = {};
};

struct CommitRecord {
  uint64_t end_pos = 0;
  uint64_t id = 0;
  uint64_t thread_id = 0;
  int64_t commit_ts_us = 0;
  uint64_t changes = 0;
};

struct RowsRecord {
  uint32_t schema_id = 0;
  uint32_t count = 0;
  uint64_t source_pos = 0;
  int64_t ts_us = 0;
  uint64_t first_ordinal = 0;
  uint32_t first_source_row = 0;
  Bytes images = {};  ///< per change: u32 length and row, once or (update) twice
};

struct StatementRecord {
  uint64_t source_pos = 0;
  int64_t ts_us = 0;
  uint64_t ordinal = 0;
  uint32_t source_row = 0;
  std::string_view database = {};
  std::string_view statement = {};
};

struct AdvanceRecord {
  uint64_t end_pos = 0;
  int64_t ts_us = 0;
  std::string_view file = {};
};

/// How many row images a change of this operation has: 0, 1 or 2.
unsigned images_of(Op op);

/// Appends a record header for a payload that follows; `close_record` sets its length.
size_t open_record(ByteBuffer& body, RecordType type, Op op = Op{});
void close_record(ByteBuffer& body, size_t at);

void put_begin(ByteBuffer& body, const TransactionStart& start);
/// Sets where the commit of the begin record at `begin_at` is.
void set_commit_rel(ByteBuffer& body, size_t begin_at, size_t commit_at);
/// Returns where the record starts.
size_t put_commit(ByteBuffer& body, const CommitRecord& commit);
/// Opens a rows record: images follow, then `close_rows`.
size_t open_rows(ByteBuffer& body, const RowsHeader& header, SchemaId schema);
void close_rows(ByteBuffer& body, size_t at, uint32_t count);
void put_statement(ByteBuffer& body, const RowsHeader& header, std::string_view database,
                   std::string_view statement);
void put_advance(ByteBuffer& body, std::string_view file, uint64_t end_pos, int64_t ts_us);
void put_schema(ByteBuffer& body, const Schema& schema);

/// Reads records one after the other.
class BodyCursor {
 public:
  BodyCursor() = default;
  explicit BodyCursor(Bytes body) : body_(body) {}
  [[nodiscard]] bool at_end() const { return at_ >= body_.size(); }
  /// Where the next record starts.
  [[nodiscard]] size_t at() const { return at_; }
  /// The next record; kCorrupt when it does not fit.
  Result<RecordView> next();
  /// The record that starts at `at`.
  [[nodiscard]] Result<RecordView> peek(size_t at) const;

 private:
  Bytes body_;
  size_t at_ = 0;
};

Result<BeginRecord> parse_begin(const RecordView& record);
Result<CommitRecord> parse_commit(const RecordView& record);
Result<RowsRecord> parse_rows(const RecordView& record);
Result<StatementRecord> parse_statement(const RecordView& record);
Result<AdvanceRecord> parse_advance(const RecordView& record);
/// The numbers of spools.
Result<std::vector<uint64_t>> parse_spools(const RecordView& record);
/// A declared schema, with its layout.
Result<SchemaPtr> parse_schema(const RecordView& record);

/// What a frame that ends outside of a transaction says last.
struct BodyEnd {
  Bytes position = {};                      ///< the encoded source position
  Bytes state = {};                         ///< what the source keeps beside it
  std::vector<uint64_t> spools = {};        ///< of the transactions that are prepared
  std::optional<CommitRecord> commit = {};  ///< the last commit in the frame
};
Result<BodyEnd> find_end(Bytes body);

}  // namespace tailwater::changelog
