// tailwater: the program.
#include <algorithm>
#include <cstdio>
#include <optional>

#include <fmt/format.h>
#include <tailwater/version.h>

#include "base/text.h"
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

// A first word that is no command, with the one that was probably meant.
std::optional<tailwater::Error> wrong_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return std::nullopt;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return std::nullopt;
  const std::string close = tailwater::nearest(argv[1], names);
  return tailwater::Error{tailwater::ErrorKind::kUserFix,
                          fmt::format("there is no command '{}'", argv[1]),
                          {},
                          close.empty()
                              ? fmt::format("the commands are: {}", fmt::join(names, ", "))
                              : fmt::format("did you mean '{}'?", close)};
}

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
    if (const auto wrong = wrong_command(app, argc, argv); wrong.has_value()) {
      return cli::report(*wrong);
    }
    app.parse(argc, argv);
    return run ? run() : cli::kExitUsage;
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? cli::kExitDone : cli::kExitUsage;
  } catch (const std::exception& error) {
    // The standard streams went away, or there is no memory: nothing that a command could mend.
    (void)std::fprintf(stderr, "tailwater: %s\n", error.what());
    return cli::kExitFailed;
  }
}
