#include "source/mysql/schema/lookahead.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/log_line.h"
#include "base/text.h"
#include "db/mysql/connection.h"
#include "db/mysql/dump_stream.h"
#include "db/mysql/server_id.h"
#include "source/mysql/binlog/control_events.h"
#include "source/mysql/binlog/format_description.h"
#include "source/mysql/binlog/gtid_event.h"
#include "source/mysql/binlog_order.h"
#include "source/mysql/schema/ddl_session.h"
#include "source/mysql/statement_kind.h"

namespace tailwater::mysql {
namespace {

constexpr size_t kTextShown = 200;

// Takes events one after the other, and keeps the statements that are about tables.
class StatementScan {
 public:
  StatementScan(Position from, Position to, std::vector<StatementAhead>& found)
      : from_(std::move(from)), to_(std::move(to)), found_(found), file_(from_.binlog.file) {}

  /// Whether the end is reached.
  [[nodiscard]] bool done() const {
    return !to_.binlog.file.empty() && !file_.empty() && pos_ != 0 &&
           compare_binlog({file_, pos_}, to_.binlog) >= 0;
  }

  Status take(Bytes whole) {
    const Checksum checksum = have_format_ ? format_.checksum : guess_checksum(whole);
    TW_ASSIGN(const Event event, open_event(whole, checksum));
    const bool artificial = (event.header.flags & kFlagArtificial) != 0;
    if (!artificial && event.header.next_pos != 0) pos_ = event.header.next_pos;
    switch (event.header.type) {
      case EventType::kFormatDescription: {
        TW_ASSIGN(format_, parse_format_description(event));
        have_format_ = true;
        return {};
      }
      case EventType::kRotate: {
        TW_ASSIGN(const Rotate rotate, parse_rotate(event));
        if (rotate.file.empty()) return {};
        file_ = rotate.file;
        pos_ = rotate.pos;
        return {};
      }
      case EventType::kGtid:
      case EventType::kGtidTagged:
      case EventType::kAnonymousGtid: {
        TW_ASSIGN(const MysqlGtidEvent gtid, parse_mysql_gtid(event));
        gtid_ = gtid.gtid ? gtid.gtid->describe() : "";
        return {};
      }
      case EventType::kMariadbGtid: {
        TW_ASSIGN(const MariadbGtidEvent gtid, parse_mariadb_gtid_event(event));
        gtid_ = gtid.gtid.describe();
        alters_nothing_ = gtid.alters_nothing();
        return {};
      }
      case EventType::kQuery:
      case EventType::kMariadbQueryCompressed:
        return take_query(event);
      default:
        return {};
    }
  }

 private:
  Status take_query(const Event& event) {
    TW_ASSIGN(const QueryEvent query, parse_query(event, format_, unpacked_));
    if (alters_nothing_ || !may_change_schemas(classify_statement(query.statement).kind)) return {};
    text_.clear();
    append_statement(query, text_);
    NamedTables tables = named_tables(parse_schema_statement(text_, ddl_session(query, format_)));
    if (tables.names.empty() && !tables.any) return {};
    found_.push_back({.place = {gtid_, from_.server, {file_, pos_}},
                      .tables = std::move(tables),
                      .text = text_.substr(0, kTextShown)});
    return {};
  }

  Position from_;
  Position to_;
  std::vector<StatementAhead>& found_;
  FormatDescription format_;
  bool have_format_ = false;
  std::string file_;
  uint64_t pos_ = 0;
  std::string gtid_;
  bool alters_nothing_ = false;
  ByteBuffer unpacked_;
  std::string text_;
};

bool is_about(const NamedTables& named, const TableName& table) {
  if (named.any) return true;
  // Whether names in other case are other tables is not asked here: better one too many.
  return std::any_of(named.names.begin(), named.names.end(), [&](const TableName& name) {
    return to_lower(name.database) == to_lower(table.database) &&
           (name.table.empty() || to_lower(name.table) == to_lower(table.table));
  });
}

DumpStart dump_start(const Position& from) {
  if (!from.binlog.file.empty()) return from.binlog;
  return MariadbGtidStart{from.gtids};
}

}  // namespace

std::string StatementAhead::describe() const {
  const std::string where = place.after.file.empty() ? place.gtid : place.after.describe();
  return fmt::format("before {}: {}", where, text);
}

void Lookahead::clear() {
  found_.clear();
  read_from_.reset();
}

Result<std::optional<StatementAhead>> Lookahead::first_statement(const TableName& table,
                                                                 const Position& from,
                                                                 const Position& to,
                                                                 const std::stop_token& stop) {
  TW_TRY(read(from, to, stop));
  TW_ASSIGN(const Passed passed, Passed::make(from));
  for (const StatementAhead& statement : found_) {
    if (!is_about(statement.tables, table) || passed.passed(statement.place)) continue;
    return std::optional(statement);
  }
  return std::optional<StatementAhead>();
}

// Makes sure that all from one place to the other was read.
Status Lookahead::read(const Position& from, const Position& to, const std::stop_token& stop) {
  Position start = from;
  if (read_from_) {
    TW_ASSIGN(const Passed here, Passed::make(from));
    TW_ASSIGN(const Passed reached, Passed::make(read_to_));
    if (here.passed(*read_from_) && reached.passed(from)) {
      if (reached.passed(to)) return {};
      start = read_to_;
    } else {
      clear();
    }
  }
  if (!read_from_) read_from_ = from;
  log_lines().info("looking for statements about tables in the binlog from {} to {}",
                   start.describe(), to.describe());
  TW_ASSIGN(Connection connection, Connection::open(endpoint_));
  DumpOptions options;
  options.non_blocking = true;
  options.annotate_rows = false;
  TW_ASSIGN(options.server_id, choose_server_id(connection));
  TW_ASSIGN(DumpStream dump, DumpStream::open(std::move(connection), dump_start(start), options));
  StatementScan scan(start, to, found_);
  while (!scan.done()) {
    if (stop.stop_requested()) return fail(ErrorKind::kStopped, "stopped");
    TW_ASSIGN(const auto event, dump.next(stop));
    if (!event) break;
    TW_TRY(scan.take(*event));
  }
  read_to_ = to;
  return {};
}

}  // namespace tailwater::mysql
