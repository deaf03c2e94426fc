// tailwater check: is this source ready, and what exactly would mend it?
#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/color.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/file.h"
#include "base/log_line.h"
#include "changelog/recovery.h"
#include "cli/command.h"
#include "db/mysql/catalog.h"
#include "db/mysql/preflight.h"
#include "pipeline/runner.h"
#include "pipeline/source_factory.h"
#include "source/mysql/readiness.h"
#include "source/mysql/schema_file.h"
#include "transform/selection.h"

namespace tailwater::cli {
namespace {

using mysql::Finding;

struct CheckFlags {
  std::string url;
  std::string config;
  std::string data_dir;
  std::string schema_out;
  bool json = false;
  SourceFlags source;
};

fmt::text_style style_of(Finding::Level level) {
  switch (level) {
    case Finding::Level::kOk:
      return fmt::fg(fmt::terminal_color::green);
    case Finding::Level::kWarning:
      return fmt::fg(fmt::terminal_color::yellow);
    case Finding::Level::kError:
      return fmt::fg(fmt::terminal_color::red);
  }
  return {};
}

void print_indented(std::string_view label, std::string_view text) {
  size_t start = 0;
  while (start <= text.size()) {
    const size_t end = std::min(text.find('\n', start), text.size());
    fmt::print("           {:<5}{}\n", start == 0 ? label : "", text.substr(start, end - start));
    start = end + 1;
  }
}

void print_finding(const Finding& finding, bool colour) {
  const std::string level = fmt::format("{:<9}", mysql::to_string(finding.level));
  fmt::print("  {}{}: {}\n", colour ? fmt::format(style_of(finding.level), "{}", level) : level,
             finding.name, finding.found);
  if (!finding.why.empty()) print_indented("why", finding.why);
  if (!finding.remedy.empty()) print_indented("mend", finding.remedy);
}

void print_json(const Finding& finding, const std::string& source) {
  nlohmann::json line = {{"check", finding.name},
                         {"level", mysql::to_string(finding.level)},
                         {"found", finding.found},
                         {"why", finding.why},
                         {"remedy", finding.remedy}};
  if (!source.empty()) line["source"] = source;
  fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Status write_schema(mysql::Connection& connection, const pipeline::SourceConfig& config,
                    const std::string& path) {
  TW_ASSIGN(const Selection selection,
            Selection::compile(config.table_include, config.table_exclude));
  TW_ASSIGN(const auto names, mysql::list_tables(connection, [&](const mysql::TableName& name) {
              return selection.selects(name.database, name.table);
            }));
  TW_ASSIGN(const auto tables, mysql::read_tables(connection, names));
  TW_TRY(replace_file(FileSystem::posix(), path, mysql::print_schema_file(tables)));
  fmt::print("wrote the columns of {} tables to {}\n", tables.size(), path);
  return {};
}

// `source`: its name in the configuration file; "" for one that is named on the command line.
int print_findings(const std::vector<Finding>& findings, const mysql::Connection& connection,
                   const std::string& source, bool json) {
  size_t errors = 0;
  size_t warnings = 0;
  const bool as_json = json || !is_terminal(STDOUT_FILENO);
  if (!as_json) {
    fmt::print("{}{} {} at {}\n", source.empty() ? "" : source + ": ",
               to_string(connection.flavor()), connection.version_text(),
               connection.endpoint().describe());
  }
  for (const Finding& finding : findings) {
    if (finding.level == Finding::Level::kError) ++errors;
    if (finding.level == Finding::Level::kWarning) ++warnings;
    if (as_json) {
      print_json(finding, source);
    } else {
      print_finding(finding, true);
    }
  }
  if (!as_json) {
    fmt::print("{}\n", errors != 0
                           ? fmt::format("not ready: {} error(s), {} warning(s)", errors, warnings)
                       : warnings != 0 ? fmt::format("ready, with {} warning(s)", warnings)
                                       : "ready");
  }
  return errors != 0 ? kExitUsage : kExitDone;
}

// Where the source's changelog ends, if there is one; only reads.
Result<std::optional<Position>> stored_position(const std::string& folder) {
  if (folder.empty()) return std::optional<Position>();
  auto recovered = changelog::recover(FileSystem::posix(), folder);
  if (recovered.has_value()) return recovered->position;
  if (recovered.error().kind == ErrorKind::kNotFound) return std::optional<Position>();
  return fail(std::move(recovered).error());
}

Result<int> check_server(const pipeline::SourceConfig& config, const mysql::Endpoint& endpoint,
                         const std::string& folder, const std::string& source, bool json) {
  TW_ASSIGN(mysql::Connection connection, mysql::Connection::open(endpoint));
  TW_ASSIGN(const Selection selection, pipeline::selection_of(config));
  mysql::ReadinessOptions options;
  TW_ASSIGN(options.preflight.tables,
            mysql::list_tables(connection, [&](const mysql::TableName& name) {
              return selection.selects(name.database, name.table);
            }));
  options.preflight.snapshot = config.snapshot != "never";
  options.preflight.replica_server_id = config.replica_server_id;
  options.accept_errant = config.accept_errant;
  TW_ASSIGN(options.stored, stored_position(folder));
  TW_ASSIGN(const auto findings, mysql::check_readiness(connection, options));
  return print_findings(findings, connection, source, json);
}

// All servers of its URL: any of them may be the next one to read from.
Result<int> check_source(const pipeline::SourceConfig& config, const std::string& folder,
                         const std::string& source, bool json) {
  TW_ASSIGN(const auto endpoints, pipeline::endpoints_of(config));
  int code = kExitDone;
  for (const mysql::Endpoint& endpoint : endpoints) {
    TW_ASSIGN(const int found, check_server(config, endpoint, folder, source, json));
    code = std::max(code, found);
  }
  return code;
}

// The sources of a configuration file; those that read files have nothing to check.
Result<int> check_all(const CheckFlags& flags) {
  pipeline::Settings settings;
  TW_TRY(settings.load_toml(flags.config));
  if (!flags.data_dir.empty()) settings.set_flag("data_dir", flags.data_dir);
  TW_ASSIGN(const pipeline::Config config, pipeline::read_config(settings));
  int worst = kExitDone;
  for (const pipeline::SourceConfig& source : config.sources) {
    if (source.url.starts_with("binlog:")) continue;
    auto code = check_source(source, pipeline::log_folder(config.data_dir, source.name),
                             source.name, flags.json);
    if (!code.has_value()) return fail(std::move(code).error().in("source " + source.name));
    worst = std::max(worst, *code);
  }
  return worst;
}

Result<int> check(const CheckFlags& flags) {
  if (!flags.config.empty() && !flags.url.empty()) {
    return fail(ErrorKind::kUserFix, "a URL and --config are both given", "give one of them");
  }
  if (!flags.config.empty()) return check_all(flags);
  pipeline::Settings settings;
  if (!flags.url.empty()) settings.set_flag("source.check.url", flags.url);
  flags.source.apply(settings, "check");
  TW_ASSIGN(const pipeline::SourceConfig config, pipeline::read_source(settings, "check"));
  if (flags.schema_out.empty()) return check_source(config, flags.data_dir, "", flags.json);
  TW_ASSIGN(mysql::Connection connection, pipeline::connect_first(config));
  TW_TRY(write_schema(connection, config, flags.schema_out));
  return kExitDone;
}

}  // namespace

void add_check(CLI::App& app, const Chosen& chosen) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* command =
      app.add_subcommand("check", "is this server ready to be captured? what exactly mends it?");
  command->footer(
      "Exit code 0: ready (perhaps with warnings); 2: something must change on the server.");
  command->add_option("URL", flags->url, "mysql://user@host:port or mariadb://user@host:port");
  command->add_flag("--json", flags->json, "one JSON object per check (the default when piped)");
  command
      ->add_option("--write-schema", flags->schema_out,
                   "write the tables' columns, as they are now, to a file for stream --schema")
      ->type_name("FILE");
  command
      ->add_option("--config,-c", flags->config,
                   "check all sources of this configuration file, with their stored positions")
      ->type_name("FILE");
  command
      ->add_option("--data-dir", flags->data_dir,
                   "where `stream` keeps its changelog: check its position too; with --config: the "
                   "data folder")
      ->type_name("FOLDER");
  flags->source.add_check(*command);
  command->callback([flags, chosen] {
    chosen([flags] {
      set_up_log_lines("warn");
      const Result<int> code = check(*flags);
      return code.has_value() ? *code : report(code.error());
    });
  });
}

}  // namespace tailwater::cli
