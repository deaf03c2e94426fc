// Opaque values in binary JSON: MySQL values that JSON has no type for.
#pragma once

#include "base/bytes.h"
#include "source/mysql/binlog/column_type.h"
#include "source/mysql/binlog/row_output.h"

namespace tailwater::mysql {

/// Writes decimals as numbers, temporal values as strings with six fractional digits, and anything
/// else as "base64:type<number>:<base64>". False when the value's bytes are not such a value.
bool write_json_opaque(ColumnType type, Bytes value, RowOutput& out);

}  // namespace tailwater::mysql
