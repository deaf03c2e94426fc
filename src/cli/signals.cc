#include "cli/signals.h"

#include <csignal>

#include <unistd.h>

#include "cli/command.h"

namespace tailwater::cli {
namespace {

constexpr int kWakeSignal = SIGUSR2;  // ends the waiting thread

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, kWakeSignal}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A reader that goes away is an error of write(), not the end of the process.
  (void)std::signal(SIGPIPE, SIG_IGN);
  thread_ = std::jthread([this](const std::stop_token& ending) {
    const sigset_t waits = watched();
    for (;;) {
      int signal = 0;
      if (sigwait(&waits, &signal) != 0 || ending.stop_requested()) return;
      if (signal == kWakeSignal) continue;
      if (stop_.stop_requested()) ::_exit(kExitInterrupted);
      stop_.request_stop();
    }
  });
}

Signals::~Signals() {
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), kWakeSignal);
}

}  // namespace tailwater::cli
