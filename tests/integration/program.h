// The program `tailwater` as a user runs it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/child_process.h"

namespace tailwater::test {

struct ProgramEnd {
  int code = -1;       ///< -1: it did not end in time and was killed
  std::string output;  ///< stdout and stderr
};
/// Runs it to its end.
ProgramEnd run_program(const std::vector<std::string>& arguments, int timeout_ms = 20'000);
/// Starts it; its output is appended to the file.
std::unique_ptr<ChildProcess> start_program(const std::vector<std::string>& arguments,
                                            const std::string& output_file = {});

}  // namespace tailwater::test
