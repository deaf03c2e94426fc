// tailwater stream: a source's changes on stdout.
#include <cstdlib>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>

#include "base/log_line.h"
#include "cli/command.h"
#include "cli/signals.h"
#include "format/formatter.h"
#include "pipeline/format_flags.h"
#include "pipeline/pump.h"
#include "pipeline/stream_session.h"
#include "sink/console/console_sink.h"

namespace tailwater::cli {
namespace {

constexpr const char* kSourceName = "stream";
constexpr const char* kReaderName = "stdout";

struct StreamFlags {
  std::string url;
  std::string format = format::list_formats().front();
  std::vector<std::string> format_options;
  std::string data_dir;
  std::string log_level;
  SourceFlags source;
};

Result<pipeline::SourceConfig> read_config(const StreamFlags& flags) {
  pipeline::Settings settings;
  if (flags.url.empty() && std::getenv("TAILWATER_URL") == nullptr) {
    return fail(ErrorKind::kUserFix, "no source is named",
                "tailwater stream mysql://user@host:port, or binlog:FILE");
  }
  if (!flags.url.empty())
    settings.set_flag(std::string("source.") + kSourceName + ".url", flags.url);
  flags.source.apply(settings, kSourceName);
  TW_ASSIGN(pipeline::SourceConfig config, pipeline::read_source(settings, kSourceName));
  TW_TRY(settings.refuse_unknown());
  return config;
}

void say_where(const SourceStatus& status) {
  fmt::print(stderr, "tailwater: reading {} from {}; Ctrl-C stops\n", status.server,
             status.position.describe());
}

Result<int> stream(const StreamFlags& flags, Signals& signals) {
  TW_ASSIGN(const auto options, pipeline::parse_format_flags(flags.format, flags.format_options));
  TW_ASSIGN(const pipeline::SourceConfig config, read_config(flags));
  TW_ASSIGN(auto session, pipeline::StreamSession::open(config, flags.data_dir, kReaderName));
  TW_ASSIGN(auto formatter,
            format::make_formatter(flags.format, options, session->source().kind()));
  if (is_terminal(STDERR_FILENO)) say_where(session->source().status().source);

  sink::ConsoleSink sink(STDOUT_FILENO, std::move(formatter));
  pipeline::Pump pump(session->reader(), sink,
                      {.name = kReaderName,
                       .store_cursor = [&](Offset offset) { return session->release(offset); },
                       .finished = [&] { return session->ended(); }});
  const Status pumped = pump.run(signals.token());
  if (!pumped.has_value()) {
    // `head` and the like have read enough: that is no failure.
    if (pumped.error().kind == ErrorKind::kStopped && !signals.interrupted()) return kExitDone;
    return fail(pumped.error());
  }
  TW_TRY(session->source().result());
  return signals.interrupted() ? kExitInterrupted : kExitDone;
}

int run_stream(const StreamFlags& flags) {
  Signals signals;
  set_up_log_lines(flags.log_level);
  const Result<int> code = stream(flags, signals);
  return code.has_value() ? *code : report(code.error());
}

}  // namespace

void add_stream(CLI::App& app, const Chosen& chosen) {
  auto flags = std::make_shared<StreamFlags>();
  CLI::App* command =
      app.add_subcommand("stream", "print a source's changes, one JSON document per line");
  command->footer(
      "URL is mysql://user@host:port, mariadb://user@host, or binlog:FILE (several with commas).\n"
      "Passwords: in TAILWATER_MYSQL_PASSWORD or MYSQL_PWD, ~/.my.cnf, --password-file or "
      "--password-command.\n"
      "Without --data-dir nothing is kept: the stream starts anew each time.");
  command->add_option("URL", flags->url, "the source");
  command->add_option("--format", flags->format, format::describe_formats())->type_name("");
  command
      ->add_option("--format-option", flags->format_options,
                   "NAME=VALUE, by the format's own names (docs/formats.md); may be repeated")
      ->allow_extra_args(false)
      ->type_name("");
  command
      ->add_option("--data-dir", flags->data_dir,
                   "keep the changelog here and go on from it the next time")
      ->type_name("");
  command->add_option("--log-level", flags->log_level, "debug, info, warn (default), error or off")
      ->default_val("warn")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->type_name("");
  flags->source.add_connection(*command);
  flags->source.add_selection(*command);
  command->callback([flags, chosen] { chosen([flags] { return run_stream(*flags); }); });
}

}  // namespace tailwater::cli
