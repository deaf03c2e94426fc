// Which of two places in the binlogs of one server comes first.
#pragma once

#include "model/position.h"

namespace tailwater::mysql {

/// Which of two places in the binlogs of one server comes first: by the number at the end of the
/// file name, then by byte. Negative, zero or positive.
int compare_binlog(const BinlogPosition& left, const BinlogPosition& right);

}  // namespace tailwater::mysql
