#include "integration/captured.h"

#include <map>
#include <tuple>

#include <fmt/format.h>

#include "changelog/reader.h"
#include "db/mysql/server_info.h"
#include "model/value_text.h"
#include "pipeline/stream_session.h"

namespace tailwater::test {
namespace {

constexpr int64_t kWaitUs = 200'000;

using SchemaCopies = std::map<SchemaId, std::shared_ptr<const TableSchema>>;

std::vector<CapturedValue> copy_row(const RowView& row, const Schema& schema) {
  std::vector<CapturedValue> values;
  if (row.empty()) return values;
  values.resize(schema.columns().size());
  for (size_t i = 0; i < values.size(); ++i) {
    values[i].presence = row.presence(i);
    if (values[i].presence == Presence::kPresent) {
      append_value_text(values[i].text, row, schema, i);
    }
  }
  return values;
}

CapturedChange copy_change(const ChangeView& change, SchemaCopies& schemas) {
  CapturedChange copy;
  copy.op = change.op;
  copy.offset = raw(change.offset);
  copy.ordinal = change.ordinal;
  copy.source_pos = change.source_pos;
  copy.source_row = change.source_row;
  copy.statement = change.statement;
  copy.last = change.last;
  if (change.schema == nullptr) return copy;
  auto& schema = schemas[change.schema->id()];
  if (schema == nullptr) schema = std::make_shared<TableSchema>(change.schema->table());
  copy.schema = schema;
  copy.before = copy_row(change.before, *change.schema);
  copy.after = copy_row(change.after, *change.schema);
  return copy;
}

void copy_transaction(const TransactionInfo& info, CapturedTransaction& copy) {
  copy.gtid = info.gtid;
  copy.file = info.file;
  copy.start_pos = info.start_pos;
  copy.end_pos = info.end_pos;
  copy.id = info.id;
  copy.changes = info.changes;
  copy.first_offset = raw(info.first_offset);
  copy.commit_ts_us = info.commit_ts_us;
}

Status take_visible(Tail& tail, Captured& captured, SchemaCopies& schemas) {
  for (;;) {
    TW_ASSIGN(const auto entry, tail.next());
    if (!entry) return {};
    if (entry->kind == TailEntry::Kind::kBegin) {
      copy_transaction(*entry->transaction, captured.emplace_back());
    } else if (entry->kind == TailEntry::Kind::kChange) {
      captured.back().rows.push_back(copy_change(*entry->change, schemas));
    }
  }
}

std::string describe_row(const std::vector<CapturedValue>& row) {
  std::string text;
  for (const CapturedValue& value : row) {
    if (!text.empty()) text += '|';
    text += value.presence == Presence::kNull          ? "NULL"
            : value.presence == Presence::kUnavailable ? "?"
                                                       : value.text;
  }
  return text;
}

std::string broken_in(const CapturedTransaction& transaction, uint64_t& next_offset) {
  const std::string name = fmt::format("transaction {}:{} {}", transaction.file,
                                       transaction.start_pos, transaction.gtid);
  if (transaction.changes != transaction.rows.size() || transaction.rows.empty()) {
    return fmt::format("{} says {} changes and has {}", name, transaction.changes,
                       transaction.rows.size());
  }
  if (transaction.first_offset != next_offset) return name + ": wrong first offset";
  const bool snapshot = transaction.of_snapshot();
  if (snapshot != (transaction.end_pos == transaction.start_pos)) return name + ": wrong end";
  uint64_t ordinal = 0;
  for (const CapturedChange& change : transaction.rows) {
    if (change.offset != next_offset++) return name + ": offsets are not dense";
    if (change.ordinal != ordinal++) return name + ": ordinals are not dense";
    if (change.last != (&change == &transaction.rows.back())) return name + ": wrong last change";
  }
  return {};
}

}  // namespace

bool CapturedTransaction::of_snapshot() const {
  return !rows.empty() && is_of_snapshot(rows.front().op);
}

std::string CapturedChange::describe() const {
  if (op == Op::kStatement) return "statement " + statement;
  if (schema == nullptr) return "schema " + statement;
  std::string text = fmt::format("{} {}", to_string(op), schema->full_name());
  if (!before.empty()) text += " " + describe_row(before);
  if (!before.empty() && !after.empty()) text += " ->";
  if (!after.empty()) text += " " + describe_row(after);
  return text;
}

pipeline::SourceConfig capture_config(const MysqlServer& server, const std::string& from,
                                      const std::string& until) {
  pipeline::SourceConfig config;
  config.name = "test";
  config.url = server.url();
  config.tls = "disabled";
  config.from = from;
  config.until = until;
  config.retry_min_us = 20'000;
  config.retry_max_us = 200'000;
  return config;
}

Result<Captured> capture(const pipeline::SourceConfig& config, const std::string& folder) {
  TW_ASSIGN(auto session, pipeline::StreamSession::open(config, folder, "test"));
  Captured captured;
  SchemaCopies schemas;
  for (bool ended = false; !ended;) {
    ended = session->ended();
    TW_TRY(take_visible(session->reader(), captured, schemas));
    if (!ended) TW_TRY(session->reader().wait({}, kWaitUs));
  }
  TW_TRY(session->source().result());
  return captured;
}

Result<Captured> read_changelog(const std::string& folder) {
  return read_changelog(FileSystem::posix(), folder);
}

Result<Captured> read_changelog(FileSystem& files, const std::string& folder) {
  TW_ASSIGN(auto reader, changelog::Reader::open(files, folder, {}));
  Captured captured;
  SchemaCopies schemas;
  TW_TRY(take_visible(*reader, captured, schemas));
  return captured;
}

std::string binlog_end(const MysqlServer& server) {
  auto connection = server.connect();
  if (!connection.has_value()) return {};
  const auto status = mysql::read_binlog_status(*connection);
  return status.has_value() ? status->end.describe() : std::string();
}

std::string broken_promise(const Captured& captured) {
  uint64_t next_offset = 0;
  std::tuple<std::string, uint64_t> last;
  bool last_of_snapshot = false;
  for (const CapturedTransaction& transaction : captured) {
    if (auto broken = broken_in(transaction, next_offset); !broken.empty()) return broken;
    const std::tuple place{transaction.file, transaction.start_pos};
    // Reads stand between two transactions of the stream: several may stand at one place.
    const bool again = place == last && !transaction.of_snapshot() && !last_of_snapshot;
    if (place < last || again) {
      return fmt::format("{}:{} ({}{}) came out of order or twice, after {}:{}{}", transaction.file,
                         transaction.start_pos, transaction.gtid,
                         transaction.of_snapshot() ? "reads" : "", std::get<0>(last),
                         std::get<1>(last), last_of_snapshot ? " (reads)" : "");
    }
    last_of_snapshot = transaction.of_snapshot();
    last = place;
  }
  return {};
}

std::vector<std::string> describe(const Captured& captured) {
  std::vector<std::string> lines;
  for (const CapturedTransaction& transaction : captured) {
    for (const CapturedChange& change : transaction.rows) lines.push_back(change.describe());
  }
  return lines;
}

}  // namespace tailwater::test
