// Corpora beside the project (../shared/corpora), for the tests of this room.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"

namespace tailwater::mysql {

/// The path of a corpus file; empty where the corpora are not there.
inline std::string corpus_path(const std::string& name) {
  std::string path = TAILWATER_CORPORA;
  path += '/';
  path += name;
  return FileSystem::posix().exists(path).value_or(false) ? path : std::string();
}

/// The JSON values of a file's lines.
inline std::vector<nlohmann::json> json_lines(const std::string& path) {
  std::vector<nlohmann::json> lines;
  const std::string text = read_file(FileSystem::posix(), path).value_or("");
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) lines.push_back(nlohmann::json::parse(line));
  }
  return lines;
}

/// Bytes of hex digits that are known to be right.
inline std::string bytes_of(const std::string& hex) {
  return from_hex(hex).value();
}

}  // namespace tailwater::mysql

#define TW_CORPUS_OR_SKIP(variable, name)                             \
  const std::string variable = ::tailwater::mysql::corpus_path(name); \
  if (variable.empty()) GTEST_SKIP() << "no corpus " << name << " in " << TAILWATER_CORPORA
