// ConsoleSink: changes as lines of text on a file descriptor.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "format/formatter.h"
#include "model/sink.h"

namespace tailwater::sink {

/// Writes each change, as its formatter renders it, to a file descriptor that it does not own.
/// At least once, in order: `flush` returns after the system took all bytes.
class ConsoleSink final : public ChangeSink {
 public:
  ConsoleSink(int fd, std::unique_ptr<format::Formatter> formatter)
      : fd_(fd), formatter_(std::move(formatter)) {}

  Status take(const TailEntry& entry) override;
  /// kStopped when the reader of a pipe went away: nobody is left to write for.
  Status flush() override;

 private:
  int fd_;
  std::unique_ptr<format::Formatter> formatter_;
  std::string buffer_;
};

}  // namespace tailwater::sink
