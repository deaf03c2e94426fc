#include "pipeline/temporary_folder.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

namespace tailwater::pipeline {
namespace {

namespace fs = std::filesystem;

// TMPDIR is a folder of our own meanwhile.
class TemporaryFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = fs::temp_directory_path() / "tailwater-test-XXXXXX";
    ASSERT_NE(::mkdtemp(path.data()), nullptr);
    parent_ = path;
    ::setenv("TMPDIR", parent_.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("TMPDIR");
    fs::remove_all(parent_);
  }
  [[nodiscard]] std::string leave(const std::string& name, bool with_lock) const {
    const fs::path path = parent_ / name;
    fs::create_directories(path / "log");
    if (with_lock) (void)FileSystem::posix().open(path / "in-use", OpenMode::kCreate).value();
    return path;
  }

  fs::path parent_;
};

TEST_F(TemporaryFolderTest, IsRemovedWithItsObject) {
  auto folder = TemporaryFolder::make().value();
  const std::string path = folder->path();
  EXPECT_TRUE(fs::is_directory(path));
  folder.reset();
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::is_empty(parent_));
}

TEST_F(TemporaryFolderTest, WhatAKilledProcessLeftIsRemovedAndNothingElse) {
  const auto used = TemporaryFolder::make().value();
  const std::string left = leave("tailwater-stream-killed", true);
  const std::string young = leave("tailwater-stream-young", false);
  const std::string other = leave("tailwater-other", true);
  const auto mine = TemporaryFolder::make().value();
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(used->path()));
  EXPECT_TRUE(fs::exists(young));
  EXPECT_TRUE(fs::exists(other));
}

TEST_F(TemporaryFolderTest, WithoutAPlaceItSaysWhatToSet) {
  ::setenv("TMPDIR", (parent_ / "nowhere").c_str(), 1);
  const auto folder = TemporaryFolder::make();
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().kind, ErrorKind::kUserFix);
  EXPECT_NE(folder.error().hint.find("TMPDIR"), std::string::npos);
}

}  // namespace
}  // namespace tailwater::pipeline
