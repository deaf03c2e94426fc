#include "support/child_process.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temp_folder.h"

namespace tailwater::test {
namespace {

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

bool runs(pid_t pid) {
  return kill(pid, 0) == 0;
}

TEST(ChildProcess, EndsWithItsObjectAndTellsItsCode) {
  pid_t pid = 0;
  {
    auto child = ChildProcess::start({.command = {"sleep", "60"}});
    ASSERT_TRUE(child.has_value()) << child.error().describe();
    EXPECT_TRUE((*child)->running());
    pid = (*child)->pid();
  }
  EXPECT_FALSE(runs(pid));
  auto child = ChildProcess::start({.command = {"sh", "-c", "exit 7"}});
  EXPECT_EQ((*child)->wait(10'000), 7);
  auto missing = ChildProcess::start({.command = {"/no/such/program"}});
  EXPECT_EQ((*missing)->wait(10'000), 127);
}

// Servers must not outlive a test that crashes: their whole group goes, and their folder.
TEST(ChildProcess, GoesWhenItsParentIsKilled) {
  TempFolder folder;
  const std::string data = folder.file("data");
  const std::string pids = folder.file("pids");
  std::filesystem::create_directory(data);
  const pid_t parent = fork();
  if (parent == 0) {
    auto child = ChildProcess::start({.command = {"sh", "-c",
                                                  "sleep 60 & echo $$ $! > " + pids + ".new; mv " +
                                                      pids + ".new " + pids + "; wait"},
                                      .remove_folder = data});
    pause();
    _exit(1);
  }
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(pids); }));
  const std::string text = run_command({"cat", pids}).value();
  pid_t leader = 0;
  pid_t grandchild = 0;
  ASSERT_EQ(sscanf(text.c_str(), "%d %d", &leader, &grandchild), 2);
  EXPECT_TRUE(runs(leader));
  EXPECT_TRUE(runs(grandchild));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return !runs(leader); }));
  EXPECT_TRUE(eventually([&] { return !runs(grandchild); }));
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(data); }));
}

TEST(RunCommand, GivesTheOutputOrTheReason) {
  EXPECT_EQ(run_command({"echo", "hello"}).value(), "hello\n");
  const auto failed = run_command({"sh", "-c", "echo because; exit 3"});
  ASSERT_FALSE(failed.has_value());
  EXPECT_NE(failed.error().message.find("because"), std::string::npos);
}

}  // namespace
}  // namespace tailwater::test
