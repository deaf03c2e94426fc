// What canal says of a statement that changes a schema. Facts: SimpleDdlParser and EventType of
// canal 1.1.
#pragma once

#include <string>
#include <string_view>

namespace tailwater::format {

struct CanalStatement {
  /// CREATE, ALTER, ERASE, TRUNCATE, RENAME, CINDEX, DINDEX; QUERY for statements of no table.
  std::string_view type = "QUERY";
  std::string database;  ///< of the table's name, else `database`
  std::string table;     ///< RENAME: the first new name; "" for QUERY
};

/// `database`: the session's default one.
CanalStatement parse_canal_statement(std::string_view sql, std::string_view database);

}  // namespace tailwater::format
