// Row values as text, for the tests of this room: one rendering for all corpora.
#pragma once

#include <string>

#include "model/row.h"

namespace tailwater::mysql {

/// A value as the servers' SELECT prints it in UTC; "NULL", or "(unavailable)".
std::string value_text(const Schema& schema, const RowView& row, size_t column);

}  // namespace tailwater::mysql
