#include "source/mysql/schema_file.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/text.h"

namespace tailwater::mysql {
namespace {

using nlohmann::json;

tl::unexpected<Error> wrong(const std::string& where, const std::string& what) {
  return fail(ErrorKind::kUserFix, fmt::format("schema file: {}: {}", where, what),
              "'tailwater check URL --write-schema FILE' writes such a file; docs/schema_file.md");
}

// "int(10) unsigned" is of data type "int".
std::string data_type_of(const std::string& column_type) {
  return to_lower(column_type.substr(0, column_type.find_first_of("( ")));
}

Result<ColumnFacts> parse_column(const json& column, const std::string& where) {
  if (!column.is_object() || !column.contains("name") || !column["name"].is_string() ||
      !column.contains("type") || !column["type"].is_string()) {
    return wrong(where, "a column is an object with a \"name\" and a \"type\"");
  }
  ColumnFacts facts;
  for (const auto& [key, value] : column.items()) {
    if (key == "name" && value.is_string())
      facts.name = value.get<std::string>();
    else if (key == "type" && value.is_string())
      facts.column_type = value.get<std::string>();
    else if (key == "charset" && value.is_string())
      facts.character_set = value.get<std::string>();
    else if (key == "nullable" && value.is_boolean())
      facts.nullable = value.get<bool>();
    else if (key == "generated" && value.is_boolean())
      facts.generated = value.get<bool>();
    else if (key == "invisible" && value.is_boolean())
      facts.invisible = value.get<bool>();
    else
      return wrong(where, fmt::format("what is \"{}\" in a column?", key));
  }
  facts.data_type = data_type_of(facts.column_type);
  return facts;
}

Result<std::vector<uint32_t>> parse_key(const json& names, const TableFacts& table,
                                        const std::string& where) {
  if (!names.is_array()) return wrong(where, "a key is a list of column names");
  std::vector<uint32_t> key;
  for (const json& name : names) {
    const auto at =
        std::find_if(table.columns.begin(), table.columns.end(), [&](const ColumnFacts& c) {
          return name.is_string() && c.name == name.get<std::string>();
        });
    if (at == table.columns.end())
      return wrong(where, fmt::format("there is no column {}", name.dump()));
    key.push_back(static_cast<uint32_t>(at - table.columns.begin()));
  }
  return key;
}

Result<TableFacts> parse_table(const json& table, const std::string& where) {
  if (!table.is_object() || !table.contains("columns") || !table["columns"].is_array()) {
    return wrong(where, "a table is an object with a list of \"columns\"");
  }
  TableFacts facts;
  for (const json& column : table["columns"]) {
    TW_ASSIGN(ColumnFacts parsed, parse_column(column, where));
    facts.columns.push_back(std::move(parsed));
  }
  if (table.contains("primary_key")) {
    TW_ASSIGN(facts.primary_key, parse_key(table["primary_key"], facts, where));
  }
  if (table.contains("unique_keys")) {
    if (!table["unique_keys"].is_array()) return wrong(where, "\"unique_keys\" is a list of keys");
    for (const json& key : table["unique_keys"]) {
      TW_ASSIGN(auto parsed, parse_key(key, facts, where));
      facts.unique_keys.push_back(std::move(parsed));
    }
  }
  return facts;
}

json print_key(const TableFacts& table, const std::vector<uint32_t>& key) {
  json names = json::array();
  for (const uint32_t column : key) names.push_back(table.columns[column].name);
  return names;
}

json print_column(const ColumnFacts& column) {
  json printed = {{"name", column.name}, {"type", column.column_type}};
  if (!column.character_set.empty()) printed["charset"] = column.character_set;
  if (!column.nullable) printed["nullable"] = false;
  if (column.generated) printed["generated"] = true;
  if (column.invisible) printed["invisible"] = true;
  return printed;
}

}  // namespace

Result<SchemaFile> SchemaFile::load(const std::string& path) {
  TW_ASSIGN(const std::string text, read_file(FileSystem::posix(), path));
  auto parsed = parse(text);
  if (!parsed.has_value()) return fail(std::move(parsed).error().in(path));
  return parsed;
}

Result<SchemaFile> SchemaFile::parse(std::string_view text) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return wrong("the whole", "it is not a JSON object");
  SchemaFile file;
  file.crc_ = std::max<uint32_t>(1, crc32c(as_bytes(text)));
  for (const auto& [name, table] : document.items()) {
    if (name.find('.') == std::string::npos) return wrong(name, "a table is named database.table");
    TW_ASSIGN(TableFacts facts, parse_table(table, name));
    file.tables_.emplace(name, std::move(facts));
  }
  return file;
}

const TableFacts* SchemaFile::find(std::string_view database, std::string_view table) const {
  if (tables_.empty()) return nullptr;
  std::string name(database);
  name.append(".").append(table);
  const auto at = tables_.find(name);
  return at == tables_.end() ? nullptr : &at->second;
}

std::vector<std::pair<TableName, TableFacts>> SchemaFile::tables() const {
  std::vector<std::pair<TableName, TableFacts>> tables;
  for (const auto& [name, facts] : tables_) {
    const size_t dot = name.find('.');
    tables.emplace_back(TableName{name.substr(0, dot), name.substr(dot + 1)}, facts);
  }
  return tables;
}

std::string print_schema_file(const std::vector<CatalogTable>& tables) {
  json document = json::object();
  for (const CatalogTable& table : tables) {
    const TableFacts facts = with_period(facts_of(table));
    json columns = json::array();
    for (const ColumnFacts& column : facts.columns) columns.push_back(print_column(column));
    json printed = {{"columns", std::move(columns)}};
    if (!facts.primary_key.empty()) printed["primary_key"] = print_key(facts, facts.primary_key);
    for (const auto& key : facts.unique_keys) {
      printed["unique_keys"].push_back(print_key(facts, key));
    }
    document[table.name.describe()] = std::move(printed);
  }
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

TableFacts facts_of(const CatalogTable& table) {
  TableFacts facts;
  facts.hidden_period = table.hidden_period;
  for (const CatalogColumn& column : table.columns) {
    facts.columns.push_back({column.name, column.data_type, column.column_type,
                             column.character_set, column.nullable,
                             column.generated != CatalogColumn::Generated::kNo, column.invisible});
  }
  for (const CatalogKey& key : table.keys) {
    if (&key == table.primary_key()) {
      facts.primary_key = key.columns;
    } else {
      facts.unique_keys.push_back(key.columns);
    }
  }
  return facts;
}

}  // namespace tailwater::mysql
