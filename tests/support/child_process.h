// Child processes of tests: servers and tools that never outlive the test.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace tailwater::test {

/// Whom a child runs as. Servers refuse to run as root.
struct RunAs {
  uid_t user = 0;
  gid_t group = 0;
};
/// `mysql`, else `nobody`, when we are root; nothing otherwise.
std::optional<RunAs> unprivileged_user();

struct ChildOptions {
  std::vector<std::string> command = {};  ///< the program (looked up in PATH) and its arguments
  std::string output_file = {};  ///< stdout and stderr are appended to it; empty: /dev/null
  std::string input_file = {};   ///< stdin; empty: /dev/null
  std::optional<RunAs> run_as = std::nullopt;
  std::string remove_folder = {};  ///< removed when this process dies before it destroyed the child
};

/// A running child in a process group of its own. When this process dies, even by SIGKILL, a guard
/// process kills the group and removes the folder.
class ChildProcess {
 public:
  static Result<std::unique_ptr<ChildProcess>> start(const ChildOptions& options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Sends a signal to the child alone.
  void signal(int number) const;
  /// Whether it runs still.
  [[nodiscard]] bool running();
  /// Waits for its end; its exit code, or 128 + signal. Nothing when the time is over.
  std::optional<int> wait(int timeout_ms);
  /// Kills the group and waits.
  void kill();

 private:
  ChildProcess() = default;

  pid_t pid_ = -1;
  pid_t guard_ = -1;
  int guard_pipe_ = -1;
  std::optional<int> exit_code_;
};

/// Runs a command to its end. Its output on success; otherwise an error that holds it.
Result<std::string> run_command(const std::vector<std::string>& command,
                                const std::string& input_file = {},
                                std::optional<RunAs> run_as = std::nullopt);

}  // namespace tailwater::test
