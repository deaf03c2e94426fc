// Kafka Connect schemas as JSON, as its JsonConverter writes them with schemas.enable=true.
#pragma once

#include <span>
#include <string>

#include "format/debezium_column.h"

namespace tailwater::format {

/// The schema of a column's field: {"type":…,"optional":…,"name":…,…,"field":"…"}.
std::string connect_field(const DebeziumColumn& column);

/// The schema of a key: a struct of those columns.
std::string connect_key_schema(const std::string& name,
                               std::span<const DebeziumColumn* const> columns);

/// The schema of a whole change: before, after, source, transaction, op, ts_ms, ts_us, ts_ns.
/// `topic` is prefix.database.table; `connector` "mysql" or "mariadb".
std::string connect_envelope_schema(const std::string& topic, const std::string& connector,
                                    std::span<const DebeziumColumn> columns);

/// The schemas of the documents that mark where a transaction begins and ends.
std::string connect_transaction_key_schema();
std::string connect_transaction_value_schema();

}  // namespace tailwater::format
