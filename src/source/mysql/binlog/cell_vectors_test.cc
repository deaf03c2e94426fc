// Every cell and JSON vector of Vitess (../shared/corpora/vitess-cell-vectors).
#include "base/cursor.h"
#include "source/mysql/binlog/corpus.h"
#include "source/mysql/binlog/json_binary.h"
#include "source/mysql/binlog/row_plan.h"
#include "source/mysql/binlog/row_text.h"
#include "source/mysql/binlog/table_schema.h"

namespace tailwater::mysql {
namespace {

// The metadata bytes of a type from Vitess's one number.
std::string metadata_bytes(unsigned type, unsigned metadata) {
  const auto low = static_cast<char>(metadata & 0xff);
  const auto high = static_cast<char>(metadata >> 8);
  switch (static_cast<ColumnType>(type)) {
    case ColumnType::kVarchar:
    case ColumnType::kVarString:
    case ColumnType::kBit:
      return {low, high};
    case ColumnType::kNewdecimal:
    case ColumnType::kString:
      return {high, low};
    case ColumnType::kFloat:
      return {4};
    case ColumnType::kDouble:
      return {8};
    case ColumnType::kEnum:
    case ColumnType::kSet:
      return {static_cast<char>(type), low};
    case ColumnType::kTimestamp2:
    case ColumnType::kDatetime2:
    case ColumnType::kTime2:
    case ColumnType::kJson:
    case ColumnType::kBlob:
    case ColumnType::kGeometry:
      return {low};
    default:
      return {};
  }
}

// A table map event of one column.
Result<TableMap> one_column(unsigned type, unsigned metadata, std::string& body) {
  const auto column_type = static_cast<ColumnType>(type);
  const bool as_string = column_type == ColumnType::kEnum || column_type == ColumnType::kSet;
  const std::string meta = metadata_bytes(type, metadata);
  body.assign(
      "\x01\0\0\0\0\0\0\0\x01"
      "d\0\x01"
      "t\0\x01",
      15);
  body += static_cast<char>(as_string ? 254 : type);
  body += static_cast<char>(meta.size());
  body += meta + '\x01';
  Event event;
  event.header.type = EventType::kTableMap;
  event.body = as_bytes(body);
  return parse_table_map(event, FormatDescription{});
}

Result<std::string> decode_cell(const nlohmann::json& cell, std::string& raw) {
  std::string body;
  TW_ASSIGN(TableMap map, one_column(cell["type_code"], cell["metadata"], body));
  if (cell["unsigned"].is_boolean()) map.columns[0].is_unsigned = cell["unsigned"].get<bool>();
  TW_ASSIGN(TableSchema table, schema_without_names(map));
  const auto schema = std::make_shared<const Schema>(SchemaId{1}, std::move(table));
  TW_ASSIGN(RowPlan plan, RowPlan::make(map, schema));
  const uint8_t all = 1;
  TW_ASSIGN(const ImagePlan* image, plan.image(Bytes(&all, 1)));
  const std::string bytes = std::string(1, '\0') + bytes_of(cell["hex"]);
  Cursor cursor(as_bytes(bytes));
  ByteBuffer out;
  TW_TRY(transcode_image(*image, cursor, out));
  EXPECT_TRUE(cursor.at_end()) << cell;
  const RowView row(schema->layout(), out.view());
  TW_TRY(row.validate(*schema));
  if (is_variable(schema->columns()[0].type)) raw = row.text(0);
  const auto kind = schema->columns()[0].type.kind;
  if (kind == TypeKind::kBit || kind == TypeKind::kSet) {
    const auto value = row.fixed<uint64_t>(0);
    for (size_t i = 0; i < bytes.size() - 1; ++i) {
      // Vitess keeps the wire's bytes: bits are big-endian, sets little-endian.
      const size_t shift = kind == TypeKind::kSet ? i : bytes.size() - 2 - i;
      raw += static_cast<char>(value >> (shift * 8) & 0xff);
    }
  }
  return value_text(*schema, row, 0);
}

TEST(CellVectors, Vitess) {
  TW_CORPUS_OR_SKIP(path, "vitess-cell-vectors/cells.jsonl");
  size_t count = 0;
  for (const nlohmann::json& cell : json_lines(path)) {
    std::string raw;
    const auto text = decode_cell(cell, raw);
    ASSERT_TRUE(text.has_value()) << cell << text.error().describe();
    ++count;
    if (cell["expect"].is_null()) {
      EXPECT_EQ(to_hex(as_bytes(raw)), cell["expect_hex"]) << cell;
    } else if (cell["type"] == "Float" || cell["type"] == "Double") {
      EXPECT_EQ(std::stod(*text), std::stod(cell["expect"].get<std::string>())) << cell;
    } else {
      EXPECT_EQ(*text, cell["expect"]) << cell;
    }
  }
  EXPECT_EQ(count, 87u);
}

// Vitess prints documents without spaces, and opaque values as "<kind> <text>"; ours are the
// server's.
std::string expected_json(const std::string& expect) {
  const size_t space = expect.find(' ');
  const std::string kind = expect.substr(0, space);
  const std::string rest = space == std::string::npos ? "" : expect.substr(space + 1);
  if (kind == "decimal") return rest;
  if (kind == "date" || kind == "time" || kind == "datetime") return "\"" + rest + "\"";
  if (kind == "bit") return "\"base64:type16:yv4=\"";
  if (kind == "opaque-varchar") return "\"base64:type15:yv4=\"";
  if (kind == "opaque-blob") return "\"base64:type252:yv4=\"";
  return expect;
}

std::string without_spaces(std::string_view text) {
  std::string out;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted || c != ' ') out += c;
  }
  return out;
}

TEST(JsonVectors, Vitess) {
  TW_CORPUS_OR_SKIP(path, "vitess-cell-vectors/json.jsonl");
  size_t count = 0;
  for (const nlohmann::json& line : json_lines(path)) {
    ByteBuffer out;
    const std::string expect = line["expect"];
    const Status status = append_json(as_bytes(bytes_of(line["hex"])), out);
    ++count;
    if (expect.starts_with("ERROR")) {
      EXPECT_FALSE(status.has_value()) << line;
      continue;
    }
    ASSERT_TRUE(status.has_value()) << line;
    EXPECT_EQ(without_spaces(as_text(out.view())), without_spaces(expected_json(expect))) << line;
  }
  EXPECT_EQ(count, 44u);
}

}  // namespace
}  // namespace tailwater::mysql
