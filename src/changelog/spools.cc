#include "changelog/spools.h"

#include <algorithm>

#include "base/log_line.h"
#include "changelog/body.h"
#include "changelog/spool_file.h"

namespace tailwater::changelog {

Spools::Spools(FileSystem& files, const std::string& log_folder, const Incarnation& incarnation,
               bool durable)
    : files_(files),
      folder_(spool_folder(log_folder)),
      incarnation_(incarnation),
      durable_(durable) {}

Result<std::unique_ptr<Spools>> Spools::open(FileSystem& files, const std::string& log_folder,
                                             const Incarnation& incarnation,
                                             const std::vector<uint64_t>& named, bool durable) {
  std::unique_ptr<Spools> spools(new Spools(files, log_folder, incarnation, durable));
  TW_ASSIGN(const std::vector<uint64_t> found, list_spools(files, log_folder));
  for (const uint64_t number : found) {
    spools->next_number_ = std::max(spools->next_number_, number + 1);
    if (std::find(named.begin(), named.end(), number) != named.end()) continue;
    TW_TRY(files.remove(join_path(spools->folder_, spool_name(number))));
  }
  for (const uint64_t number : named) {
    spools->next_number_ = std::max(spools->next_number_, number + 1);
    TW_TRY(spools->load(number));
  }
  spools->note_counts();
  return spools;
}

Status Spools::load(uint64_t number) {
  auto loaded = Spool::load({&files_, folder_, incarnation_, number});
  if (loaded.has_value()) {
    entries_.push_back({std::move(*loaded), true, true, false});
    return {};
  }
  const ErrorKind kind = loaded.error().kind;
  if (kind != ErrorKind::kNotFound && kind != ErrorKind::kCorrupt) {
    return fail(std::move(loaded).error());
  }
  const Error lost = kind == ErrorKind::kCorrupt ? std::move(loaded).error()
                                                 : damaged_spool(number, "its file is missing");
  log_lines().error("{}; its transaction cannot be committed here", lost.describe());
  return {};
}

Result<std::unique_ptr<Spool>> Spools::make(size_t block_bytes, int64_t now_us) {
  if (!made_folder_) {
    TW_TRY(files_.make_folder(folder_));
    TW_TRY(files_.sync_directory(folder_.substr(0, folder_.rfind('/'))));
    made_folder_ = true;
  }
  const SpoolPlace place{&files_, folder_, incarnation_, next_number_++};
  return std::make_unique<Spool>(place, block_bytes, now_us);
}

Status Spools::prepare(std::unique_ptr<Spool> spool, const SpoolInfo& prepared) {
  TW_TRY(spool->seal(prepared));
  end(prepared.id);
  entries_.push_back({std::move(spool), false, false, false});
  unsettled_ = true;
  return {};
}

Spool* Spools::find(std::string_view id) {
  for (Entry& entry : entries_) {
    if (!entry.ended && entry.spool->info().id == id) return entry.spool.get();
  }
  return nullptr;
}

void Spools::end(std::string_view id) {
  for (Entry& entry : entries_) {
    if (entry.spool->info().id != id) continue;
    entry.ended = true;
    unsettled_ = true;
  }
}

std::vector<SpoolInfo> Spools::infos() const {
  std::vector<SpoolInfo> infos;
  for (const Entry& entry : entries_) {
    if (!entry.ended) infos.push_back(entry.spool->info());
  }
  return infos;
}

void Spools::settle() {
  if (!unsettled_) [[likely]]
    return;
  unsettled_ = false;
  unnamed_ = 0;
  for (auto at = entries_.begin(); at != entries_.end();) {
    at->counts = true;
    if (!at->ended) {
      if (!at->named) ++unnamed_;
      ++at;
      continue;
    }
    ended_files_.push_back(at->spool->place().path());
    at = entries_.erase(at);
  }
  note_counts();
}

void Spools::restore() {
  for (Entry& entry : entries_) entry.ended = false;
}

void Spools::note_counts() {
  count_.store(entries_.size(), std::memory_order_relaxed);
  int64_t oldest_us = 0;
  for (const Entry& entry : entries_) {
    const int64_t prepared_us = entry.spool->info().prepared_ts_us;
    if (oldest_us == 0 || prepared_us < oldest_us) oldest_us = prepared_us;
  }
  oldest_us_.store(oldest_us, std::memory_order_relaxed);
}

void Spools::put_numbers(ByteBuffer& body) const {
  const auto counts = [](const Entry& entry) { return entry.counts; };
  if (std::none_of(entries_.begin(), entries_.end(), counts)) return;
  const size_t at = open_record(body, RecordType::kSpools);
  for (const Entry& entry : entries_) {
    if (entry.counts) body.put<uint64_t>(entry.spool->info().number);
  }
  close_record(body, at);
}

void Spools::hand_over(FrameJob& job) {
  for (Entry& entry : entries_) {
    if (!entry.counts || entry.named) continue;
    entry.named = true;
    auto file = entry.spool->release_file();
    if (durable_) job.spools.push_back(std::move(file));
  }
  unnamed_ = 0;
  if (!job.spools.empty()) job.spool_folder = folder_;
  job.ended_spools = std::move(ended_files_);
  ended_files_.clear();
}

namespace {

Status read_whole(const Spool& spool) {
  const auto plain = [](const TableSchema& table) -> Result<SchemaPtr> {
    return std::make_shared<const Schema>(SchemaId::kNone, table);
  };
  TW_ASSIGN(auto reader, SpoolReader::open(spool, plain));
  for (;;) {
    TW_ASSIGN(const auto run, reader.next());
    if (!run) return {};
  }
}

}  // namespace

SpoolsReport describe_spools(FileSystem& files, const std::string& log_folder,
                             const Incarnation& incarnation, const std::vector<uint64_t>& named,
                             bool whole) {
  SpoolsReport report;
  for (const uint64_t number : named) {
    auto spool = Spool::load({&files, spool_folder(log_folder), incarnation, number});
    Status read = spool.has_value() ? Status() : Status(fail(spool.error()));
    if (read.has_value() && whole) read = read_whole(**spool);
    if (read.has_value()) {
      report.prepared.push_back((*spool)->info());
    } else {
      const bool missing = read.error().kind == ErrorKind::kNotFound;
      report.lost.push_back(missing ? damaged_spool(number, "its file is missing") : read.error());
    }
  }
  return report;
}

}  // namespace tailwater::changelog
