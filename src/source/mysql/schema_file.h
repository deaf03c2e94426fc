// SchemaFile: column names and types of tables, as a user gives them for binlogs without names.
// docs/schema_file.md is its description.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "db/mysql/catalog.h"
#include "source/mysql/binlog/table_schema.h"

namespace tailwater::mysql {

class SchemaFile {
 public:
  /// kUserFix, naming table and column, when the file is wrong; kNotFound when it cannot be read.
  static Result<SchemaFile> load(const std::string& path);
  static Result<SchemaFile> parse(std::string_view json);

  /// The table's columns; null when the file does not name it.
  [[nodiscard]] const TableFacts* find(std::string_view database, std::string_view table) const;
  [[nodiscard]] size_t size() const { return tables_.size(); }
  /// All tables. A name of the file is split at its first dot.
  [[nodiscard]] std::vector<std::pair<TableName, TableFacts>> tables() const;
  /// CRC-32C of the file's text; never 0.
  [[nodiscard]] uint32_t crc() const { return crc_; }

 private:
  std::map<std::string, TableFacts, std::less<>> tables_;  // by "database.table"
  uint32_t crc_ = 1;
};

/// The text of a schema file for tables as they are now.
std::string print_schema_file(const std::vector<CatalogTable>& tables);

/// What a table map is compared with, from the catalog.
TableFacts facts_of(const CatalogTable& table);

}  // namespace tailwater::mysql
