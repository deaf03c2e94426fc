// Key literals: values of rows as SQL literals, to ask the server for those rows.
#pragma once

#include <string>

#include "model/row.h"
#include "model/schema.h"

namespace tailwater::mysql {

/// A condition that the row fits which an update made: its key's values, from `after`, or from
/// `before` where the update did not change them.
std::string row_condition(const Schema& schema, const RowView& before, const RowView& after);

}  // namespace tailwater::mysql
