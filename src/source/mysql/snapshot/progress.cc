#include "source/mysql/snapshot/progress.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace tailwater::mysql {
namespace {

using nlohmann::json;

tl::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorKind::kCorrupt, "the stored " + std::string(what) + " of a snapshot is damaged",
              "start a new snapshot with `tailwater snapshot`");
}

}  // namespace

std::string encode_job(const SnapshotJob& job) {
  json tables = json::array();
  for (const SnapshotTable& table : job.tables) {
    tables.push_back({table.name.database, table.name.table, table.where});
  }
  return json{{"version", 1},
              {"id", job.id},
              {"audience", job.audience},
              {"initial", job.initial},
              {"paused", job.paused},
              {"ordered", job.ordered},
              {"tables", std::move(tables)}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<SnapshotJob> decode_job(const std::string& text) {
  const json parsed = json::parse(text, nullptr, false);
  SnapshotJob job;
  try {
    if (parsed.at("version").get<int>() != 1) return damaged("list of tables");
    job.id = parsed.at("id").get<uint64_t>();
    job.audience = parsed.at("audience").get<std::string>();
    job.initial = parsed.at("initial").get<bool>();
    job.paused = parsed.at("paused").get<bool>();
    job.ordered = parsed.value("ordered", false);
    for (const json& table : parsed.at("tables")) {
      job.tables.push_back({{table.at(0).get<std::string>(), table.at(1).get<std::string>()},
                            table.at(2).get<std::string>()});
    }
  } catch (const json::exception&) {
    return damaged("list of tables");
  }
  return job;
}

Result<Progress::Stored> Progress::look_into(const std::string& state) {
  const json parsed = json::parse(state, nullptr, false);
  try {
    if (parsed.at("version").get<int>() != 1) return damaged("state");
    const bool done = parsed.at("tables").empty() && parsed.at("next") == parsed.at("of");
    return Stored{parsed.at("id").get<uint64_t>(), done};
  } catch (const json::exception&) {
    return damaged("state");
  }
}

std::string Progress::encode() const {
  const std::scoped_lock lock(mutex_);
  json tables = json::array();
  for (const Table& table : active_) {
    json parts = json::array();
    for (const Part& part : table.parts) {
      parts.push_back({part.range.after, part.range.upto, part.range.only});
    }
    tables.push_back({table.index, table.started, table.rows, std::move(parts)});
  }
  return json{{"version", 1},        {"id", job_.id},
              {"next", next_table_}, {"of", job_.tables.size()},
              {"rows", rows_},       {"tables", std::move(tables)}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<std::unique_ptr<Progress>> Progress::resume(SnapshotJob job, const std::string& state) {
  const json parsed = json::parse(state, nullptr, false);
  auto progress = std::make_unique<Progress>(std::move(job));
  try {
    if (parsed.at("version").get<int>() != 1 ||
        parsed.at("id").get<uint64_t>() != progress->job_.id) {
      return damaged("state");
    }
    progress->next_table_ = parsed.at("next").get<size_t>();
    progress->rows_ = parsed.at("rows").get<uint64_t>();
    for (const json& stored : parsed.at("tables")) {
      Table table;
      table.index = stored.at(0).get<size_t>();
      table.started = stored.at(1).get<bool>();
      table.rows = stored.at(2).get<uint64_t>();
      for (const json& part : stored.at(3)) {
        table.parts.push_back({progress->next_part_id_++,
                               {part.at(0).get<KeyBound>(), part.at(1).get<KeyBound>(),
                                part.at(2).get<std::string>()},
                               false});
      }
      if (table.index >= progress->job_.tables.size()) return damaged("state");
      progress->active_.push_back(std::move(table));
    }
  } catch (const json::exception&) {
    return damaged("state");
  }
  return progress;
}

const Progress::Table* Progress::find_locked(size_t table) const {
  const auto at = std::find_if(active_.begin(), active_.end(),
                               [&](const Table& each) { return each.index == table; });
  return at == active_.end() ? nullptr : &*at;
}
Progress::Table* Progress::find_locked(size_t table) {
  return const_cast<Table*>(std::as_const(*this).find_locked(table));
}

// In order, a table waits until the one before is read to its end.
bool Progress::must_wait_locked() const {
  return job_.ordered && !active_.empty();
}

std::optional<ReadTask> Progress::take_task() {
  const std::scoped_lock lock(mutex_);
  for (Table& table : active_) {
    for (Part& part : table.parts) {
      if (part.taken) continue;
      part.taken = true;
      return ReadTask{table.index, part.id, part.range};
    }
  }
  if (next_table_ >= job_.tables.size() || must_wait_locked()) return std::nullopt;
  Table& table = active_.emplace_back();
  table.index = next_table_++;
  table.parts.push_back({next_part_id_++, {}, true});
  return ReadTask{table.index, table.parts[0].id, {}};
}

void Progress::give_back(const ReadTask& task) {
  const std::scoped_lock lock(mutex_);
  Table* const table = find_locked(task.table);
  if (table == nullptr) return;
  for (Part& part : table->parts) {
    if (part.id == task.range_id) part.taken = false;
  }
}

bool Progress::split_wanted() const {
  const std::scoped_lock lock(mutex_);
  if (hungry_ == 0) return false;
  if (next_table_ < job_.tables.size() && !must_wait_locked()) return false;
  int untaken = 0;
  for (const Table& table : active_) {
    for (const Part& part : table.parts) untaken += part.taken ? 0 : 1;
  }
  return untaken < hungry_;
}

bool Progress::split(ReadTask& task, const KeyBound& at) {
  const std::scoped_lock lock(mutex_);
  Table* const table = find_locked(task.table);
  if (table == nullptr) return false;
  for (size_t i = 0; i < table->parts.size(); ++i) {
    Part& part = table->parts[i];
    if (part.id != task.range_id) continue;
    Part rest{next_part_id_++, {at, part.range.upto}, false};
    part.range.upto = at;
    task.range.upto = at;
    table->parts.push_back(std::move(rest));
    return true;
  }
  return false;
}

void Progress::set_hungry(bool hungry) {
  const std::scoped_lock lock(mutex_);
  hungry_ += hungry ? 1 : -1;
}

Progress::Step Progress::step_of(size_t table, uint64_t range_id, bool exhausted) const {
  const std::scoped_lock lock(mutex_);
  const Table* const found = find_locked(table);
  if (found == nullptr) return {};
  const bool only = found->parts.size() == 1 && found->parts[0].id == range_id;
  return {!found->started, only && exhausted};
}

void Progress::chunk_taken(size_t table, uint64_t range_id, const KeyBound& last_key,
                           bool exhausted, uint64_t rows) {
  const std::scoped_lock lock(mutex_);
  Table* const found = find_locked(table);
  if (found == nullptr) return;
  rows_ += rows;
  found->rows += rows;
  found->started = true;
  for (auto part = found->parts.begin(); part != found->parts.end(); ++part) {
    if (part->id != range_id) continue;
    if (exhausted) {
      found->parts.erase(part);
    } else {
      part->range.after = last_key;
    }
    break;
  }
  if (found->parts.empty()) {
    std::erase_if(active_, [&](const Table& each) { return each.index == table; });
  }
}

std::optional<size_t> Progress::being_read(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  for (const Table& table : active_) {
    if (job_.tables[table.index].name.describe() == name) return table.index;
  }
  return std::nullopt;
}

void Progress::add_row(size_t table, std::string condition) {
  const std::scoped_lock lock(mutex_);
  Table* const found = find_locked(table);
  if (found == nullptr) return;
  for (const Part& part : found->parts) {
    if (part.range.only == condition && !part.taken) return;
  }
  found->parts.push_back({next_part_id_++, {{}, {}, std::move(condition)}, false});
}

void Progress::drop_table(size_t table) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(active_, [&](const Table& each) { return each.index == table; });
}

bool Progress::done() const {
  const std::scoped_lock lock(mutex_);
  return active_.empty() && next_table_ >= job_.tables.size();
}

Progress::Counts Progress::counts() const {
  const std::scoped_lock lock(mutex_);
  Counts counts;
  counts.tables = job_.tables.size();
  counts.tables_done = next_table_ - std::min(next_table_, active_.size());
  counts.rows = rows_;
  for (const Table& table : active_) {
    counts.reading.push_back(job_.tables[table.index].name.describe());
  }
  return counts;
}

}  // namespace tailwater::mysql
