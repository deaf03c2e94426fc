// StatementKind: what a QUERY event's statement means for capture. Only its first words are read;
// rows never depend on it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tailwater::mysql {

enum class StatementKind : uint8_t {
  kBegin,
  kCommit,
  kRollback,
  kSavepoint,
  kRollbackTo,
  kXa,
  kRowChange,     ///< INSERT, CREATE … SELECT, … as text: binlog_format was not ROW
  kSchemaChange,  ///< CREATE, ALTER, DROP, RENAME of a table or database
  kTruncate,
  kOther,  ///< GRANT, FLUSH, CREATE USER, …: nothing that a reader of rows needs
};

struct Statement {
  StatementKind kind = StatementKind::kOther;
  std::string savepoint = {};  ///< kSavepoint, kRollbackTo: its name, unquoted
};

Statement classify_statement(std::string_view sql);

/// Whether such a statement is to be shown to the DDL parser: also what has no kind of its own.
constexpr bool may_change_schemas(StatementKind kind) {
  return kind == StatementKind::kSchemaChange || kind == StatementKind::kTruncate ||
         kind == StatementKind::kOther;
}

}  // namespace tailwater::mysql
