#include "integration/program.h"

#include "base/file.h"
#include "support/temp_folder.h"

namespace tailwater::test {

std::unique_ptr<ChildProcess> start_program(const std::vector<std::string>& arguments,
                                            const std::string& output_file) {
  ChildOptions options;
  options.command = {TAILWATER_PROGRAM};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  options.output_file = output_file;
  auto child = ChildProcess::start(options);
  return child.has_value() ? std::move(*child) : nullptr;
}

ProgramEnd run_program(const std::vector<std::string>& arguments, int timeout_ms) {
  const TempFolder folder("tailwater-program");
  const auto child = start_program(arguments, folder.file("output"));
  ProgramEnd end;
  if (child == nullptr) return end;
  end.code = child->wait(timeout_ms).value_or(-1);
  child->kill();
  end.output = read_file(FileSystem::posix(), folder.file("output")).value_or("");
  return end;
}

}  // namespace tailwater::test
