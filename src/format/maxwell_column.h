// Columns in the Maxwell format. Facts: com.zendesk.maxwell.schema.columndef of Maxwell 1.22.6, and
// recordings of it (tests/golden/peers).
#pragma once

#include "format/column_writer.h"
#include "format/formatter.h"

namespace tailwater::format {

ColumnWriter make_maxwell_column(const Column& column, size_t index, const MaxwellOptions& options,
                                 SourceKind source);

}  // namespace tailwater::format
