// The control flow of results: return early on failure.
#pragma once

#include <tailwater/result.h>

/// Returns the error of a Status or Result expression from the enclosing function, if it has one.
#define TW_TRY(expression)                                                    \
  do {                                                                        \
    if (auto tw_status = (expression); !tw_status.has_value()) [[unlikely]] { \
      return ::tailwater::fail(std::move(tw_status).error());                 \
    }                                                                         \
  } while (false)

#define TW_CONCAT_INNER(a, b) a##b
#define TW_CONCAT(a, b) TW_CONCAT_INNER(a, b)

/// `TW_ASSIGN(auto x, call())`: x becomes the value of the Result, or its error is returned.
#define TW_ASSIGN(target, expression) \
  TW_ASSIGN_NAMED(TW_CONCAT(tw_result_, __LINE__), target, expression)
#define TW_ASSIGN_NAMED(name, target, expression)      \
  auto name = (expression);                            \
  if (!name.has_value()) [[unlikely]]                  \
    return ::tailwater::fail(std::move(name).error()); \
  target = std::move(name).value()
