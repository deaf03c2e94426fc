// JSON column values: MySQL prints `{"a": 1, "b": 2e20}`; both originals print
// `{"a":1,"b":2.0E20}`.
#pragma once

#include <string_view>

#include "format/text_buffer.h"

namespace tailwater::format {

/// Writes JSON text without white space between its parts, and floating-point numbers as Java
/// prints them. Strings, integers and the order of members stay as they are. What is not JSON comes
/// out as it went in, but for white space outside strings.
void put_compact_json(TextBuffer& out, std::string_view json);

/// The same as the inside of a JSON string: with its quotes, backslashes and control characters
/// escaped.
void put_compact_json_escaped(TextBuffer& out, std::string_view json);

}  // namespace tailwater::format
