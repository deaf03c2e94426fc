// Geometry values as well-known text, as Maxwell (by the JTS library) prints them.
#pragma once

#include "base/bytes.h"
#include "format/text_buffer.h"

namespace tailwater::format {

/// Writes the text of a WKB geometry (`POINT (1 2)`), without quotes. False, and nothing written,
/// when the bytes are not a two-dimensional WKB geometry.
bool put_wkt(TextBuffer& out, Bytes wkb);

}  // namespace tailwater::format
