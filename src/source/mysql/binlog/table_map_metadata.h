// The optional metadata at the end of a table map event (binlog_row_metadata).
#pragma once

#include "source/mysql/binlog/table_map.h"

namespace tailwater::mysql {

/// Adds what `bytes` say to the columns of `map`. Kinds of metadata that are not known are skipped.
Status read_optional_metadata(Bytes bytes, TableMap& map);

}  // namespace tailwater::mysql
