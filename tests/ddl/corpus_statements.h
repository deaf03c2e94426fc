// The statements of a corpus file: one on each line.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"

namespace tailwater::test {

/// kNotFound where the corpus is not there.
inline Result<std::vector<std::string>> read_corpus_statements(const std::string& path) {
  TW_ASSIGN(const std::string text, read_file(FileSystem::posix(), path));
  std::vector<std::string> statements;
  for (const std::string_view line : split(text, '\n')) {
    if (!trim(line).empty()) statements.emplace_back(line);
  }
  return statements;
}

}  // namespace tailwater::test
