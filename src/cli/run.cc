// tailwater run: sources, changelogs and sinks from a configuration file.
#include <memory>

#include <fmt/format.h>

#include "base/log_line.h"
#include "cli/command.h"
#include "cli/signals.h"
#include "pipeline/runner.h"

namespace tailwater::cli {
namespace {

struct RunFlags {
  std::string config = "tailwater.toml";
  bool validate = false;
};

// `--source.shop.url VALUE` and `--source.shop.url=VALUE`.
Status take_setting_flags(const std::vector<std::string>& words, pipeline::Settings& settings) {
  for (size_t i = 0; i < words.size(); ++i) {
    std::string word = words[i];
    if (!word.starts_with("--")) {
      return fail(ErrorKind::kUserFix, "what is '" + word + "'?", "see: tailwater run --help");
    }
    word.erase(0, 2);
    std::string value;
    if (const size_t equals = word.find('='); equals != std::string::npos) {
      value = word.substr(equals + 1);
      word.resize(equals);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      return fail(ErrorKind::kUserFix, "--" + word + " lacks its value");
    }
    std::string key;
    for (const char c : word) key += c == '-' && word.find('.') == std::string::npos ? '_' : c;
    settings.set_flag(key, value);
  }
  return {};
}

Result<pipeline::Config> load(const RunFlags& flags, const std::vector<std::string>& words) {
  pipeline::Settings settings;
  TW_TRY(settings.load_toml(flags.config));
  TW_TRY(take_setting_flags(words, settings));
  return pipeline::read_config(settings);
}

int run_run(const RunFlags& flags, const std::vector<std::string>& words) {
  Signals signals;
  const auto config = load(flags, words);
  if (!config.has_value()) return report(config.error());
  if (flags.validate) {
    fmt::print("{} is good: {} source(s), {} sink(s)\n", flags.config, config->sources.size(),
               config->sinks.size());
    return kExitDone;
  }
  set_up_log_lines(config->log_level);
  auto runner = pipeline::Runner::start(*config);
  if (!runner.has_value()) return report(runner.error());
  const Status ended = (*runner)->wait(signals.token());
  if (!ended.has_value()) return report(ended.error());
  return signals.interrupted() ? kExitInterrupted : kExitDone;
}

std::string settings_help() {
  std::string text =
      "Settings (in the file, as --KEY VALUE, or as TAILWATER_KEY in capitals with _ for dots):\n";
  for (const pipeline::KeyHelp& key : pipeline::all_keys()) {
    text += fmt::format("  {:<34} {}{}\n", key.key, key.meaning,
                        key.fallback.empty() ? "" : fmt::format(" (default {})", key.fallback));
  }
  return text;
}

}  // namespace

void add_run(CLI::App& app, const Chosen& chosen) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* command = app.add_subcommand(
      "run", "capture sources into changelogs and feed sinks, from a configuration file");
  command
      ->add_option("--config,-c", flags->config, "the configuration file (default tailwater.toml)")
      ->type_name("");
  command->add_flag("--validate", flags->validate,
                    "only read the configuration and say whether it is good");
  command->allow_extras();
  command->footer(settings_help());
  command->callback([flags, chosen, command] {
    chosen([flags, words = command->remaining()] { return run_run(*flags, words); });
  });
}

}  // namespace tailwater::cli
