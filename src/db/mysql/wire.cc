#include "db/mysql/wire.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <mysql.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

// Connector/C's own TLS structures; its headers ask for this macro and this type.
#define HAVE_TLS 1
using uchar = unsigned char;  // NOLINT(readability-identifier-naming): their name
#include <ma_pvio.h>

namespace tailwater::mysql {
namespace {

// One TLS record holds at most 16 KB; with this much read ahead, one system call takes many
// records.
constexpr size_t kTlsReadAheadBytes = 256 * 1024;

tl::unexpected<Error> closed_by_peer() {
  return fail(ErrorKind::kRetry, "the server closed the connection",
              "if this stays, see the server's error log");
}

tl::unexpected<Error> network_failed(int code) {
  return fail(ErrorKind::kRetry,
              fmt::format("the network connection failed: {}", std::strerror(code)));
}

bool would_block(int code) {
  return code == EAGAIN || code == EWOULDBLOCK || code == EINTR;
}

class SocketWire final : public Wire {
 public:
  explicit SocketWire(int descriptor) : descriptor_(descriptor) {}

  Result<size_t> receive(std::span<uint8_t> into) override {
    const ssize_t got = recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) return static_cast<size_t>(got);
    if (got == 0) return closed_by_peer();
    if (would_block(errno)) return size_t{0};
    return network_failed(errno);
  }

  Result<size_t> send(Bytes bytes) override {
    const ssize_t sent =
        ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<size_t>(sent);
    if (would_block(errno)) return size_t{0};
    return network_failed(errno);
  }

  [[nodiscard]] int descriptor() const override { return descriptor_; }

 private:
  int descriptor_;
};

class TlsWire final : public Wire {
 public:
  TlsWire(int descriptor, SSL* ssl) : descriptor_(descriptor), ssl_(ssl) {
    // A larger read buffer only takes effect when OpenSSL allocates it anew.
    if (SSL_free_buffers(ssl_) == 1) SSL_set_default_read_buffer_len(ssl_, kTlsReadAheadBytes);
    SSL_set_read_ahead(ssl_, 1);
    SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }

  Result<size_t> receive(std::span<uint8_t> into) override {
    size_t total = 0;
    wants_to_write_ = false;
    while (total < into.size()) {
      ERR_clear_error();
      const int room = static_cast<int>(std::min<size_t>(into.size() - total, INT_MAX));
      const int got = SSL_read(ssl_, into.data() + total, room);
      if (got <= 0) return total > 0 ? Result<size_t>(total) : nothing(got);
      total += static_cast<size_t>(got);
      // Return what one socket read brought rather than chase the sender.
      if (SSL_has_pending(ssl_) == 0) break;
    }
    return total;
  }

  Result<size_t> send(Bytes bytes) override {
    ERR_clear_error();
    const int sent =
        SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX)));
    if (sent > 0) return static_cast<size_t>(sent);
    return nothing(sent);
  }

  [[nodiscard]] int descriptor() const override { return descriptor_; }
  [[nodiscard]] bool wants_to_write() const override { return wants_to_write_; }

 private:
  Result<size_t> nothing(int result) {
    switch (SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_READ:
        return size_t{0};
      case SSL_ERROR_WANT_WRITE:
        wants_to_write_ = true;
        return size_t{0};
      case SSL_ERROR_ZERO_RETURN:
        return closed_by_peer();
      case SSL_ERROR_SYSCALL:
        if (errno == 0) return closed_by_peer();
        if (would_block(errno)) return size_t{0};
        return network_failed(errno);
      default:
        break;
    }
    std::array<char, 256> text{};
    const unsigned long code = ERR_get_error();
    if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return closed_by_peer();
    ERR_error_string_n(code, text.data(), text.size());
    return fail(ErrorKind::kRetry, fmt::format("the TLS connection failed: {}", text.data()));
  }

  int descriptor_;
  SSL* ssl_;
  bool wants_to_write_ = false;
};

Status make_non_blocking(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0) {
    return fail(ErrorKind::kIo, fmt::format("cannot set up the socket: {}", std::strerror(errno)));
  }
  return {};
}

}  // namespace

std::unique_ptr<Wire> open_socket_wire(int descriptor) {
  (void)make_non_blocking(descriptor);
  return std::make_unique<SocketWire>(descriptor);
}

Result<std::unique_ptr<Wire>> take_over_wire(st_mysql* handle) {
  MARIADB_PVIO* pvio = handle->net.pvio;
  const int descriptor = static_cast<int>(mysql_get_socket(handle));
  if (pvio == nullptr || descriptor < 0) {
    return fail(ErrorKind::kRetry, "the connection is closed");
  }
  // An idle session has nothing unread; what Connector/C had read ahead would be lost to us.
  const size_t used = static_cast<size_t>(pvio->cache_pos - pvio->cache);
  if (pvio->cache != nullptr && pvio->cache_size > used) {
    return fail(ErrorKind::kBug, "the connection was handed over with an answer still unread");
  }
  TW_TRY(make_non_blocking(descriptor));
  if (pvio->ctls != nullptr && pvio->ctls->ssl != nullptr) {
    return std::make_unique<TlsWire>(descriptor, static_cast<SSL*>(pvio->ctls->ssl));
  }
  return std::make_unique<SocketWire>(descriptor);
}

WireWait::WireWait() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
WireWait::~WireWait() {
  if (wake_ >= 0) close(wake_);
}

Result<WireWait::Outcome> WireWait::wait(const Wire& wire, bool for_writing, int64_t timeout_us,
                                         const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
  });
  std::array<pollfd, 2> waits = {
      {{wire.descriptor(), for_writing ? short{POLLOUT} : short{POLLIN}, 0}, {wake_, POLLIN, 0}}};
  // Rounded up: a deadline must be over when poll says so.
  const int64_t timeout_ms = timeout_us < 0 ? -1 : (timeout_us + 999) / 1000;
  const int ready =
      poll(waits.data(), waits.size(), static_cast<int>(std::min<int64_t>(timeout_ms, INT_MAX)));
  if ((waits[1].revents & POLLIN) != 0) {
    uint64_t signals = 0;
    [[maybe_unused]] const ssize_t drained = read(wake_, &signals, sizeof signals);
  }
  if (stop.stop_requested()) return fail(ErrorKind::kStopped, "stopped");
  if (ready < 0 && errno != EINTR) {
    return fail(ErrorKind::kIo,
                fmt::format("cannot wait for the network: {}", std::strerror(errno)));
  }
  return ready == 0 ? Outcome::kTimeout : Outcome::kReady;
}

Status send_all(Wire& wire, WireWait& waiter, Bytes bytes, int64_t timeout_us) {
  while (!bytes.empty()) {
    TW_ASSIGN(const size_t sent, wire.send(bytes));
    bytes = bytes.subspan(sent);
    if (sent > 0) continue;
    TW_ASSIGN(const auto outcome, waiter.wait(wire, true, timeout_us, {}));
    if (outcome == WireWait::Outcome::kTimeout) {
      return fail(ErrorKind::kRetry, "the server does not take our request");
    }
  }
  return {};
}

}  // namespace tailwater::mysql
