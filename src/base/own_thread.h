// What every thread of ours does first.
#pragma once

#include <csignal>

#include <pthread.h>

namespace tailwater {

/// Names the calling thread for those who look from outside (top -H, perf, gdb; at most 15
/// characters), and keeps SIGPIPE from it: a peer that hangs up is an error to us, and must not end
/// the program that we are a library of.
inline void begin_own_thread(const char* name) {
  (void)pthread_setname_np(pthread_self(), name);
  sigset_t signals;
  (void)sigemptyset(&signals);
  (void)sigaddset(&signals, SIGPIPE);
  (void)pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace tailwater
