// tailwater log: what is in a changelog, is it sound, and how to go on if it is not.
#include <memory>

#include <fmt/format.h>

#include "base/text.h"
#include "changelog/verify.h"
#include "cli/command.h"
#include "model/temporal.h"
#include "pipeline/log_path.h"

namespace tailwater::cli {
namespace {

struct LogFlags {
  std::string log;
  std::string data_dir = "tailwater-data";
  uint64_t from = 0;
  uint64_t limit = 0;
};

std::string time_text(int64_t timestamp_us) {
  std::string text;
  if (timestamp_us != 0) append_timestamp(text, timestamp_us, 3);
  return text.empty() ? "-" : text;
}

std::string position_text(const std::optional<Position>& position) {
  return position ? position->describe() : "none yet";
}

void print_summary(const changelog::LogReport& report, const std::string& folder) {
  uint64_t bytes = 0;
  uint64_t file_bytes = 0;
  for (const changelog::SegmentReport& segment : report.segments) {
    bytes += segment.valid_bytes;
    file_bytes += segment.bytes;
  }
  fmt::print("changelog  {}\n", folder);
  fmt::print("source     {} ({})\n", report.identity.name, to_string(report.identity.kind));
  fmt::print("offsets    {} to {} ({} changes)\n", raw(report.first_offset), raw(report.end_offset),
             raw(report.end_offset) - raw(report.first_offset));
  fmt::print("position   {}\n", position_text(report.position));
  fmt::print("size       {} in {} segment(s)", describe_bytes(bytes), report.segments.size());
  // The last segment's file is made longer ahead of what is written.
  if (file_bytes > bytes) fmt::print(", files of {}", describe_bytes(file_bytes));
  fmt::print("\n");
  for (const changelog::SinkCursor& cursor : report.cursors) {
    fmt::print("cursor     {} at offset {}{}\n", cursor.name, raw(cursor.next),
               cursor.detached ? ", detached" : "");
  }
  for (const changelog::SpoolInfo& prepared : report.prepared) {
    fmt::print("prepared   {} since {}, {} changes, {}\n", prepared.id,
               time_text(prepared.prepared_ts_us), prepared.changes,
               describe_bytes(prepared.bytes));
  }
  for (const Error& lost : report.lost_prepared) fmt::print("lost       {}\n", lost.describe());
}

void print_segment(const changelog::SegmentReport& segment) {
  fmt::print("  {}  {:>10}  {} frames, {} transactions, {} changes, {} to {}\n", segment.name,
             describe_bytes(segment.valid_bytes), segment.frames, segment.transactions,
             segment.changes, time_text(segment.first_ts_us), time_text(segment.last_ts_us));
}

int run_info(const LogFlags&, const std::string& folder) {
  const auto report = changelog::describe_log(FileSystem::posix(), folder);
  if (!report.has_value()) return tailwater::cli::report(report.error());
  print_summary(*report, folder);
  return kExitDone;
}

int run_verify(const LogFlags&, const std::string& folder) {
  const auto report = changelog::verify_log(FileSystem::posix(), folder);
  if (!report.has_value()) return tailwater::cli::report(report.error());
  print_summary(*report, folder);
  for (const changelog::SegmentReport& segment : report->segments) print_segment(segment);
  if (report->torn_bytes != 0) {
    fmt::print("torn tail  {} after the last commit: the next run cuts them, nothing is lost\n",
               describe_bytes(report->torn_bytes));
  }
  if (report->corruption) return tailwater::cli::report(*report->corruption);
  if (!report->lost_prepared.empty()) return tailwater::cli::report(report->lost_prepared.front());
  fmt::print("sound\n");
  return kExitDone;
}

int run_repair(const LogFlags&, const std::string& folder) {
  const auto report = changelog::repair_log(FileSystem::posix(), folder);
  if (!report.has_value()) return tailwater::cli::report(report.error());
  if (!report->changed) {
    fmt::print("nothing to repair\n");
    return kExitDone;
  }
  fmt::print(
      "cut at offset {}; lost: offsets {} to {}\n", raw(report->first_lost),
      raw(report->first_lost),
      report->end_lost ? std::to_string(raw(*report->end_lost)) : "an end that cannot be known");
  fmt::print("the source goes on at {}\n", position_text(report->position));
  for (const std::string& file : report->aside) fmt::print("kept aside: {}\n", file);
  return kExitDone;
}

int run_dump(const LogFlags& flags, const std::string& folder) {
  uint64_t printed = 0;
  const Status dumped = changelog::dump_log(
      FileSystem::posix(), folder, Offset{flags.from}, [&](std::string_view line) {
        fmt::print("{}\n", line);
        return std::ferror(stdout) == 0 && (flags.limit == 0 || ++printed < flags.limit);
      });
  return dumped.has_value() ? kExitDone : report(dumped.error());
}

}  // namespace

void add_log(CLI::App& app, const Chosen& chosen) {
  auto flags = std::make_shared<LogFlags>();
  CLI::App* log = app.add_subcommand("log", "look at a changelog, check it, repair it");
  log->require_subcommand(1);
  struct Part {
    const char* name;
    const char* help;
    int (*run)(const LogFlags&, const std::string& folder);
  };
  const Part parts[] = {
      {"info", "what is in it: offsets, position, size, cursors", run_info},
      {"verify", "read and check every byte; exit 1 when it is damaged", run_verify},
      {"dump", "print its frames and records as text", run_dump},
      {"repair", "cut a damaged log after its last good commit; what is cut is kept aside",
       run_repair}};
  for (const Part& part : parts) {
    CLI::App* command = log->add_subcommand(part.name, part.help);
    command->add_option("LOG", flags->log, "log:FOLDER, or the name of a source in the data folder")
        ->required();
    command->add_option("--data-dir", flags->data_dir, "the data folder (default tailwater-data)")
        ->envname("TAILWATER_DATA_DIR")
        ->type_name("");
    if (std::string_view(part.name) == "dump") {
      command->add_option("--from", flags->from, "the offset to start at")->type_name("");
      command->add_option("--limit", flags->limit, "end after so many lines")->type_name("");
    }
    command->callback([flags, chosen, run = part.run] {
      chosen([flags, run] {
        const auto folder = pipeline::find_log(flags->log, flags->data_dir);
        return folder.has_value() ? run(*flags, *folder) : report(folder.error());
      });
    });
  }
}

}  // namespace tailwater::cli
