// TLS guard: no password to a server that does not offer TLS when TLS is demanded.
#pragma once

namespace tailwater::mysql {

/// Connector/C (3.3) goes on without TLS when the server's greeting offers none, also where TLS was
/// demanded, and only then could we notice: after it has answered the login. While a guard exists,
/// this thread's connection attempt is cut right after such a greeting, before anything is sent.
class TlsGuard {
 public:
  /// `active` false: does nothing. One at a time per thread.
  explicit TlsGuard(bool active);
  ~TlsGuard();
  TlsGuard(const TlsGuard&) = delete;
  TlsGuard& operator=(const TlsGuard&) = delete;

  /// Whether it cut the attempt.
  [[nodiscard]] bool refused() const;
};

}  // namespace tailwater::mysql
