#include "db/mysql/tls_guard.h"

#include <mutex>
#include <optional>

#include <mysql.h>
#include <sys/socket.h>

#include "base/cursor.h"

// Exported by Connector/C for its tracing plugins, but in none of its installed headers.
extern "C" int ma_pvio_register_callback(my_bool add, void (*callback)(int mode, MYSQL* mysql,
                                                                       const unsigned char* buffer,
                                                                       size_t length));

namespace tailwater::mysql {
namespace {

constexpr uint16_t kClientSsl = 0x0800;  // CLIENT_SSL, in the lower half of the capabilities
constexpr uint8_t kGreetingVersion = 10;
constexpr int kModeRead = 0;

struct Watch {
  bool active = false;
  bool decided = false;
  bool refused = false;
  ByteBuffer greeting;
};
thread_local Watch watch;

// Whether the greeting offers TLS; nothing while it is not complete. Handshake v10 of the protocol:
// version, the server's name for itself, thread id, 8 bytes of scramble, a filler, capabilities.
std::optional<bool> offers_tls(Bytes bytes) {
  constexpr size_t kHeaderBytes = 4;
  Cursor cursor(bytes);
  cursor.skip(kHeaderBytes);
  const uint8_t version = cursor.u8();
  if (!cursor.ok()) return std::nullopt;
  if (version != kGreetingVersion) return true;  // an error packet: nothing will be sent
  while (cursor.ok() && cursor.u8() != 0) {
  }
  cursor.skip(4 + 8 + 1);
  const auto capabilities = cursor.le<uint16_t>();
  if (!cursor.ok()) return std::nullopt;
  return (capabilities & kClientSsl) != 0;
}

void on_bytes(int mode, MYSQL* handle, const unsigned char* buffer, size_t length) {
  constexpr size_t kMostBytes = 4096;
  if (!watch.active || watch.decided || mode != kModeRead) return;
  const bool failed = static_cast<ssize_t>(length) <= 0;
  if (failed) return;
  watch.greeting.append(Bytes(buffer, length));
  const auto offered = offers_tls(watch.greeting.view());
  if (!offered.has_value() && watch.greeting.size() < kMostBytes) return;
  watch.decided = true;
  if (offered.value_or(false)) return;
  watch.refused = true;
  // What Connector/C sends next goes nowhere.
  (void)shutdown(static_cast<int>(mysql_get_socket(handle)), SHUT_RDWR);
}

}  // namespace

TlsGuard::TlsGuard(bool active) {
  static std::once_flag once;
  if (active) std::call_once(once, [] { ma_pvio_register_callback(1, on_bytes); });
  watch.active = active;
  watch.decided = watch.refused = false;
}

TlsGuard::~TlsGuard() {
  watch.active = false;
  watch.greeting.shrink(0);
}

bool TlsGuard::refused() const {
  return watch.refused;
}

}  // namespace tailwater::mysql
