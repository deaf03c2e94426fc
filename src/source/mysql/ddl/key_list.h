// KeyList: the keys of a table while it is made or altered, by the names of columns.
// Source: mysql_prepare_create_table in sql_table.cc of both servers.
#pragma once

#include <string>
#include <vector>

#include "source/mysql/ddl/tracked_table.h"

namespace tailwater::mysql {

class KeyList {
 public:
  struct Part {
    std::string column;  ///< empty: an expression
    uint64_t prefix = 0;
    bool operator==(const Part&) const = default;
  };
  struct Key {
    std::string name;  ///< empty: to be chosen
    bool primary = false;
    bool unique = false;
    bool for_reference = false;
    bool period = false;  ///< no key, but its columns cannot be NULL
    std::vector<Part> parts;
  };

  /// A key that the table has already.
  void keep(Key key) { keys_.push_back(std::move(key)); }
  void add(const KeyDefinition& definition);
  /// MariaDB: keys that tell rows apart get the end of a row's period as their last part.
  void append_row_end(const std::string& column);

  /// Chooses the names that are missing, leaves out keys for references that others can stand in
  /// for, makes the primary key's columns not nullable, and sets the table's keys and facts.
  /// kUnsupported when a key names a column that the table does not have.
  Status settle(TrackedTable& table);

 private:
  void drop_needless();
  [[nodiscard]] std::string free_name(const TrackedTable& table, const Key& key) const;

  std::vector<Key> keys_;
};

}  // namespace tailwater::mysql
