#include "pipeline/control.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/own_thread.h"

namespace tailwater::pipeline {
namespace {

constexpr size_t kClientsMax = 64;
constexpr size_t kRequestBytesMax = 64 << 10;
constexpr size_t kAnswerBytesMax = 16 << 20;
constexpr int kAnswerTimeoutMs = 5000;

tl::unexpected<Error> socket_error(std::string_view what, const std::string& path) {
  return fail(ErrorKind::kIo, std::string(what) + " " + path + " failed: " + std::strerror(errno));
}

Result<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return fail(ErrorKind::kUserFix, "the path " + path + " is too long for a unix socket",
                "choose a data folder with a shorter path, or a relative one");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      pollfd ready{fd, POLLOUT, 0};
      if (::poll(&ready, 1, kAnswerTimeoutMs) > 0) continue;
    }
    if (count <= 0) return false;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

nlohmann::json error_answer(const Error& error) {
  return {{"error",
           {{"kind", to_string(error.kind)},
            {"message", error.message},
            {"position", error.position},
            {"hint", error.hint}}}};
}

Result<std::string> read_line(int fd, int64_t timeout_us) {
  const int64_t deadline_us = Clock::system().steady_us() + timeout_us;
  std::string line;
  while (line.size() < kAnswerBytesMax) {
    const int64_t left_us = deadline_us - Clock::system().steady_us();
    pollfd ready{fd, POLLIN, 0};
    if (left_us <= 0 || ::poll(&ready, 1, static_cast<int>(left_us / 1000) + 1) == 0) {
      return fail(ErrorKind::kRetry, "no answer from the running tailwater in time");
    }
    std::array<char, 4096> chunk;
    const ssize_t count = ::recv(fd, chunk.data(), chunk.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    line.append(chunk.data(), static_cast<size_t>(count));
    if (line.back() == '\n') return line;
  }
  return fail(ErrorKind::kRetry, "the running tailwater closed the connection without an answer");
}

}  // namespace

std::string control_path(const std::string& data_dir) {
  return join_path(data_dir, "tailwater.sock");
}

Result<std::unique_ptr<ControlServer>> ControlServer::listen(const std::string& path,
                                                             Handler handler) {
  TW_ASSIGN(const sockaddr_un address, socket_address(path));
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return socket_error("making the socket", path);
  ::unlink(path.c_str());
  const mode_t mask = ::umask(0077);
  const int bound = ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  ::umask(mask);
  if (bound != 0 || ::listen(listener, 16) != 0) {
    auto error = socket_error("listening at", path);
    ::close(listener);
    return error;
  }
  const int wake = ::eventfd(0, EFD_CLOEXEC);
  return std::unique_ptr<ControlServer>(
      new ControlServer(path, listener, wake, std::move(handler)));
}

ControlServer::ControlServer(std::string path, int listener, int wake, Handler handler)
    : path_(std::move(path)), listener_(listener), wake_(wake), handler_(std::move(handler)) {
  thread_ = std::jthread([this](std::stop_token stop) {
    begin_own_thread("tw-control");
    serve(std::move(stop));
  });
}

ControlServer::~ControlServer() {
  thread_.request_stop();
  const uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof(one));
  thread_.join();
  for (const Client& client : clients_) ::close(client.fd);
  ::close(listener_);
  ::close(wake_);
  ::unlink(path_.c_str());
}

void ControlServer::serve(std::stop_token stop) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> waits = {{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Client& client : clients_) waits.push_back({client.fd, POLLIN, 0});
    if (::poll(waits.data(), waits.size(), -1) < 0) continue;
    for (size_t i = clients_.size(); i-- > 0;) {
      if (waits[i + 2].revents == 0 || read_client(clients_[i])) continue;
      ::close(clients_[i].fd);
      clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (waits[1].revents != 0) accept_client();
  }
}

void ControlServer::accept_client() {
  const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  if (clients_.size() >= kClientsMax) {
    ::close(fd);
    return;
  }
  clients_.push_back({fd, {}});
}

bool ControlServer::read_client(Client& client) {
  std::array<char, 4096> chunk;
  const ssize_t count = ::recv(client.fd, chunk.data(), chunk.size(), 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  client.input.append(chunk.data(), static_cast<size_t>(count));
  for (size_t end = client.input.find('\n'); end != std::string::npos;
       end = client.input.find('\n')) {
    const std::string line = client.input.substr(0, end);
    client.input.erase(0, end + 1);
    if (!send_all(client.fd, answer(line))) return false;
  }
  return client.input.size() <= kRequestBytesMax;
}

std::string ControlServer::answer(const std::string& line) {
  nlohmann::json reply;
  const auto request = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!request.is_object() || !request.contains("command") || !request["command"].is_string()) {
    reply = error_answer(
        {ErrorKind::kUserFix, "a request is a JSON object with a \"command\"", {}, {}});
  } else {
    reply = handler_(request);
  }
  return reply.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<nlohmann::json> control_request(const std::string& path, const nlohmann::json& request,
                                       int64_t timeout_us) {
  TW_ASSIGN(const sockaddr_un address, socket_address(path));
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return socket_error("making a socket for", path);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    ::close(fd);
    return fail(ErrorKind::kNotFound, "no running tailwater listens at " + path,
                "start it with 'tailwater run', or name its data folder with --data-dir");
  }
  const bool sent = send_all(fd, request.dump() + "\n");
  auto line = sent ? read_line(fd, timeout_us)
                   : fail(ErrorKind::kRetry, "the running tailwater does not take the request");
  ::close(fd);
  if (!line.has_value()) return fail(std::move(line).error());
  auto answer = nlohmann::json::parse(*line, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return fail(ErrorKind::kCorrupt, "the answer is not a JSON object");
  if (answer.contains("error")) {
    const auto& error = answer["error"];
    return fail(Error{ErrorKind::kUserFix, error.value("message", ""), error.value("position", ""),
                      error.value("hint", "")});
  }
  return answer;
}

}  // namespace tailwater::pipeline
