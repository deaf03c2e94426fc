// TrackedTable: a table's facts, and what later statements need to know of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "source/mysql/binlog/table_schema.h"
#include "source/mysql/ddl/schema_statement.h"

namespace tailwater::mysql {

/// No server makes a table with more of them.
constexpr size_t kColumnsMax = 4096;
constexpr size_t kKeysMax = 256;

/// A key of any kind, as information_schema.STATISTICS lists them.
struct TrackedKey {
  struct Part {
    uint32_t column = 0;  ///< its place in the table's columns; kExpression for none
    uint64_t prefix = 0;  ///< 0: the whole value
    bool operator==(const Part&) const = default;
  };
  static constexpr uint32_t kExpression = UINT32_MAX;

  std::string name;  ///< "PRIMARY" for the primary key
  bool unique = false;
  /// Made for a foreign key, and gone when another key can do its work. Not known of keys that were
  /// read from a server: false.
  bool for_reference = false;
  std::vector<Part> parts;
  bool operator==(const TrackedKey&) const = default;
};

struct TrackedTable {
  /// As read_table and facts_of give them for a live table: keys with a nullable column or an
  /// expression are left out, unique keys are in the order of their names.
  TableFacts facts;
  std::vector<TrackedKey> keys;  ///< all, in the server's order of making
  std::string charset;           ///< of columns to come; empty: not known
  /// Not empty: the facts are not to be trusted, this is why, and the table must be read again.
  std::string stale;

  [[nodiscard]] bool must_be_read() const { return !stale.empty(); }
};

/// Fills facts.primary_key and facts.unique_keys from `keys`.
void settle_keys(TrackedTable& table);

/// The character set that the words choose where `inherited` is the default. Empty where they
/// choose the default and that is not known; kUnsupported for a name that this version does not
/// know.
Result<std::string> resolve_charset(const CharsetWords& words, const std::string& inherited,
                                    const SqlDialect& dialect);

/// The table that CREATE TABLE makes. `database_charset` is its database's default, empty where
/// that is not known. kUnsupported where the text does not tell what the columns are.
Result<TrackedTable> make_table(const CreateTable& create, const std::string& database_charset,
                                const DdlSession& session);

/// The table after ALTER TABLE (renaming left aside). kUnsupported where the statement does not fit
/// the table or its effect cannot be known.
Result<TrackedTable> altered_table(const TrackedTable& table, const AlterTable& alter,
                                   const std::string& database_charset, const DdlSession& session);

}  // namespace tailwater::mysql
