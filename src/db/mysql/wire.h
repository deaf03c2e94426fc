// Wire: the bytes of an open server connection, plain or encrypted, without waiting.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

struct st_mysql;

namespace tailwater::mysql {

/// Reads and writes what is possible now. One thread at a time.
class Wire {
 public:
  virtual ~Wire() = default;
  /// Up to `into.size()` bytes; 0 when nothing is there now. kRetry when the peer closed or the
  /// network failed.
  virtual Result<size_t> receive(std::span<uint8_t> into) = 0;
  /// Sends up to all of `bytes`; returns how many; 0 when the wire is full now.
  virtual Result<size_t> send(Bytes bytes) = 0;
  /// The socket, to wait on.
  [[nodiscard]] virtual int descriptor() const = 0;
  /// Whether the last `receive` that gave 0 waits for the socket to take bytes (TLS may).
  [[nodiscard]] virtual bool wants_to_write() const { return false; }
};

/// A wire over a connected socket, which stays the caller's and becomes non-blocking.
std::unique_ptr<Wire> open_socket_wire(int descriptor);

/// Takes over the socket (and TLS session) of a Connector/C handle, which must be idle and must
/// outlive the wire. From then on the handle may only be closed.
Result<std::unique_ptr<Wire>> take_over_wire(st_mysql* handle);

/// Waits for a wire, a deadline or a stop, whichever is first. One thread at a time.
class WireWait {
 public:
  WireWait();
  ~WireWait();
  WireWait(const WireWait&) = delete;
  WireWait& operator=(const WireWait&) = delete;

  enum class Outcome : uint8_t { kReady, kTimeout };
  /// kStopped when `stop` is asked for; a request from another thread wakes this at once.
  Result<Outcome> wait(const Wire& wire, bool for_writing, int64_t timeout_us,
                       const std::stop_token& stop);

 private:
  int wake_ = -1;  // an eventfd that a stop request signals
};

/// Sends all of `bytes`, waiting as needed. kRetry after `timeout_us`.
Status send_all(Wire& wire, WireWait& waiter, Bytes bytes, int64_t timeout_us);

}  // namespace tailwater::mysql
