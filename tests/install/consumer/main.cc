// The smallest program against the installed library: it links, and its results work.
#include <cstdio>

#include <tailwater/result.h>

int main() {
  const tailwater::Status status =
      tailwater::fail(tailwater::ErrorKind::kBusy, "somebody else writes", "wait");
  std::puts(status.error().describe().c_str());
  return tailwater::to_string(status.error().kind) == "busy" ? 0 : 1;
}
