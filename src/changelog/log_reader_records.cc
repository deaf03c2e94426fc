// LogReader: from records to entries.
#include <fmt/format.h>

#include "changelog/log_reader.h"
#include "changelog/schema_registry.h"

namespace tailwater::changelog {

Result<std::optional<TailEntry>> LogReader::take_record(const RecordView& record) {
  switch (record.type) {
    case RecordType::kSchema: {
      TW_ASSIGN(SchemaPtr schema, parse_schema(record));
      schemas_.try_emplace(static_cast<uint32_t>(schema->id()), std::move(schema));
      return std::nullopt;
    }
    case RecordType::kBegin:
      TW_TRY(take_begin(record));
      break;
    case RecordType::kRows:
      TW_TRY(take_rows(record));
      return std::nullopt;
    case RecordType::kStatement:
      return take_statement(record);
    case RecordType::kCommit:
      return take_commit(record);
    case RecordType::kAdvance:
      return take_advance(record);
    case RecordType::kPosition:
    case RecordType::kState:
    case RecordType::kSpools:
      return std::nullopt;
    default:
      return fail(ErrorKind::kUnsupported,
                  fmt::format("the changelog has a record of unknown type {}",
                              static_cast<unsigned>(record.type)),
                  "read it with the newer version of tailwater that wrote it");
  }
  // With a selection the begin waits until a change of it is ours.
  if (skipping_ || !tables_.empty()) return std::nullopt;
  begun_ = true;
  return TailEntry{TailEntry::Kind::kBegin, &transaction_, nullptr};
}

Status LogReader::take_begin(const RecordView& record) {
  if (in_transaction_) return fail(damaged("a transaction inside another"));
  TW_ASSIGN(const BeginRecord begin, parse_begin(record));
  CommitRecord commit;
  if (begin.commit_rel != 0) {
    TW_ASSIGN(const RecordView at, records_.peek(record.at + begin.commit_rel));
    TW_ASSIGN(commit, parse_commit(at));
  } else {
    if (!ahead_) return fail(damaged("a transaction without its commit"));
    commit = ahead_->commit;
    ahead_.reset();
  }
  gtid_ = begin.gtid;
  file_name_ = begin.file;
  audience_ = begin.audience;
  transaction_ = {gtid_,          file_name_,       begin.start_pos, commit.end_pos,
                  commit.id,      commit.thread_id, begin.server_id, commit.commit_ts_us,
                  commit.changes, Offset{offset_},  audience_};
  in_transaction_ = true;
  begun_ = false;
  skipping_ = offset_ < start_offset_ && offset_ + commit.changes <= start_offset_;
  if (start_ts_us_) {
    skipping_ = commit.commit_ts_us < *start_ts_us_;
    if (!skipping_) start_ts_us_.reset();
  }
  return {};
}

Status LogReader::take_rows(const RecordView& record) {
  if (!in_transaction_) return fail(damaged("rows outside of a transaction"));
  TW_ASSIGN(run_, parse_rows(record));
  op_ = record.op;
  if (skipping_) {
    offset_ += run_.count;
    return {};
  }
  TW_ASSIGN(schema_, schema_of(run_.schema_id));
  if (!wants(*schema_)) {
    offset_ += run_.count;
    return {};
  }
  images_ = Cursor(run_.images);
  run_left_ = run_.count;
  change_ = {};
  change_.op = op_;
  change_.schema = schema_.get();
  change_.source_pos = run_.source_pos;
  change_.ts_us = run_.ts_us;
  change_.ordinal = run_.first_ordinal;
  change_.source_row = run_.first_source_row;
  return {};
}

Result<std::optional<TailEntry>> LogReader::next_row() {
  const RowLayout& layout = schema_->layout();
  const unsigned images = images_of(op_);
  RowView first;
  if (images > 0) first = RowView(layout, images_.take(images_.le<uint32_t>()));
  if (op_ == Op::kUpdate) {
    change_.before = first;
    change_.after = RowView(layout, images_.take(images_.le<uint32_t>()));
  } else if (op_ == Op::kDelete) {
    change_.before = first;
  } else {
    change_.after = first;
  }
  if (!images_.ok()) return fail(damaged("a rows record is damaged"));
  if (run_left_ != run_.count) {
    ++change_.ordinal;
    ++change_.source_row;
  }
  --run_left_;
  return give_change();
}

// Gives the change, or first the begin that has waited for it.
TailEntry LogReader::give_change() {
  change_.offset = Offset{offset_++};
  change_.last = offset_ == raw(transaction_.first_offset) + transaction_.changes;
  const TailEntry entry{TailEntry::Kind::kChange, &transaction_, &change_};
  if (begun_) return entry;
  begun_ = true;
  held_ = entry;
  return {TailEntry::Kind::kBegin, &transaction_, nullptr};
}

Result<std::optional<TailEntry>> LogReader::take_statement(const RecordView& record) {
  if (!in_transaction_) return fail(damaged("a statement outside of a transaction"));
  TW_ASSIGN(const StatementRecord statement, parse_statement(record));
  if (skipping_ || !tables_.empty()) {
    ++offset_;
    return std::nullopt;
  }
  change_ = {};
  change_.op = record.op;
  change_.source_pos = statement.source_pos;
  change_.ts_us = statement.ts_us;
  change_.ordinal = statement.ordinal;
  change_.source_row = statement.source_row;
  change_.statement = statement.statement;
  change_.database = statement.database;
  return give_change();
}

Result<std::optional<TailEntry>> LogReader::take_commit(const RecordView& record) {
  (void)record;
  if (!in_transaction_ || offset_ != raw(transaction_.first_offset) + transaction_.changes) {
    return fail(damaged("a transaction whose changes are not as many as its commit says"));
  }
  in_transaction_ = false;
  if (!begun_) {
    moved_ = moved_ || !skipping_;
    return std::nullopt;
  }
  moved_ = false;
  return TailEntry{TailEntry::Kind::kCommit, &transaction_, nullptr};
}

Result<std::optional<TailEntry>> LogReader::take_advance(const RecordView& record) {
  TW_ASSIGN(const AdvanceRecord advance, parse_advance(record));
  if (offset_ < start_offset_ || (start_ts_us_ && advance.ts_us < *start_ts_us_))
    return std::nullopt;
  file_name_ = advance.file;
  transaction_ = {};
  transaction_.file = file_name_;
  transaction_.end_pos = advance.end_pos;
  transaction_.commit_ts_us = advance.ts_us;
  transaction_.first_offset = Offset{offset_};
  moved_ = false;
  return TailEntry{TailEntry::Kind::kPosition, &transaction_, nullptr};
}

// A schema that an earlier part of the segment declared: this reader started after it.
Result<SchemaPtr> LogReader::schema_of(uint32_t id) {
  if (auto found = schemas_.find(id); found != schemas_.end()) return found->second;
  const auto index = load_index(files_, folder_, segment_);
  TW_ASSIGN(const auto declared, load_schemas(*file_, index, segment_, place_.position));
  for (const SchemaPtr& schema : declared) {
    schemas_.try_emplace(static_cast<uint32_t>(schema->id()), schema);
  }
  if (auto found = schemas_.find(id); found != schemas_.end()) return found->second;
  return fail(damaged(fmt::format("no schema has the number {}", id)));
}

}  // namespace tailwater::changelog
