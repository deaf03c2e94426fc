#include "source/mysql/snapshot/job_files.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tailwater::mysql {
namespace {

constexpr const char* kKnownTables = "tables.json";
constexpr std::string_view kJobStart = "job-";
constexpr std::string_view kJobEnd = ".json";

}  // namespace

std::string JobFiles::path_of(uint64_t id) const {
  return join_path(folder_, fmt::format("{}{:020}{}", kJobStart, id, kJobEnd));
}

Result<std::vector<SnapshotJob>> JobFiles::load() {
  std::vector<SnapshotJob> jobs;
  auto names = files_.list(folder_);
  if (!names.has_value()) {
    if (names.error().kind == ErrorKind::kNotFound) return jobs;
    return fail(std::move(names).error());
  }
  for (const std::string& name : *names) {
    if (!name.starts_with(kJobStart) || !name.ends_with(kJobEnd)) continue;
    const std::string path = join_path(folder_, name);
    TW_ASSIGN(const std::string text, read_file(files_, path));
    auto job = decode_job(text);
    if (!job.has_value()) return fail(std::move(job).error().at(path));
    jobs.push_back(std::move(*job));
  }
  return jobs;
}

Status JobFiles::store(const SnapshotJob& job) {
  TW_TRY(files_.make_folder(folder_));
  return replace_file(files_, path_of(job.id), encode_job(job));
}

Status JobFiles::remove(uint64_t id) {
  const std::string path = path_of(id);
  TW_ASSIGN(const bool there, files_.exists(path));
  if (!there) return {};
  TW_TRY(files_.remove(path));
  return files_.sync_directory(folder_);
}

Result<std::set<std::string>> JobFiles::known_tables() {
  const std::string path = join_path(folder_, kKnownTables);
  auto text = read_file(files_, path);
  if (!text.has_value()) {
    if (text.error().kind == ErrorKind::kNotFound) return std::set<std::string>();
    return fail(std::move(text).error());
  }
  try {
    return nlohmann::json::parse(*text).get<std::set<std::string>>();
  } catch (const nlohmann::json::exception&) {
    return fail(Error{ErrorKind::kCorrupt, "the list of tables that were read is damaged", path,
                      "delete it to have all tables read again"});
  }
}

Status JobFiles::add_known_tables(const std::vector<SnapshotTable>& tables) {
  TW_ASSIGN(auto known, known_tables());
  for (const SnapshotTable& table : tables) known.insert(table.name.describe());
  TW_TRY(files_.make_folder(folder_));
  return replace_file(files_, join_path(folder_, kKnownTables), nlohmann::json(known).dump(0));
}

}  // namespace tailwater::mysql
