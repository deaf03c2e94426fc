// Writer::open: lock, recover, check whose log it is, go on.
#include <fmt/format.h>
#include <unistd.h>

#include "base/log_line.h"
#include "changelog/log_writer.h"
#include "changelog/recovery.h"

namespace tailwater::changelog {
namespace {

std::string describe(const SourceIdentity& identity) {
  return fmt::format("{} source '{}'{}{}", to_string(identity.kind), identity.name,
                     identity.server.empty() ? "" : ", server ", identity.server);
}

Status check_options(const WriterOptions& options) {
  if (options.frame_bytes == 0 || options.frame_bytes > 256 << 20) {
    return fail(ErrorKind::kUserFix, "frame_bytes must be between 1 and 256MB");
  }
  if (options.segment_bytes < kSegmentHeaderBytes) {
    return fail(ErrorKind::kUserFix, "segment_bytes must be at least 4KB");
  }
  return {};
}

Status check_identity(const std::string& folder, const SourceIdentity& stored,
                      const SourceIdentity& given) {
  // A server without an identity of its own can only be told apart by the user's name for it.
  if (stored.kind == given.kind && stored.server == given.server &&
      (!given.server.empty() || stored.name == given.name)) {
    return {};
  }
  return fail(
      Error{ErrorKind::kResync,
            fmt::format("the changelog holds the changes of another source: it is of {}, not of {}",
                        describe(stored), describe(given)),
            folder, "use another data folder for this source, or move the old one away"});
}

Result<std::unique_ptr<File>> take_lock(FileSystem& files, const std::string& folder) {
  TW_ASSIGN(auto lock, files.open(join_path(folder, "lock"), OpenMode::kCreate));
  if (auto status = lock->lock(); !status.has_value()) {
    if (status.error().kind != ErrorKind::kBusy) return fail(std::move(status).error());
    return fail(Error{ErrorKind::kBusy, "another process writes to this changelog", folder,
                      "stop the other `tailwater`, or use another data folder"});
  }
  return lock;
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::open(FileSystem& files, const std::string& folder,
                                             const WriterOptions& options,
                                             const SourceIdentity& identity) {
  TW_TRY(check_options(options));
  TW_TRY(files.make_folder(folder));
  const size_t slash = folder.rfind('/');
  TW_TRY(files.sync_directory(slash == std::string::npos ? "." : folder.substr(0, slash + 1)));
  TW_ASSIGN(auto lock, take_lock(files, folder));
  TW_ASSIGN(const Recovered recovered, recover(files, folder));
  if (!recovered.segments.empty())
    TW_TRY(check_identity(folder, recovered.last().identity, identity));
  if (recovered.torn_bytes != 0 || !recovered.after.empty()) {
    log_lines().info(
        "changelog {}: the last {} bytes, of a transaction that was not complete, are cut", folder,
        recovered.torn_bytes);
  }
  TW_ASSIGN(auto output, LogOutput::open(files, folder, options, identity, recovered));
  std::vector<SegmentHeader> older;
  for (const SegmentInfo& segment : recovered.segments) older.push_back(segment.header);
  std::optional<SegmentHeader> newest;
  if (!older.empty()) {
    newest = older.back();
    older.pop_back();
  }
  TW_ASSIGN(auto registry,
            SchemaRegistry::open(files, folder, std::move(older), newest ? &*newest : nullptr,
                                 recovered.end.position, recovered.next_schema_id));
  TW_ASSIGN(auto spools, Spools::open(files, folder, output->head().incarnation, recovered.spools,
                                      options.sync != SyncPolicy::kNone));
  return std::make_unique<LogWriter>(files, folder, options, std::move(lock), recovered.position,
                                     recovered.state, std::move(registry), std::move(spools),
                                     std::move(output));
}

}  // namespace tailwater::changelog
