#include "support/fault_proxy.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tailwater::test {
namespace {

constexpr size_t kChunkBytes = 64 * 1024;
constexpr int kTickMs = 2;
constexpr uint64_t kNever = UINT64_MAX;

sockaddr_in local_address(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool send_whole(int fd, const uint8_t* data, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace

struct FaultProxy::Link {
  int client = -1;
  int server = -1;
  std::atomic<bool> cut = false;
  std::atomic<uint64_t> corrupt_at = kNever;  // counted in bytes passed to the client
  std::atomic<uint64_t> passed = 0;
  std::thread thread;
};

FaultProxy::FaultProxy(uint16_t target_port) : target_port_(target_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = local_address(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("fault proxy");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

FaultProxy::~FaultProxy() {
  stopping_ = true;
  acceptor_.join();
  for (const auto& link : links_) link->thread.join();
  close(listener_);
}

void FaultProxy::cut() {
  const std::lock_guard lock(mutex_);
  for (const auto& link : links_) link->cut = true;
}

void FaultProxy::corrupt_after(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  for (const auto& link : links_) link->corrupt_at = link->passed + bytes;
}

void FaultProxy::accept_loop() {
  while (!stopping_) {
    pollfd ready = {listener_, POLLIN, 0};
    if (poll(&ready, 1, kTickMs * 5) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    ++taken_;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in target = local_address(target_port_);
    if (refusing_ ||
        connect(server, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) {
      close(client);
      close(server);
      continue;
    }
    const int on = 1;
    for (const int fd : {client, server}) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard lock(mutex_);
    links_.push_back(std::make_unique<Link>());
    Link& link = *links_.back();
    link.client = client;
    link.server = server;
    link.thread = std::thread([this, &link] { serve(link); });
  }
}

void FaultProxy::serve(Link& link) {
  while (!stopping_ && !link.cut) {
    if (stalled_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kTickMs));
      continue;
    }
    std::array<pollfd, 2> ends = {{{link.client, POLLIN, 0}, {link.server, POLLIN, 0}}};
    if (poll(ends.data(), ends.size(), kTickMs * 5) <= 0) continue;
    if (stalled_ || link.cut) continue;
    if (ends[0].revents != 0 && !pass(link, false)) break;
    if (ends[1].revents != 0 && !pass(link, true)) break;
  }
  close(link.client);
  close(link.server);
}

bool FaultProxy::pass(Link& link, bool to_client) {
  std::array<uint8_t, kChunkBytes> chunk;
  const uint64_t rate = to_client ? limit_.load() : 0;
  const size_t most = rate == 0 ? chunk.size() : std::clamp<size_t>(rate / 100, 1, chunk.size());
  const ssize_t got = recv(to_client ? link.server : link.client, chunk.data(), most, 0);
  if (got <= 0) return false;
  const auto count = static_cast<size_t>(got);
  if (to_client) {
    const uint64_t corrupt_at = link.corrupt_at;
    if (corrupt_at != kNever && corrupt_at >= link.passed && corrupt_at < link.passed + count) {
      chunk[corrupt_at - link.passed] ^= 0xff;
      link.corrupt_at = kNever;
    }
    link.passed += count;
    forwarded_ += count;
  }
  if (!send_whole(to_client ? link.client : link.server, chunk.data(), count)) return false;
  if (rate != 0) std::this_thread::sleep_for(std::chrono::microseconds(count * 1'000'000 / rate));
  return true;
}

}  // namespace tailwater::test
