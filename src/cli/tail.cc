// tailwater tail: changes from a changelog, also while another process writes it.
#include <memory>

#include <unistd.h>

#include "base/text.h"
#include "changelog/reader.h"
#include "cli/command.h"
#include "cli/signals.h"
#include "format/formatter.h"
#include "pipeline/format_flags.h"
#include "pipeline/log_path.h"
#include "pipeline/pump.h"
#include "sink/console/console_sink.h"
#include "source/mysql/bound.h"
#include "transform/selection.h"

namespace tailwater::cli {
namespace {

struct TailFlags {
  std::string log;
  std::string data_dir = "tailwater-data";
  std::string from = "now";
  std::string until;
  bool no_follow = false;
  std::string format = format::list_formats().front();
  std::vector<std::string> format_options;
  std::vector<std::string> table_include;
  std::vector<std::string> table_exclude;
};

Result<changelog::StartAt> parse_start(const std::string& text) {
  using Kind = changelog::StartAt::Kind;
  if (text == "now" || text == "latest") return changelog::StartAt{Kind::kLatest};
  if (text == "earliest") return changelog::StartAt{Kind::kEarliest};
  if (const auto offset = parse_number(text); offset.has_value()) {
    return changelog::StartAt{Kind::kOffset, Offset{*offset}};
  }
  if (const auto time = mysql::parse_timestamp_us(text); time.has_value()) {
    return changelog::StartAt{Kind::kTimestamp, {}, *time};
  }
  return fail(ErrorKind::kUserFix, "--from: '" + text + "' is not a place in a changelog",
              "write now, earliest, an offset, or a time (2024-05-06T07:08:09Z)");
}

Result<std::optional<Offset>> parse_end(const std::string& text, const changelog::Reader& reader) {
  if (text.empty()) return std::optional<Offset>{};
  if (text == "now") return std::optional(reader.visible_end());
  auto offset = parse_number(text);
  if (!offset.has_value()) return fail(std::move(offset).error().in("--until"));
  return std::optional(Offset{*offset});
}

Result<int> tail(const TailFlags& flags, Signals& signals) {
  TW_ASSIGN(const auto options, pipeline::parse_format_flags(flags.format, flags.format_options));
  TW_ASSIGN(const auto selection, Selection::compile(flags.table_include, flags.table_exclude));
  TW_ASSIGN(const auto start, parse_start(flags.from));
  TW_ASSIGN(const std::string folder, pipeline::find_log(flags.log, flags.data_dir));
  TW_ASSIGN(auto reader, changelog::Reader::open(FileSystem::posix(), folder, {.start = start}));
  TW_ASSIGN(const auto until, parse_end(flags.until, *reader));
  TW_ASSIGN(auto formatter, format::make_formatter(flags.format, options, reader->identity().kind));
  if (until && raw(*until) <= raw(reader->offset())) return kExitDone;

  sink::ConsoleSink sink(STDOUT_FILENO, std::move(formatter));
  pipeline::Pump pump(*reader, sink,
                      {.selection = selection, .until = until, .follow = !flags.no_follow});
  const Status pumped = pump.run(signals.token());
  if (!pumped.has_value()) {
    if (pumped.error().kind == ErrorKind::kStopped && !signals.interrupted()) return kExitDone;
    return fail(pumped.error());
  }
  return signals.interrupted() ? kExitInterrupted : kExitDone;
}

}  // namespace

void add_tail(CLI::App& app, const Chosen& chosen) {
  auto flags = std::make_shared<TailFlags>();
  CLI::App* command =
      app.add_subcommand("tail", "print changes from a changelog, live or from its history");
  command->add_option("LOG", flags->log, "log:FOLDER, or the name of a source in the data folder")
      ->required();
  command->add_option("--data-dir", flags->data_dir, "the data folder (default tailwater-data)")
      ->envname("TAILWATER_DATA_DIR")
      ->type_name("");
  command->add_option("--from", flags->from, "now (default), earliest, an offset, or a time")
      ->type_name("");
  command->add_option("--until", flags->until, "now, or an offset to end before")->type_name("");
  command->add_flag("--no-follow", flags->no_follow, "end where the changelog ends");
  command->add_option("--format", flags->format, format::describe_formats())->type_name("");
  command
      ->add_option("--format-option", flags->format_options,
                   "NAME=VALUE (docs/formats.md); may be repeated")
      ->allow_extra_args(false)
      ->type_name("");
  command
      ->add_option("--table-include", flags->table_include,
                   "regular expression on database.table; may be repeated")
      ->allow_extra_args(false)
      ->type_name("");
  command
      ->add_option("--table-exclude", flags->table_exclude,
                   "regular expression on database.table; may be repeated")
      ->allow_extra_args(false)
      ->type_name("");
  command->callback([flags, chosen] {
    chosen([flags] {
      Signals signals;
      const Result<int> code = tail(*flags, signals);
      return code.has_value() ? *code : report(code.error());
    });
  });
}

}  // namespace tailwater::cli
