// Binary JSON of MySQL (type 245), printed as the server prints it.
// Sources: MySQL sql-common/json_binary.h (the format), json_dom.cc (the text).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "source/mysql/binlog/json_shape.h"
#include "source/mysql/binlog/row_output.h"

namespace tailwater::mysql {

/// Writes the document as text. False, with `out` in any state, when it is damaged: a length or
/// offset that leaves it, deeper than the server's 100 levels, or parts that are used twice (so
/// that a small document cannot become a huge text). No bytes at all are the JSON null.
/// `readable_beyond` is how many bytes may be read behind the document, whatever they are. With a
/// `shape`, the keys of the outermost object are printed from what it remembers; this needs eight
/// readable bytes.
bool write_json(Bytes document, RowOutput& out, size_t readable_beyond = 0,
                JsonShape* shape = nullptr);

/// The same, appended. kCorrupt when it is damaged.
Status append_json(Bytes document, ByteBuffer& out);

/// Writes a number as MySQL prints a DOUBLE: shortest digits, with an exponent where the point
/// would be beyond 15 places. Needs kNumberTextMax bytes; returns the end.
inline constexpr size_t kNumberTextMax = 40;
uint8_t* write_double(double value, uint8_t* to);

}  // namespace tailwater::mysql
