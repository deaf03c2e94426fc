#include "pipeline/control.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pipeline/running_source.h"
#include "pipeline/temporary_folder.h"

namespace tailwater::pipeline {
namespace {

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    temporary_ = TemporaryFolder::make().value();
    folder_ = temporary_->path();
  }
  std::unique_ptr<TemporaryFolder> temporary_;
  std::string folder_;
};

TEST_F(ControlTest, AnswersAndReportsErrors) {
  const std::string path = control_path(folder_);
  auto server = ControlServer::listen(path, [](const nlohmann::json& request) -> nlohmann::json {
    if (request["command"] == "fail") return {{"error", {{"message", "no"}, {"hint", "try yes"}}}};
    return {{"echo", request["command"]}};
  });
  ASSERT_TRUE(server.has_value()) << server.error().describe();
  EXPECT_EQ((*control_request(path, {{"command", "hello"}}))["echo"], "hello");
  const auto failed = control_request(path, {{"command", "fail"}});
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().message, "no");
  EXPECT_EQ(failed.error().hint, "try yes");
  EXPECT_FALSE(control_request(path, nlohmann::json::array()).has_value());
}

TEST_F(ControlTest, AnIdleClientDoesNotHoldUpOthers) {
  const std::string path = control_path(folder_);
  auto server = ControlServer::listen(path, [](const nlohmann::json&) -> nlohmann::json {
    return {{"ok", 1}};
  });
  ASSERT_TRUE(server.has_value());
  const int idle = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::connect(idle, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_TRUE(control_request(path, {{"command", "x"}}, 2'000'000).has_value());
  ::close(idle);
}

TEST_F(ControlTest, NobodyListeningIsAClearError) {
  const auto answer = control_request(control_path(folder_), {{"command", "status"}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(answer.error().hint.find("tailwater run"), std::string::npos);
}

TEST_F(ControlTest, AStaleSocketIsReplacedAndTheOwnIsRemoved) {
  const std::string path = control_path(folder_);
  for (int i = 0; i < 2; ++i) {
    const auto server = ControlServer::listen(path, [](const nlohmann::json&) -> nlohmann::json {
      return {{"ok", 1}};
    });
    ASSERT_TRUE(server.has_value());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace tailwater::pipeline
