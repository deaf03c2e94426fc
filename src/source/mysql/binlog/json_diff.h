// JSON diffs: what MySQL logs of an updated JSON column instead of the new document, when
// binlog_row_value_options has PARTIAL_JSON. Source: MySQL sql/json_diff.cc.
#pragma once

#include "base/bytes.h"
#include "source/mysql/binlog/row_output.h"

namespace tailwater::mysql {

/// Writes the text of `document` (binary JSON) after `diffs` were applied to it, in the form that
/// write_json has. False, with `out` in any state, when the diffs are damaged or do not fit the
/// document.
bool write_json_with_diffs(Bytes document, Bytes diffs, RowOutput& out);

}  // namespace tailwater::mysql
