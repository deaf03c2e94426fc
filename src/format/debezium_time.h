// Temporal columns in the Debezium format: io.debezium.time.* by time.precision.mode.
#pragma once

#include "format/debezium_column.h"

namespace tailwater::format {

/// Fills in type, writer and fallback of a date, time, datetime, timestamp or year column.
void make_debezium_time(DebeziumColumn& made, const Column& column, const DebeziumOptions& options);

}  // namespace tailwater::format
