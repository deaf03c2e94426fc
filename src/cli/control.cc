// tailwater status, pause, resume: speak to a running `tailwater run`.
#include "pipeline/control.h"

#include <memory>

#include <fmt/color.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/command.h"

namespace tailwater::cli {
namespace {

using nlohmann::json;

struct ControlFlags {
  std::string data_dir = "tailwater-data";
  std::string source;
  bool json = false;
};

// A number of the answer, or -1.
int64_t number(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<int64_t>() : -1;
}

std::string lag_text(const json& source) {
  const int64_t lag_ms = number(source, "lag_ms");
  const int64_t behind = number(source, "behind_bytes");
  std::string text = lag_ms < 0 ? "-" : lag_ms == 0 ? "none" : describe_duration_us(lag_ms * 1000);
  if (behind >= 0) text += ", " + describe_bytes(static_cast<uint64_t>(behind));
  return text;
}

void print_line(std::string_view name, std::string_view value) {
  fmt::print("    {:<12}{}\n", name, value);
}

std::string health_mark(const json& part, bool colour) {
  const bool good = part.value("healthy", false);
  const std::string word = good ? "green" : "red";
  if (!colour) return word;
  return fmt::format(fmt::fg(good ? fmt::terminal_color::green : fmt::terminal_color::red), "{}",
                     word);
}

void print_source(const json& source, bool colour) {
  fmt::print("  source {}  {}  {}\n", source.value("name", ""), health_mark(source, colour),
             source.value("state", ""));
  if (const std::string why = source.value("why", ""); !why.empty()) print_line("why", why);
  print_line("server", source.value("server", ""));
  print_line("position", source.value("position", ""));
  print_line("lag", lag_text(source));
  print_line("rate",
             fmt::format("{:.0f} changes/s, {}/s", source.value("changes_per_s", 0.0),
                         describe_bytes(static_cast<uint64_t>(source.value("bytes_per_s", 0.0)))));
  print_line("log", fmt::format("{}, next offset {}",
                                describe_bytes(static_cast<uint64_t>(number(source, "log_bytes"))),
                                number(source, "next_offset")));
}

void print_sink(const json& sink, bool colour) {
  fmt::print("  sink {}  {}  {}\n", sink.value("name", ""), health_mark(sink, colour),
             sink.value("state", ""));
  if (const std::string why = sink.value("why", ""); !why.empty()) print_line("why", why);
  print_line("cursor", fmt::format("offset {}, {} changes behind", number(sink, "next_offset"),
                                   number(sink, "behind_changes")));
  print_line("rate", fmt::format("{:.0f} changes/s", sink.value("changes_per_s", 0.0)));
}

int run_status(const ControlFlags& flags) {
  const auto answer =
      pipeline::control_request(pipeline::control_path(flags.data_dir), {{"command", "status"}});
  if (!answer.has_value()) return report(answer.error());
  const bool healthy = answer->value("healthy", false);
  if (flags.json || !is_terminal(STDOUT_FILENO)) {
    fmt::print("{}\n", answer->dump());
    return healthy ? kExitDone : kExitFailed;
  }
  fmt::print("tailwater {}  {}  up {}\n", answer->value("version", ""), health_mark(*answer, true),
             describe_duration_us(number(*answer, "uptime_ms") * 1000));
  for (const json& source : (*answer)["sources"]) print_source(source, true);
  for (const json& sink : (*answer)["sinks"]) print_sink(sink, true);
  return healthy ? kExitDone : kExitFailed;
}

int run_request(const ControlFlags& flags, const std::string& command) {
  json request = {{"command", command}};
  if (!flags.source.empty()) request["source"] = flags.source;
  const auto answer =
      pipeline::control_request(pipeline::control_path(flags.data_dir), request, 60'000'000);
  if (!answer.has_value()) return report(answer.error());
  for (const json& name : (*answer)["sources"]) {
    fmt::print("{}: {}\n", name.get<std::string>(), command == "pause" ? "paused" : "running");
  }
  return kExitDone;
}

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& help,
                      ControlFlags& flags) {
  CLI::App* command = app.add_subcommand(name, help);
  command
      ->add_option("--data-dir", flags.data_dir,
                   "the data folder of the running tailwater (default tailwater-data)")
      ->envname("TAILWATER_DATA_DIR")
      ->type_name("");
  return command;
}

}  // namespace

void add_control(CLI::App& app, const Chosen& chosen) {
  auto flags = std::make_shared<ControlFlags>();
  CLI::App* status =
      add_command(app, "status", "how a running tailwater is doing; exit 1 when it is red", *flags);
  status->add_flag("--json", flags->json, "print the answer as JSON (the default when piped)");
  status->callback([flags, chosen] { chosen([flags] { return run_status(*flags); }); });
  const std::pair<std::string, std::string> requests[] = {
      {"pause", "stop reading a source at a transaction's end; its changelog stays readable"},
      {"resume", "go on reading a paused or failed source where it stopped"}};
  for (const auto& [name, help] : requests) {
    CLI::App* command = add_command(app, name, help, *flags);
    command->add_option("SOURCE", flags->source, "the source's name (default: all)");
    command->callback([flags, chosen, name = name] {
      chosen([flags, name] { return run_request(*flags, name); });
    });
  }
}

}  // namespace tailwater::cli
