// Thread names, for those who look at the process from outside (top -H, perf, gdb).
#pragma once

#include <pthread.h>

namespace tailwater {

/// Names the calling thread; the system keeps at most 15 characters.
inline void name_thread(const char* name) {
  (void)pthread_setname_np(pthread_self(), name);
}

}  // namespace tailwater
