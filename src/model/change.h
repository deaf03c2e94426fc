// Changes and transactions, as every reader sees them: views into memory that somebody else owns.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/row.h"
#include "model/schema.h"

namespace tailwater {

/// A change's dense number in one changelog, from 0.
enum class Offset : uint64_t {};
constexpr uint64_t raw(Offset offset) {
  return static_cast<uint64_t>(offset);
}
constexpr Offset operator+(Offset offset, uint64_t count) {
  return Offset{raw(offset) + count};
}

/// What happened. The numbers are stored: never renumber, only add.
enum class Op : uint8_t {
  kInsert = 1,
  kUpdate = 2,
  kDelete = 3,
  kRead = 4,  ///< a row of a snapshot
  kTruncate = 5,
  kSchemaChange = 6,  ///< a statement that changed the schema; carries `statement`, no rows
  kReadStart = 7,     ///< a snapshot of the table starts: its reads follow; no row
  kReadEnd = 8,       ///< a snapshot of the table is complete; no row
  kStatement = 9,     ///< a statement that changed rows and was not decoded; as kSchemaChange
};

/// "insert", "update", …
std::string_view to_string(Op op);

/// Whether it is about one row, and has its images.
constexpr bool has_row(Op op) {
  return op == Op::kInsert || op == Op::kUpdate || op == Op::kDelete || op == Op::kRead;
}

/// Whether it is of a snapshot, and so not a change that somebody made.
constexpr bool is_of_snapshot(Op op) {
  return op == Op::kRead || op == Op::kReadStart || op == Op::kReadEnd;
}

/// What is known of a transaction, the same at its first change as at its last.
struct TransactionInfo {
  std::string_view gtid = {};  ///< the source's global id, "" where it has none
  std::string_view file = {};  ///< binlog sources: the file that holds the whole transaction
  uint64_t start_pos = 0;      ///< where its first event starts
  uint64_t end_pos = 0;        ///< where the event after it starts
  uint64_t id = 0;             ///< MySQL: XID; 0 where the source gave none; reads: the snapshot's
  uint64_t thread_id = 0;      ///< the session that ran it
  uint32_t server_id = 0;      ///< the server that ran it first
  int64_t commit_ts_us = 0;    ///< the source's commit time, UTC
  uint64_t changes = 0;        ///< how many of its changes are in the log
  Offset first_offset = {};    ///< of its first change (or where it would be)
  /// The one sink that it is for; "" for all. Only reads of a snapshot have one.
  std::string_view audience = {};
};

/// One change. Everything it points to lives until the reader that gave it moves on.
struct ChangeView {
  Op op = Op::kInsert;
  const Schema* schema =
      nullptr;          ///< null for kStatement, and for kSchemaChange of no single table
  RowView before = {};  ///< update, delete
  RowView after = {};   ///< insert, update, read
  Offset offset = {};
  uint64_t ordinal = 0;  ///< its place in the transaction as the source sent it, before our filters
  uint64_t source_pos = 0;  ///< binlog: where the event that holds it starts; PostgreSQL: LSN
  uint32_t source_row = 0;  ///< which row of that event
  int64_t ts_us = 0;        ///< when the source ran the statement, as well as it says
  std::string_view statement = {};  ///< kSchemaChange, kStatement: its text, UTF-8
  std::string_view database = {};   ///< of these two: the session's default database
  bool last = false;                ///< the last change of its transaction
};

}  // namespace tailwater
