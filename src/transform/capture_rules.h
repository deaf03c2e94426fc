// CaptureRules: all that decides what of a source reaches its changelog.
#pragma once

#include "transform/column_selection.h"
#include "transform/selection.h"
#include "transform/skipped_operations.h"

namespace tailwater {

struct CaptureRules {
  Selection tables = {};
  ColumnSelection columns = {};
  SkippedOperations skipped = {};
};

}  // namespace tailwater
