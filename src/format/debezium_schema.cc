#include "format/debezium_schema.h"

#include <fmt/format.h>

namespace tailwater::format {
namespace {

// The parts in the order in which JsonConverter.asJsonSchema puts them.
std::string schema_json(const ConnectType& type, bool optional, std::string_view field) {
  std::string json = fmt::format(R"({{"type":"{}",)", type.type);
  if (!type.body.empty()) json += type.body + ",";
  json += optional ? R"("optional":true)" : R"("optional":false)";
  if (!type.name.empty()) {
    json += R"(,"name":)" + json_member(type.name);
    json.pop_back();
    json += fmt::format(R"(,"version":{})", type.version);
  }
  if (!type.doc.empty()) json += fmt::format(R"(,"doc":"{}")", type.doc);
  if (!type.parameters.empty()) json += R"(,"parameters":)" + type.parameters;
  if (!field.empty()) {
    json += R"(,"field":)" + json_member(field);
    json.pop_back();
  }
  return json + "}";
}

std::string plain(std::string_view type, bool optional, std::string_view field) {
  return schema_json({type, {}, 1, {}, {}, {}, false}, optional, field);
}

// A struct's name needs no version, unlike a logical type's.
std::string struct_json(const std::string& fields, bool optional, const std::string& name,
                        int version, std::string_view field) {
  std::string json = R"({"type":"struct","fields":[)" + fields + R"(],"optional":)";
  json += optional ? "true" : "false";
  json += R"(,"name":)" + json_member(name);
  json.pop_back();
  if (version != 0) json += fmt::format(R"(,"version":{})", version);
  if (!field.empty()) json += fmt::format(R"(,"field":"{}")", field);
  return json + "}";
}

std::string source_schema(const std::string& connector) {
  std::string fields;
  for (const std::string_view name : {"version", "connector", "name"}) {
    fields += plain("string", false, name) + ",";
  }
  fields += plain("int64", false, "ts_ms") + ",";
  fields +=
      R"({"type":"string","optional":true,"name":"io.debezium.data.Enum","version":1,"parameters":)"
      R"({"allowed":"true,first,first_in_data_collection,last_in_data_collection,last,false,)"
      R"(incremental"},)"
      R"("default":"false","field":"snapshot"},)";
  fields += plain("string", false, "db") + "," + plain("string", true, "sequence") + "," +
            plain("int64", true, "ts_us") + "," + plain("int64", true, "ts_ns") + "," +
            plain("string", true, "table") + "," + plain("int64", false, "server_id") + "," +
            plain("string", true, "gtid") + "," + plain("string", false, "file") + "," +
            plain("int64", false, "pos") + "," + plain("int32", false, "row") + "," +
            plain("int64", true, "thread") + "," + plain("string", true, "query");
  return struct_json(fields, false, "io.debezium.connector." + connector + ".Source", 1, "source");
}

std::string transaction_schema() {
  const std::string fields = plain("string", false, "id") + "," +
                             plain("int64", false, "total_order") + "," +
                             plain("int64", false, "data_collection_order");
  return struct_json(fields, true, "event.block", 1, "transaction");
}

}  // namespace

std::string connect_transaction_key_schema() {
  return struct_json(plain("string", false, "id"), false,
                     "io.debezium.connector.common.TransactionMetadataKey", 1, {});
}

std::string connect_transaction_value_schema() {
  const std::string collection = struct_json(
      plain("string", false, "data_collection") + "," + plain("int64", false, "event_count"), true,
      "event.collection", 1, {});
  const std::string fields =
      plain("string", false, "status") + "," + plain("string", false, "id") + "," +
      plain("int64", true, "event_count") + R"(,{"type":"array","items":)" + collection +
      R"(,"optional":true,"field":"data_collections"},)" + plain("int64", false, "ts_ms");
  return struct_json(fields, false, "io.debezium.connector.common.TransactionMetadataValue", 1, {});
}

std::string connect_field(const DebeziumColumn& column) {
  const bool optional = column.type.always_optional || column.writer.column->nullable;
  return schema_json(column.type, optional, column.writer.column->name);
}

std::string connect_key_schema(const std::string& name,
                               std::span<const DebeziumColumn* const> columns) {
  std::string fields;
  for (const DebeziumColumn* column : columns) {
    if (!fields.empty()) fields += ',';
    fields += connect_field(*column);
  }
  return struct_json(fields, false, name, 0, {});
}

std::string connect_envelope_schema(const std::string& topic, const std::string& connector,
                                    std::span<const DebeziumColumn> columns) {
  std::string row;
  for (const DebeziumColumn& column : columns) {
    if (!row.empty()) row += ',';
    row += connect_field(column);
  }
  const std::string fields = struct_json(row, true, topic + ".Value", 0, "before") + "," +
                             struct_json(row, true, topic + ".Value", 0, "after") + "," +
                             source_schema(connector) + "," + transaction_schema() + "," +
                             plain("string", false, "op") + "," + plain("int64", true, "ts_ms") +
                             "," + plain("int64", true, "ts_us") + "," +
                             plain("int64", true, "ts_ns");
  return struct_json(fields, false, topic + ".Envelope", 2, {});
}

}  // namespace tailwater::format
