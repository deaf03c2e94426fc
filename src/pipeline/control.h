// Control: how `status`, `pause` and `resume` speak to a running `run`: a unix socket in the data
// folder, one JSON object per line each way. docs/control_socket.md.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace tailwater::pipeline {

/// Answers requests on a unix socket, in a thread of its own, until destroyed. Idle or slow clients
/// do not hold up others; at most 64 at once.
class ControlServer {
 public:
  using Handler = std::function<nlohmann::json(const nlohmann::json& request)>;

  /// Listens at `path` (readable and writable by its owner only); a stale socket file there is
  /// replaced. `handler` runs on the server's thread.
  static Result<std::unique_ptr<ControlServer>> listen(const std::string& path, Handler handler);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  struct Client {
    int fd = -1;
    std::string input;
  };

  ControlServer(std::string path, int listener, int wake, Handler handler);
  void serve(std::stop_token stop);
  void accept_client();
  /// False when the client is done for.
  bool read_client(Client& client);
  std::string answer(const std::string& line);

  std::string path_;
  int listener_;
  int wake_;
  Handler handler_;
  std::vector<Client> clients_;
  std::jthread thread_;
};

/// Sends one request and returns the answer. kNotFound when nobody listens; what the other side
/// reports as an error comes back as that error.
Result<nlohmann::json> control_request(const std::string& path, const nlohmann::json& request,
                                       int64_t timeout_us = 10'000'000);

/// The socket's path in a data folder.
std::string control_path(const std::string& data_dir);

}  // namespace tailwater::pipeline
