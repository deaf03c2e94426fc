// tailwater status, pause, resume, snapshot: speak to a running `tailwater run`.
#include "pipeline/control.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/color.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.h"
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

struct SnapshotFlags : ControlFlags {
  std::vector<std::string> tables;
  std::string where;
  std::string sink;
  bool wait = false;
  bool pause = false;
  bool resume = false;
  bool cancel = false;
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

std::string snapshot_text(const json& snapshot) {
  const int64_t rows = number(snapshot, "rows");
  const int64_t expected = number(snapshot, "rows_expected");
  const int64_t eta_ms = number(snapshot, "eta_ms");
  std::string text = fmt::format("{} {}, {} of {} tables, {} rows", snapshot.value("id", 0UL),
                                 snapshot.value("state", ""), number(snapshot, "tables_done"),
                                 number(snapshot, "tables"), rows);
  if (expected > 0) text += fmt::format(" of about {}", std::max(rows, expected));
  if (snapshot.value("state", "") == "reading") {
    text += fmt::format(", {:.0f} rows/s", snapshot.value("rows_per_s", 0.0));
    if (eta_ms >= 0) text += fmt::format(", {} left", describe_duration_us(eta_ms * 1000));
  }
  if (const std::string sink = snapshot.value("sink", ""); !sink.empty()) text += ", for " + sink;
  if (const std::string why = snapshot.value("last_error", ""); !why.empty()) text += "; " + why;
  return text;
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
  if (const int64_t prepared = number(source, "prepared"); prepared > 0) {
    const int64_t age_us = Clock::system().now_us() - number(source, "prepared_since_us");
    print_line("prepared",
               fmt::format("{} transactions wait for their commit, the oldest for {}", prepared,
                           describe_duration_us(std::max<int64_t>(age_us, 0))));
  }
  if (source.contains("snapshot") && source["snapshot"].is_object()) {
    print_line("snapshot", snapshot_text(source["snapshot"]));
  }
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

// The snapshot that a source's status shows; null when it shows none.
Result<json> ask_snapshot(const ControlFlags& flags, const std::string& source) {
  TW_ASSIGN(const json answer, pipeline::control_request(pipeline::control_path(flags.data_dir),
                                                         {{"command", "status"}}));
  for (const json& each : answer["sources"]) {
    if (each.value("name", "") == source) return each.value("snapshot", json());
  }
  return json();
}

// Shows how far it is until it is done; the id is of the snapshot that was asked for.
Result<int> wait_for_snapshot(const SnapshotFlags& flags, const std::string& source, uint64_t id) {
  const bool terminal = is_terminal(STDERR_FILENO);
  for (;;) {
    TW_ASSIGN(const json snapshot, ask_snapshot(flags, source));
    const uint64_t now = snapshot.is_object() ? snapshot.value("id", 0UL) : 0;
    const std::string state = snapshot.is_object() ? snapshot.value("state", "") : "";
    const bool ended = now > id || (now == id && (state == "done" || state == "failed"));
    if (terminal) {
      const std::string text =
          now == id ? snapshot_text(snapshot) : std::string("waits for its turn");
      fmt::print(stderr, "\r\033[K{}: snapshot {}{}", source, text, ended ? "\n" : "");
    }
    if (ended && now == id && state == "failed") {
      return fail(ErrorKind::kUserFix, "the snapshot failed: " + snapshot.value("last_error", ""));
    }
    if (ended) return kExitDone;
    ::usleep(200'000);
  }
}

Result<int> snapshot(const SnapshotFlags& flags) {
  json request = {{"command", "snapshot"}, {"source", flags.source}};
  const std::string action = flags.pause    ? "pause"
                             : flags.resume ? "resume"
                             : flags.cancel ? "cancel"
                                            : "start";
  request["action"] = action;
  request["tables"] = flags.tables;
  request["where"] = flags.where;
  request["sink"] = flags.sink;
  TW_ASSIGN(const json answer,
            pipeline::control_request(pipeline::control_path(flags.data_dir), request, 60'000'000));
  const std::string source = answer.value("source", "");
  if (action != "start") {
    fmt::print("{}: {} asked for\n", source, action);
    return kExitDone;
  }
  const auto id = answer.value("snapshot", uint64_t{0});
  if (flags.json || !is_terminal(STDOUT_FILENO)) {
    fmt::print("{}\n", answer.dump());
  } else {
    fmt::print("{}: snapshot {} asked for; 'tailwater status' shows how far it is\n", source, id);
  }
  std::fflush(stdout);
  return flags.wait ? wait_for_snapshot(flags, source, id) : kExitDone;
}

int run_snapshot(const SnapshotFlags& flags) {
  const Result<int> code = snapshot(flags);
  return code.has_value() ? *code : report(code.error());
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

void add_snapshot(CLI::App& app, const Chosen& chosen) {
  auto flags = std::make_shared<SnapshotFlags>();
  CLI::App* command = add_command(
      app, "snapshot", "read tables of a running source again, while it streams", *flags);
  command->footer(
      "TABLE is a regular expression that matches the whole of database.table; without any, all\n"
      "captured tables are read. A snapshot goes on after a restart until it is done.");
  command->add_option("TABLE", flags->tables, "the tables to read (default: all)");
  command->add_option("--source", flags->source, "the source, if there are several")->type_name("");
  command->add_option("--where", flags->where, "a condition in SQL: only rows that fit it")
      ->type_name("");
  command->add_option("--sink", flags->sink, "only this sink gets the rows")->type_name("");
  command->add_flag("--wait", flags->wait, "wait until it is done, and show how far it is");
  command->add_flag("--json", flags->json, "print the answer as JSON (the default when piped)");
  auto* pause = command->add_flag("--pause", flags->pause, "pause the one that runs");
  auto* resume = command->add_flag("--resume", flags->resume, "go on with a paused one");
  auto* cancel = command->add_flag("--cancel", flags->cancel, "give up the one that runs");
  pause->excludes(resume)->excludes(cancel);
  resume->excludes(cancel);
  command->callback([flags, chosen] { chosen([flags] { return run_snapshot(*flags); }); });
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
  add_snapshot(app, chosen);
}

}  // namespace tailwater::cli
