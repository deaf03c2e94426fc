#include "source/mysql/snapshot/table_reader.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/clock.h"
#include "base/log_line.h"
#include "base/text.h"
#include "changelog/head.h"
#include "db/mysql/quote.h"
#include "source/mysql/binlog/table_schema.h"
#include "source/mysql/schema_file.h"

namespace tailwater::mysql {
namespace {

constexpr int64_t kRetryMinUs = 50'000;
constexpr int64_t kRetryMaxUs = 10'000'000;
constexpr int64_t kHungryLookUs = 5'000;
constexpr size_t kBatchBytes = 256 << 10;
constexpr uint64_t kFirstRowBytes = 4096;  // what a row is thought to have before any is seen
constexpr uint64_t kChunkRowsMax = 200'000;
constexpr uint64_t kSplitChunks = 8;  // how much a reader keeps when it gives the rest away

// Numbers of server errors.
constexpr uint16_t kTableChanged = 1412;  // ER_TABLE_DEF_CHANGED
constexpr uint16_t kNoSuchTable = 1146;
constexpr uint16_t kUnknownDatabase = 1049;
constexpr uint16_t kUnknownColumn = 1054;
constexpr uint16_t kNoSuchIndex = 1176;

bool is_change_of_table(uint16_t code) {
  return code == kTableChanged || code == kUnknownColumn || code == kNoSuchIndex;
}
bool is_gone(uint16_t code) {
  return code == kNoSuchTable || code == kUnknownDatabase;
}

bool is_integer(TypeKind kind) {
  return kind >= TypeKind::kInt8 && kind <= TypeKind::kUint64;
}

template <typename Integer>
std::optional<Integer> integer_of(const std::string& text) {
  Integer value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The middle of two literals of integers; nothing when there is none between.
std::optional<std::string> middle_of(const std::string& low, const std::string& high) {
  if (!low.starts_with('-')) {
    const auto from = integer_of<uint64_t>(low);
    const auto to = integer_of<uint64_t>(high);
    if (!from || !to || *to < *from || *to - *from < 2) return std::nullopt;
    return std::to_string(*from + (*to - *from) / 2);
  }
  const auto from = integer_of<int64_t>(low);
  const auto to = integer_of<int64_t>(high);
  if (!from || !to || *to < *from) return std::nullopt;
  const uint64_t distance = static_cast<uint64_t>(*to) - static_cast<uint64_t>(*from);
  if (distance < 2) return std::nullopt;
  return std::to_string(static_cast<int64_t>(static_cast<uint64_t>(*from) + distance / 2));
}

}  // namespace

TableReader::TableReader(ReaderOptions options, Progress& progress, Junction& junction)
    : options_(std::move(options)),
      progress_(progress),
      junction_(junction),
      views_(options_.endpoint, options_.info),
      backoff_(kRetryMinUs, kRetryMaxUs) {}

Status TableReader::run(const std::stop_token& stop) {
  while (!progress_.done()) {
    if (stop.stop_requested()) return fail(ErrorKind::kStopped, "stopped");
    if (auto task = progress_.take_task()) {
      TW_TRY(read_task(std::move(*task), stop));
    } else {
      TW_TRY(wait_for_work(stop));
    }
  }
  return {};
}

// Somebody with much to read may give a part away; or fail, and leave all of it.
Status TableReader::wait_for_work(const std::stop_token& stop) {
  progress_.set_hungry(true);
  changelog::sleep_or_stop(stop, kHungryLookUs);
  progress_.set_hungry(false);
  return {};
}

std::string TableReader::trouble() const {
  const std::scoped_lock lock(trouble_mutex_);
  return trouble_;
}

void TableReader::note_trouble(std::string text) {
  const std::scoped_lock lock(trouble_mutex_);
  trouble_ = std::move(text);
}

// After passing trouble the part is everybody's again.
Status TableReader::read_task(ReadTask task, const std::stop_token& stop) {
  Status read = read_part(task, stop);
  // Where reading goes on is behind what is in the changelog: that must be known first.
  if (before_ != nullptr && !junction_.wait_taken(before_, stop).has_value()) {
    junction_.abandon(before_);
    if (read.has_value()) read = fail(ErrorKind::kRetry, "the stream was interrupted");
  }
  before_.reset();
  if (read.has_value()) return {};
  session_.reset();
  progress_.give_back(task);
  if (stop.stop_requested()) return fail(ErrorKind::kStopped, "stopped");
  if (read.error().kind != ErrorKind::kRetry) return read;
  const int64_t pause_us = backoff_.next_us();
  const std::string name = progress_.job().tables[task.table].name.describe();
  note_trouble(fmt::format("{}: {}", name, read.error().describe()));
  log_lines().info("snapshot of {}: {}; trying again in {}", name, read.error().describe(),
                   describe_duration_us(pause_us));
  changelog::sleep_or_stop(stop, pause_us);
  return {};
}

Status TableReader::read_part(ReadTask& task, const std::stop_token& stop) {
  for (;;) {
    if (!session_) TW_TRY(connect());
    TW_ASSIGN(const bool there, define(task.table));
    if (!there) {
      log_lines().info("snapshot: the table {} is not there any more",
                       progress_.job().tables[task.table].name.describe());
      progress_.drop_table(task.table);
      junction_.wake();
      return {};
    }
    TW_ASSIGN(const Outcome read, read_chunk(task, stop));
    if (read == Outcome::kExhausted) return {};
    if (read == Outcome::kMore) {
      backoff_.reset();
      note_trouble("");
      if (progress_.split_wanted()) TW_TRY(split(task, stop));
      continue;
    }
    definition_.index = SIZE_MAX;  // altered, or gone: look again
  }
}

Status TableReader::connect() {
  TW_ASSIGN(session_, Session::open(options_.endpoint, reading_session_setup(options_.info)));
  catalog_.reset();
  definition_.index = SIZE_MAX;
  return {};
}

Result<std::optional<std::string>> TableReader::show_create(const TableName& name) {
  if (!catalog_) {
    TW_ASSIGN(catalog_, Connection::open(options_.endpoint));
  }
  auto rows = catalog_->query("SHOW CREATE TABLE " + quote_name(name.database, name.table));
  if (!rows.has_value()) {
    const auto found = read_table(*catalog_, name);
    if (found.has_value() && !*found) return std::optional<std::string>();
    return fail(std::move(rows).error());
  }
  TW_ASSIGN(const bool found, rows->next());
  if (!found) return std::optional<std::string>();
  // MariaDB shows the next automatic number, which changes with the rows.
  std::string text = rows->text(1);
  const size_t at = text.find(" AUTO_INCREMENT=");
  if (at != std::string::npos) {
    size_t end = at + 16;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    text.erase(at, end - at);
  }
  return text;
}

// False: the table is not there.
Result<bool> TableReader::define(size_t table) {
  if (definition_.index == table) return true;
  const TableName& name = progress_.job().tables[table].name;
  TW_ASSIGN(auto create, show_create(name));
  if (!create) return false;
  TW_ASSIGN(const auto found, read_table(*catalog_, name));
  if (!found) return false;
  Definition made;
  made.create = std::move(*create);
  TW_ASSIGN(TableSchema schema, schema_of_facts(name.database, name.table, facts_of(*found)));
  std::vector<std::string> expressions;
  for (const Column& column : schema.columns) expressions.push_back(select_expression(column));
  made.select_list = fmt::format("{}", fmt::join(expressions, ", "));
  made.table = std::make_shared<const TableSchema>(std::move(schema));
  TW_TRY(choose_columns(made));
  made.chunk_rows = std::max<uint64_t>(1, options_.chunk_bytes / kFirstRowBytes);
  definition_ = std::move(made);
  choose_key(*found);
  definition_.index = table;
  return true;
}

// The same columns, masks and key as the stream's changes have.
Status TableReader::choose_columns(Definition& made) const {
  TW_ASSIGN(TableColumns chosen, options_.columns.select(*made.table));
  made.schema = std::make_shared<const TableSchema>(chosen.schema);
  made.kept = std::move(chosen.kept);
  if (chosen.masks.empty()) return {};
  made.masker.emplace(std::make_shared<Schema>(SchemaId::kNone, std::move(chosen.unmasked)),
                      std::make_shared<Schema>(SchemaId::kNone, std::move(chosen.schema)),
                      std::move(chosen.masks));
  return {};
}

// Whether a column's values must not be stored, not even to say how far reading has come.
bool TableReader::is_hidden(uint32_t column) const {
  const auto& kept = definition_.kept;
  const auto at = std::lower_bound(kept.begin(), kept.end(), column);
  if (at == kept.end() || *at != column) return true;
  return definition_.masker && definition_.masker->masks(static_cast<size_t>(at - kept.begin()));
}

// The first key whose values can be written as literals that the index is searched with.
void TableReader::choose_key(const CatalogTable& table) {
  for (const CatalogKey& key : table.keys) {
    const bool usable = std::all_of(key.columns.begin(), key.columns.end(), [&](uint32_t column) {
      return can_bound(definition_.table->columns[column]) && !is_hidden(column);
    });
    if (!usable || key.columns.empty()) continue;
    definition_.key = key.columns;
    for (const uint32_t column : key.columns) {
      definition_.key_columns.push_back(quote_name(definition_.table->columns[column].name));
    }
    definition_.force_index = fmt::format(" FORCE INDEX ({})", quote_name(key.name));
    return;
  }
}

std::string TableReader::rows_statement(const ReadTask& task, uint64_t limit) const {
  const SnapshotTable& table = progress_.job().tables[task.table];
  std::string sql =
      fmt::format("SELECT {} FROM {}{}", definition_.select_list,
                  quote_name(table.name.database, table.name.table), definition_.force_index);
  const std::string range = key_condition(definition_.key_columns, task.range);
  if (!range.empty()) sql += " WHERE " + range;
  if (!table.where.empty()) {
    sql += fmt::format("{}({})", range.empty() ? " WHERE " : " AND ", table.where);
  }
  if (definition_.key.empty() || !task.range.only.empty()) return sql;
  sql += fmt::format(" ORDER BY {}", fmt::join(definition_.key_columns, ", "));
  if (limit != 0) sql += fmt::format(" LIMIT {}", limit);
  return sql;
}

Result<TableReader::Outcome> TableReader::read_chunk(ReadTask& task, const std::stop_token& stop) {
  auto hold = junction_.hold(stop);
  if (!hold.has_value()) return fail(std::move(hold).error());
  auto chunk = std::make_shared<ReadChunk>();
  chunk->table = task.table;
  chunk->range_id = task.range_id;
  chunk->schema = definition_.schema;
  chunk->read_us = Clock::system().now_us();
  // Of a table without a key a row that came twice could not be told from two rows.
  const bool exact = definition_.schema->key_columns.empty();
  TW_ASSIGN(chunk->visibility, views_.open(*session_, hold->executed(),
                                           progress_.job().tables[task.table].name, exact, stop));
  junction_.offer(chunk);
  hold->release();
  auto outcome = read_rows(task, chunk, stop);
  const bool whole =
      outcome.has_value() && (*outcome == Outcome::kMore || *outcome == Outcome::kExhausted);
  if (!whole) {
    junction_.abandon(chunk);
    return outcome;
  }
  chunk->exhausted = *outcome == Outcome::kExhausted;
  if (before_ != nullptr) TW_TRY(junction_.wait_taken(before_, stop));
  junction_.complete(chunk);
  before_ = chunk;
  task.range.after = chunk->last_key;
  return outcome;
}

Result<TableReader::Outcome> TableReader::read_rows(const ReadTask& task, const ReadChunkPtr& chunk,
                                                    const std::stop_token& stop) {
  const SnapshotTable& table = progress_.job().tables[task.table];
  const bool whole = definition_.key.empty() || !task.range.only.empty();
  const uint64_t limit = whole ? 0 : definition_.chunk_rows;
  ReadTask part = task;
  std::optional<KeyBound> bound;
  // With a condition the rows that fit it may be few and far between: the chunk ends by the key.
  const bool by_key = limit != 0 && !table.where.empty();
  const auto failed = [&](Error error) -> Result<Outcome> {
    if (is_change_of_table(session_->last_error_code())) return Outcome::kChanged;
    if (is_gone(session_->last_error_code())) return Outcome::kChanged;
    return fail(std::move(error));
  };
  if (by_key) {
    auto at = key_at(task.range, limit, false, stop);
    if (!at.has_value()) return failed(std::move(at).error());
    bound = std::move(*at);
    if (bound) part.range.upto = *bound;
  }
  const Status selected = session_->select(rows_statement(part, by_key ? 0 : limit), stop);
  if (!selected.has_value()) return failed(selected.error());
  if (!definition_.row) {
    TW_ASSIGN(definition_.row,
              ResultRow::make(*definition_.table, definition_.kept, session_->columns()));
  }
  const Status filled = fill_chunk(chunk, by_key ? 0 : limit, stop);
  if (!filled.has_value()) return failed(filled.error());
  // The transaction holds the table as it is: what is there now was there when the rows were read.
  TW_ASSIGN(const auto create, show_create(table.name));
  TW_TRY(session_->execute("COMMIT", stop));
  if (!create || *create != definition_.create) return Outcome::kChanged;
  if (by_key && bound) chunk->last_key = *bound;
  const bool more = by_key ? bound.has_value() : limit != 0 && chunk->rows == limit;
  return more ? Outcome::kMore : Outcome::kExhausted;
}

Status TableReader::fill_chunk(const ReadChunkPtr& chunk, uint64_t limit,
                               const std::stop_token& stop) {
  ReadBatch batch;
  uint64_t bytes = 0;
  const auto hand_over = [&]() -> Status {
    bytes += batch.images.size();
    Status pushed = junction_.push(chunk, std::move(batch), stop);
    batch = ReadBatch{};
    return pushed;
  };
  for (;;) {
    TW_ASSIGN(const auto row, session_->next_row(stop));
    if (!row) break;
    const size_t at = batch.images.size();
    batch.images.put<uint32_t>(0);
    TW_TRY(append_row(*row, batch.images));
    store<uint32_t>(batch.images.data() + at,
                    static_cast<uint32_t>(batch.images.size() - at - sizeof(uint32_t)));
    ++batch.rows;
    ++chunk->rows;
    if (chunk->rows == limit) {
      TW_ASSIGN(chunk->last_key, definition_.row->literals(*row, definition_.key));
    }
    if (batch.images.size() >= kBatchBytes) TW_TRY(hand_over());
  }
  if (batch.rows > 0) TW_TRY(hand_over());
  adapt(*chunk, bytes);
  return {};
}

Status TableReader::append_row(Bytes row, ByteBuffer& images) {
  if (!definition_.masker) return definition_.row->append(row, images);
  unmasked_.clear();
  TW_TRY(definition_.row->append(row, unmasked_));
  RowMasker& masker = *definition_.masker;
  masker.append(RowView(masker.unmasked()->layout(), unmasked_.view()), images);
  return {};
}

// So many rows the next time as make a chunk of the wanted size.
void TableReader::adapt(const ReadChunk& chunk, uint64_t bytes) {
  if (chunk.rows == 0) return;
  const uint64_t row_bytes = std::max<uint64_t>(1, bytes / chunk.rows);
  const uint64_t wanted = options_.chunk_bytes / row_bytes;
  // Rows far apart in size must not make a chunk many times as large as the one before.
  definition_.chunk_rows =
      std::clamp<uint64_t>(std::min(wanted, definition_.chunk_rows * 8), 1, kChunkRowsMax);
}

// The key of the row that is `offset` rows behind the start of a range, or of its last row.
Result<std::optional<KeyBound>> TableReader::key_at(const KeyRange& range, uint64_t offset,
                                                    bool last, const std::stop_token& stop) {
  const TableName& name = progress_.job().tables[definition_.index].name;
  TableSchema keys;
  std::vector<uint32_t> places;
  std::vector<std::string> order;
  for (size_t i = 0; i < definition_.key.size(); ++i) {
    keys.columns.push_back(definition_.table->columns[definition_.key[i]]);
    places.push_back(static_cast<uint32_t>(i));
    order.push_back(definition_.key_columns[i] + (last ? " DESC" : ""));
  }
  const std::string condition = key_condition(definition_.key_columns, range);
  const std::string sql =
      fmt::format("SELECT {} FROM {}{}{}{} ORDER BY {} LIMIT 1 OFFSET {}",
                  fmt::join(definition_.key_columns, ", "), quote_name(name.database, name.table),
                  definition_.force_index, condition.empty() ? "" : " WHERE ", condition,
                  fmt::join(order, ", "), last ? 0 : offset - 1);
  TW_TRY(session_->select(sql, stop));
  TW_ASSIGN(const ResultRow row, ResultRow::make(keys, places, session_->columns()));
  std::optional<KeyBound> found;
  for (;;) {
    TW_ASSIGN(const auto bytes, session_->next_row(stop));
    if (!bytes) return found;
    TW_ASSIGN(found, row.literals(*bytes, places));
  }
}

Result<std::optional<KeyBound>> TableReader::split_point(const ReadTask& task,
                                                         const std::stop_token& stop) {
  const TypeKind first = definition_.table->columns[definition_.key[0]].type.kind;
  if (definition_.key.size() > 1 || !is_integer(first)) {
    return key_at(task.range, definition_.chunk_rows * kSplitChunks, false, stop);
  }
  KeyBound upto = task.range.upto;
  if (upto.empty()) {
    TW_ASSIGN(const auto last, key_at(task.range, 0, true, stop));
    if (!last) return std::optional<KeyBound>();
    upto = *last;
  }
  const auto middle = middle_of(task.range.after[0], upto[0]);
  if (!middle) return std::optional<KeyBound>();
  return KeyBound{*middle};
}

// Gives away what is behind a key ahead.
Status TableReader::split(ReadTask& task, const std::stop_token& stop) {
  if (definition_.key.empty() || task.range.after.empty()) return {};  // or a row of its own
  TW_ASSIGN(const auto at, split_point(task, stop));
  if (at) (void)progress_.split(task, *at);
  return {};
}

}  // namespace tailwater::mysql
