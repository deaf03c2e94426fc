// Columns in the Debezium format: the Kafka Connect type that Debezium gives a column, and the JSON
// that its JsonConverter makes of a value. Facts:
// io.debezium.connector.binlog.jdbc.BinlogValueConverters and io.debezium.jdbc.JdbcValueConverters
// of Debezium 3.5, and recordings of it (tests/golden/peers).
#pragma once

#include "format/column_writer.h"
#include "format/formatter.h"

namespace tailwater::format {

/// A field's schema in Kafka Connect's terms.
struct ConnectType {
  std::string_view type = "string";  ///< "int32", "bytes", …
  std::string name = {};             ///< the logical type, "" for none
  int version = 1;                   ///< of the logical type
  std::string parameters = {};       ///< JSON, "" for none
  std::string doc = {};
  std::string body = {};  ///< `"items":…` or `"fields":…`, "" for plain types
  bool always_optional = false;
};

struct DebeziumColumn {
  ColumnWriter writer;
  ConnectType type;
};

DebeziumColumn make_debezium_column(const Column& column, size_t index,
                                    const DebeziumOptions& options, SourceKind source);

}  // namespace tailwater::format
