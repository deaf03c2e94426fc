#include "support/child_process.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace tailwater::test {
namespace {

// What the guard runs: it waits until our end of its stdin closes. A last word "done" means that we
// have cleaned up ourselves.
constexpr const char* kGuardScript =
    "read -r word; [ \"$word\" = done ] && exit 0; kill -s KILL -- \"-$1\" 2>/dev/null; "
    "[ -z \"$2\" ] || { sleep 0.2; rm -rf -- \"$2\"; }";

std::vector<char*> argument_pointers(const std::vector<std::string>& command) {
  std::vector<char*> pointers;
  for (const std::string& word : command) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Between fork and exec only calls that are safe after a fork of a process with threads.
void redirect(int from, int to) {
  if (from >= 0) dup2(from, to);
}

[[noreturn]] void become_child(const ChildOptions& options, char* const* arguments, int input,
                               int output) {
  setpgid(0, 0);
  redirect(input, 0);
  redirect(output, 1);
  redirect(output, 2);
  for (const int number : {SIGPIPE, SIGINT, SIGTERM}) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (options.run_as.has_value()) {
    if (setgroups(0, nullptr) != 0 || setgid(options.run_as->group) != 0 ||
        setuid(options.run_as->user) != 0) {
      _exit(126);
    }
  }
  execvp(arguments[0], arguments);
  _exit(127);
}

pid_t start_guard(pid_t group, const std::string& folder, int read_end) {
  const std::string group_text = std::to_string(group);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  setsid();
  const int null = open("/dev/null", O_RDWR);
  redirect(read_end, 0);
  redirect(null, 1);
  redirect(null, 2);
  close_range(3, ~0U, 0);
  execl("/bin/sh", "sh", "-c", kGuardScript, "sh", group_text.c_str(), folder.c_str(), nullptr);
  _exit(127);
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::optional<RunAs> unprivileged_user() {
  if (geteuid() != 0) return std::nullopt;
  for (const char* name : {"mysql", "nobody"}) {
    if (const passwd* entry = getpwnam(name)) return RunAs{entry->pw_uid, entry->pw_gid};
  }
  return RunAs{65534, 65534};
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const ChildOptions& options) {
  std::unique_ptr<ChildProcess> child(new ChildProcess());
  const char* input_path = options.input_file.empty() ? "/dev/null" : options.input_file.c_str();
  const char* output_path = options.output_file.empty() ? "/dev/null" : options.output_file.c_str();
  const int input = open(input_path, O_RDONLY | O_CLOEXEC);
  const int output = open(output_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  int guard_pipe[2] = {-1, -1};
  if (input < 0 || output < 0 || pipe2(guard_pipe, O_CLOEXEC) != 0) {
    return fail(ErrorKind::kIo,
                fmt::format("cannot start {}: {}", options.command[0], std::strerror(errno)));
  }
  const std::vector<char*> arguments = argument_pointers(options.command);
  child->pid_ = fork();
  if (child->pid_ == 0) become_child(options, arguments.data(), input, output);
  setpgid(child->pid_, child->pid_);
  child->guard_ = start_guard(child->pid_, options.remove_folder, guard_pipe[0]);
  child->guard_pipe_ = guard_pipe[1];
  close(guard_pipe[0]);
  close(input);
  close(output);
  return child;
}

ChildProcess::~ChildProcess() {
  kill();
  constexpr std::string_view kDone = "done\n";
  [[maybe_unused]] const ssize_t written = write(guard_pipe_, kDone.data(), kDone.size());
  close(guard_pipe_);
  waitpid(guard_, nullptr, 0);
}

void ChildProcess::signal(int number) const {
  if (!exit_code_.has_value()) ::kill(pid_, number);
}

bool ChildProcess::running() {
  return !wait(0).has_value();
}

std::optional<int> ChildProcess::wait(int timeout_ms) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (!exit_code_.has_value()) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      exit_code_ = exit_code_of(status);
    } else if (std::chrono::steady_clock::now() >= deadline) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  return exit_code_;
}

void ChildProcess::kill() {
  if (exit_code_.has_value()) return;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  exit_code_ = exit_code_of(status);
}

Result<std::string> run_command(const std::vector<std::string>& command,
                                const std::string& input_file, std::optional<RunAs> run_as) {
  const TempFolder folder("tailwater-command");
  ChildOptions options;
  options.command = command;
  options.input_file = input_file;
  options.output_file = folder.file("output");
  options.run_as = run_as;
  TW_ASSIGN(const auto child, ChildProcess::start(options));
  const int code = child->wait(120'000).value_or(-1);
  TW_ASSIGN(std::string output, read_file(FileSystem::posix(), options.output_file));
  if (code == 0) return output;
  return fail(ErrorKind::kUserFix, fmt::format("{} ended with {}: {}", command[0], code, output));
}

}  // namespace tailwater::test
