// Random tables over all types with a key of two columns, random statements on them, and their rows
// as the server selects them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "db/mysql/connection.h"
#include "integration/random_columns.h"

namespace tailwater::test {

struct RandomTable {
  std::string name;
  std::vector<RandomColumn> columns;  ///< without the key, id1 and id2
  size_t key_at = 0;                  ///< where the key columns stand
  std::string definition;

  /// The place of a column in the table.
  [[nodiscard]] size_t place(size_t column) const { return column < key_at ? column : column + 2; }
};

/// Values in the table's column order, without the key, by "id1/id2".
using RandomRow = std::vector<std::optional<std::string>>;
using RandomState = std::map<std::string, RandomRow>;

inline bool is_generated(const RandomColumn& column) {
  return column.value == RandomColumn::Value::kGenerated;
}

/// Tables that have each type once, together.
std::vector<RandomTable> make_tables(mysql::Flavor flavor, Random& random);
/// An insert, update or delete. Rows live under keys below `keys`.
std::string insert_statement(const RandomTable& table, mysql::Flavor flavor, Random& random,
                             size_t keys);
std::string random_statement(const RandomTable& table, mysql::Flavor flavor, Random& random,
                             size_t keys);
/// Makes the database `property`, goes there, and makes the tables anew.
Status create_tables(mysql::Connection& connection, const std::vector<RandomTable>& tables);
/// The server's own rows.
Result<RandomState> select_state(mysql::Connection& connection, const RandomTable& table);

}  // namespace tailwater::test
