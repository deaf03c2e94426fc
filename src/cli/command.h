// Commands: what each `tailwater COMMAND` shares with the others.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "pipeline/settings.h"

namespace tailwater::cli {

/// Exit codes, the same for every command (docs/commands.md).
enum ExitCode : int {
  kExitDone = 0,
  kExitFailed = 1,
  kExitUsage = 2,    ///< usage or configuration
  kExitRefused = 3,  ///< the source refuses: position gone, identity changed
  kExitInterrupted = 130,
};

/// The exit code for an error.
int exit_code(const Error& error);
/// Prints "tailwater: …" with position and hint on stderr; returns the exit code.
int report(const Error& error);

/// A command sets up its options and leaves a function to run when it is the one that was asked
/// for.
using Run = std::function<int()>;
using Chosen = std::function<void(Run)>;

void add_check(CLI::App& app, const Chosen& chosen);
void add_stream(CLI::App& app, const Chosen& chosen);
void add_run(CLI::App& app, const Chosen& chosen);
void add_control(CLI::App& app, const Chosen& chosen);  // status, pause, resume
void add_tail(CLI::App& app, const Chosen& chosen);
void add_log(CLI::App& app, const Chosen& chosen);

/// Flags of one source, shared by `check` and `stream`; they become settings "source.NAME.…".
struct SourceFlags {
  std::vector<std::pair<std::string, std::vector<std::string>>> values;  ///< key, texts
  void add_connection(CLI::App& command);
  void add_tables(CLI::App& command);
  void add_columns(CLI::App& command);
  void add_check(CLI::App& command);
  void add_selection(CLI::App& command);
  /// Copies what was given on the command line.
  void apply(pipeline::Settings& settings, const std::string& source) const;

 private:
  void add(CLI::App& command, const std::string& key, const std::string& flag,
           const std::string& help);
};

/// Whether a stream is a terminal, so that colour and progress make sense.
bool is_terminal(int fd);

}  // namespace tailwater::cli
