// tailwater: the program.
#include <fmt/format.h>
#include <tailwater/version.h>

#include "cli/command.h"
#include "cli/signals.h"

namespace {

constexpr const char* kFooter =
    "First steps:\n"
    "  tailwater check mysql://user@host          is this server ready? what would mend it?\n"
    "  tailwater stream mysql://user@host         print its changes as they happen\n"
    "  tailwater stream mysql://user@host/shop --from earliest --until now\n"
    "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 the source refuses the position,\n"
    "130 interrupted after a clean stop.";

}  // namespace

int main(int argc, char** argv) {
  namespace cli = tailwater::cli;
  CLI::App app("Change data capture for MySQL and MariaDB: a durable, ordered, replayable stream.",
               "tailwater");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("tailwater ") + tailwater::kVersion);
  app.require_subcommand(1);
  app.fallthrough(false);

  cli::Run run;
  const cli::Chosen chosen = [&run](cli::Run function) { run = std::move(function); };
  cli::add_check(app, chosen);
  cli::add_stream(app, chosen);
  cli::add_run(app, chosen);
  cli::add_control(app, chosen);
  cli::add_tail(app, chosen);
  cli::add_log(app, chosen);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? cli::kExitDone : cli::kExitUsage;
  }
  return run ? run() : cli::kExitUsage;
}
