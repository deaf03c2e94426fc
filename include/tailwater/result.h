// Results: every call of Tailwater that can fail returns one.
//
// A Result<T> holds either a T or an Error. Nothing in Tailwater throws; exceptions of third-party
// libraries are caught where they are called. The end of data is a value, never an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace tailwater {

/// What went wrong, told apart by what the caller should do about it.
enum class ErrorKind {
  kRetry,    ///< Passing trouble (a connection lost, a server starting): the same call may succeed
             ///< later.
  kResync,   ///< The position is gone or belongs to another source: start from elsewhere. Exit
             ///< code 3.
  kUserFix,  ///< A setting of the user or of the server must change. The hint says which. Exit
             ///< code 2.
  kUnsupported,  ///< Something that this version cannot decode: it stops rather than misread.
  kCorrupt,      ///< Bytes on disk or on the wire are damaged. Never passed over silently.
  kIo,           ///< The local disk or operating system failed.
  kFull,         ///< No space left, or a configured limit was reached.
  kBusy,         ///< Somebody else holds the resource (a second writer on one folder).
  kNotFound,     ///< A named thing does not exist.
  kStopped,      ///< The caller asked to stop.
  kBug,          ///< Tailwater broke its own rule. Please report it.
};

/// The lower-case word for a kind ("retry", "resync", …), as shown in logs.
std::string_view to_string(ErrorKind kind);

/// An error: what failed, where, and what to do next.
struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::kBug;
  std::string message;  ///< What went wrong, one sentence without a final full stop.
  std::string
      position;  ///< Where: `file:pos`, a GTID, `segment:byte`. Empty where there is no such place.
  std::string hint;  ///< What to do next. Empty where nothing sensible can be said.

  /// Message, position and hint as one line of text for people.
  [[nodiscard]] std::string describe() const;

  /// The same error with a position, unless it has one already.
  [[nodiscard]] Error at(std::string where) && {
    if (position.empty()) position = std::move(where);
    return std::move(*this);
  }
  /// The same error with another hint.
  [[nodiscard]] Error advise(std::string what) && {
    hint = std::move(what);
    return std::move(*this);
  }
  /// The same error with `context: ` before its message.
  [[nodiscard]] Error in(std::string_view context) && {
    message.insert(0, ": ").insert(0, context);
    return std::move(*this);
  }
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// Makes the failed branch of any Result.
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorKind kind, std::string message,
                                                std::string hint = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), {}, std::move(hint)});
}

}  // namespace tailwater
