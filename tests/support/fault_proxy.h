// A TCP proxy that misbehaves on request, in threads of this process.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace tailwater::test {

/// Forwards connections on a free local port to another local port. Thread-safe. Faults act on the
/// direction from the server to the client, on all connections.
class FaultProxy {
 public:
  explicit FaultProxy(uint16_t target_port);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  [[nodiscard]] uint16_t port() const { return port_; }
  /// Closes all connections now; new ones are taken.
  void cut();
  /// Passes nothing on, in both directions, while the connections stay open (half-open peers).
  void stall(bool on) { stalled_ = on; }
  /// Refuses new connections: closes them at once.
  void refuse(bool on) { refusing_ = on; }
  /// At most so many bytes per second to the client; 0: as fast as it goes.
  void limit(uint64_t bytes_per_second) { limit_ = bytes_per_second; }
  /// Flips all bits of the byte that is this many bytes after what each connection has passed on so
  /// far.
  void corrupt_after(uint64_t bytes);
  /// How many bytes went to clients.
  [[nodiscard]] uint64_t bytes_forwarded() const { return forwarded_; }
  [[nodiscard]] uint64_t connections_taken() const { return taken_; }

 private:
  struct Link;
  void accept_loop();
  void serve(Link& link);
  bool pass(Link& link, bool to_client);

  uint16_t target_port_;
  uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> stalled_ = false;
  std::atomic<bool> refusing_ = false;
  std::atomic<uint64_t> limit_ = 0;
  std::atomic<uint64_t> forwarded_ = 0;
  std::atomic<uint64_t> taken_ = 0;
  std::mutex mutex_;  // guards links_
  std::vector<std::unique_ptr<Link>> links_;
  std::thread acceptor_;
};

}  // namespace tailwater::test
