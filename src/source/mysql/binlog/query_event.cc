#include "source/mysql/binlog/query_event.h"

#include "base/cursor.h"
#include "source/mysql/binlog/charset.h"
#include "source/mysql/binlog/compressed.h"

namespace tailwater::mysql {
namespace {

constexpr size_t kPostHeaderBytes = 13;

enum class Variable : uint8_t {
  kFlags2 = 0,
  kSqlMode = 1,
  kCatalogWithZero = 2,
  kAutoIncrement = 3,
  kCharset = 4,
  kTimeZone = 5,
  kCatalog = 6,
  kLcTimeNames = 7,
  kCharsetDatabase = 8,
  kTableMapForUpdate = 9,
  kMasterDataWritten = 10,
  kInvoker = 11,
  kUpdatedDatabases = 12,
  kMicroseconds = 13,
  kCommitTs = 14,
  kCommitTs2 = 15,
  kExplicitDefaultsTs = 16,
  kDdlXid = 17,
  kDefaultCollationUtf8mb4 = 18,
  kRequirePrimaryKey = 19,
  kDefaultTableEncryption = 20,
  kMariadbHrnow = 128,
  kMariadbXid = 129,
};

void read_updated_databases(Cursor& cursor, QueryEvent& query) {
  constexpr uint8_t kTooMany = 254;
  const uint8_t count = cursor.u8();
  if (count == kTooMany) return;
  for (uint8_t i = 0; i < count && cursor.ok(); ++i) {
    const std::string_view rest = as_text(cursor.rest());
    const size_t end = rest.find('\0');
    if (end == std::string_view::npos) return cursor.mark_failed();
    query.updated_databases.push_back(cursor.text(end));
    cursor.skip(1);
  }
}

void read_charset(Cursor& cursor, QueryEvent& query) {
  query.client_collation = cursor.le<uint16_t>();
  query.connection_collation = cursor.le<uint16_t>();
  query.server_collation = cursor.le<uint16_t>();
}

// False for a variable that is not known: what follows it cannot be read.
bool read_variable(Variable variable, Cursor& cursor, QueryEvent& query) {
  switch (variable) {
    case Variable::kFlags2:
      query.flags2 = cursor.le<uint32_t>();
      return true;
    case Variable::kSqlMode:
      query.sql_mode = cursor.le<uint64_t>();
      return true;
    case Variable::kCatalogWithZero:
      query.catalog = cursor.text(cursor.u8());
      cursor.skip(1);
      return true;
    case Variable::kCharset:
      read_charset(cursor, query);
      return true;
    case Variable::kTimeZone:
      query.time_zone = cursor.text(cursor.u8());
      return true;
    case Variable::kCatalog:
      query.catalog = cursor.text(cursor.u8());
      return true;
    case Variable::kCharsetDatabase:
      query.database_collation = cursor.le<uint16_t>();
      return true;
    case Variable::kInvoker:
      cursor.skip(cursor.u8());
      cursor.skip(cursor.u8());
      return true;
    case Variable::kUpdatedDatabases:
      read_updated_databases(cursor, query);
      return true;
    case Variable::kMicroseconds:
    case Variable::kMariadbHrnow:
      query.microseconds = static_cast<uint32_t>(cursor.le_uint(3));
      return true;
    case Variable::kDdlXid:
    case Variable::kMariadbXid:
      query.xid = cursor.le<uint64_t>();
      return true;
    case Variable::kLcTimeNames:
    case Variable::kDefaultCollationUtf8mb4:
      cursor.skip(2);
      return true;
    case Variable::kAutoIncrement:
    case Variable::kMasterDataWritten:
      cursor.skip(4);
      return true;
    case Variable::kTableMapForUpdate:
    case Variable::kCommitTs:
    case Variable::kCommitTs2:
      cursor.skip(8);
      return true;
    case Variable::kExplicitDefaultsTs:
      query.explicit_defaults_for_timestamp = cursor.u8() != 0;
      return true;
    case Variable::kRequirePrimaryKey:
    case Variable::kDefaultTableEncryption:
      cursor.skip(1);
      return true;
  }
  return false;
}

}  // namespace

Result<QueryEvent> parse_query(const Event& event, const FormatDescription& format,
                               ByteBuffer& unpacked) {
  Cursor cursor(event.body);
  QueryEvent query;
  query.thread_id = cursor.le<uint32_t>();
  query.exec_time_s = cursor.le<uint32_t>();
  const uint8_t database_bytes = cursor.u8();
  query.error_code = cursor.le<uint16_t>();
  const auto variables_bytes = cursor.le<uint16_t>();
  // Of a LOAD DATA the post header has more: the file's number, and where its name stands.
  const bool loads = event.header.type == EventType::kExecuteLoadQuery;
  const size_t post_header = format.post_header(loads ? event.header.type : EventType::kQuery);
  if (post_header > kPostHeaderBytes) cursor.skip(post_header - kPostHeaderBytes);
  Cursor variables(cursor.take(variables_bytes));
  query.database = cursor.text(database_bytes);
  cursor.skip(1);
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  while (variables.ok() && !variables.at_end()) {
    if (!read_variable(static_cast<Variable>(variables.u8()), variables, query)) break;
  }
  if (!variables.ok()) return damaged(event.header.type, "its status variables do not fit");
  query.statement = as_text(cursor.rest());
  if (event.header.type == EventType::kMariadbQueryCompressed) {
    TW_TRY(unpack_mariadb(as_bytes(query.statement), unpacked));
    query.statement = as_text(unpacked.view());
  }
  return query;
}

void append_statement(const QueryEvent& query, std::string& out) {
  const Charset* charset = charset_of_collation(query.client_collation);
  ByteBuffer text;
  if (charset != nullptr && charset->append_utf8(as_bytes(query.statement), text)) {
    out.append(as_text(text.view()));
  } else {
    out.append(query.statement);
  }
}

}  // namespace tailwater::mysql
