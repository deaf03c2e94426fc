#include "source/mysql/binlog/table_map.h"

#include "base/cursor.h"
#include "source/mysql/binlog/length_encoded.h"
#include "source/mysql/binlog/table_map_metadata.h"

namespace tailwater::mysql {
namespace {

constexpr size_t kColumnsMax = 4096;  // of both servers
constexpr uint8_t kFractionMax = 6;

// MYSQL_TYPE_STRING stands for CHAR, ENUM and SET. Its two bytes are a type and a length; where the
// length needs ten bits, the upper two are in the type, inverted.
void read_string(Cursor& cursor, MappedColumn& column) {
  const uint8_t type = cursor.u8();
  const uint8_t length = cursor.u8();
  if ((type & 0x30) != 0x30) {
    column.length = static_cast<uint32_t>(length | ((type & 0x30) ^ 0x30) << 4);
    column.type = static_cast<ColumnType>(type | 0x30);
  } else {
    column.length = length;
    column.type = static_cast<ColumnType>(type);
  }
  switch (column.type) {
    case ColumnType::kEnum:
      if (column.length != 1 && column.length != 2) cursor.mark_failed();
      return;
    case ColumnType::kSet:
      if (column.length < 1 || column.length > 8) cursor.mark_failed();
      return;
    case ColumnType::kString:
    case ColumnType::kVarString:
      return;
    default:
      cursor.mark_failed();
  }
}

void read_bit(Cursor& cursor, MappedColumn& column) {
  const uint8_t bits = cursor.u8();
  const uint8_t bytes = cursor.u8();
  column.length = bytes * 8u + bits;
  if (bits > 7 || column.length == 0 || column.length > 64) cursor.mark_failed();
}

void read_decimal(Cursor& cursor, MappedColumn& column) {
  column.length = cursor.u8();
  column.scale = cursor.u8();
  if (column.length == 0 || column.length > 65 || column.scale > column.length)
    cursor.mark_failed();
}

void read_width(Cursor& cursor, uint32_t most, MappedColumn& column) {
  column.length = cursor.u8();
  if (column.length == 0 || column.length > most) cursor.mark_failed();
}

// False for a type that no server writes into a binlog.
bool read_metadata(Cursor& cursor, MappedColumn& column) {
  switch (column.type) {
    case ColumnType::kTiny:
    case ColumnType::kShort:
    case ColumnType::kInt24:
    case ColumnType::kLong:
    case ColumnType::kLonglong:
    case ColumnType::kNull:
    case ColumnType::kTimestamp:
    case ColumnType::kDate:
    case ColumnType::kTime:
    case ColumnType::kDatetime:
    case ColumnType::kYear:
    case ColumnType::kNewdate:
      return true;
    case ColumnType::kFloat:
      column.length = cursor.u8();
      if (column.length != 4) cursor.mark_failed();
      return true;
    case ColumnType::kDouble:
      column.length = cursor.u8();
      if (column.length != 8) cursor.mark_failed();
      return true;
    case ColumnType::kTimestamp2:
    case ColumnType::kDatetime2:
    case ColumnType::kTime2:
      column.scale = cursor.u8();
      if (column.scale > kFractionMax) cursor.mark_failed();
      return true;
    case ColumnType::kNewdecimal:
      read_decimal(cursor, column);
      return true;
    case ColumnType::kBit:
      read_bit(cursor, column);
      return true;
    case ColumnType::kVarchar:
    case ColumnType::kVarString:
    case ColumnType::kMariadbVarcharCompressed:
      column.length = cursor.le<uint16_t>();
      return true;
    case ColumnType::kString:
      read_string(cursor, column);
      return true;
    case ColumnType::kTinyBlob:
    case ColumnType::kMediumBlob:
    case ColumnType::kLongBlob:
    case ColumnType::kBlob:
    case ColumnType::kMariadbBlobCompressed:
    case ColumnType::kJson:
    case ColumnType::kGeometry:
    case ColumnType::kVector:
      read_width(cursor, 4, column);
      return true;
    default:
      return false;
  }
}

Status read_columns(Cursor& cursor, TableMap& map) {
  const uint64_t count = length_encoded(cursor);
  if (count == 0 || count > kColumnsMax)
    return damaged(EventType::kTableMap, "a wrong column count");
  const Bytes types = cursor.take(count);
  Cursor metadata(as_bytes(length_encoded_text(cursor)));
  const Bytes nullable = cursor.take((count + 7) / 8);
  if (!cursor.ok()) return damaged(EventType::kTableMap, "cut short");
  map.columns.resize(count);
  for (size_t i = 0; i < count; ++i) {
    MappedColumn& column = map.columns[i];
    column.type = static_cast<ColumnType>(types[i]);
    column.nullable = (nullable[i / 8] >> (i % 8) & 1) != 0;
    if (!read_metadata(metadata, column)) {
      return fail(ErrorKind::kUnsupported,
                  "column " + std::to_string(i + 1) + " of " + std::string(map.database) + "." +
                      std::string(map.table) + " has the unknown type " + std::to_string(types[i]));
    }
  }
  if (!metadata.ok() || !metadata.at_end()) {
    return damaged(EventType::kTableMap, "its metadata do not fit its columns");
  }
  return {};
}

// A name's length is one byte in MariaDB, a length-encoded integer in MySQL (64 characters of UTF-8
// may be more than 250 bytes).
std::string_view read_name(Cursor& cursor, bool mariadb) {
  const uint64_t length = mariadb ? cursor.u8() : length_encoded(cursor);
  if (length >= cursor.remaining()) {
    cursor.mark_failed();
    return {};
  }
  const std::string_view name = cursor.text(length);
  cursor.skip(1);
  return name;
}

}  // namespace

bool MappedColumn::is_character() const {
  switch (type) {
    case ColumnType::kVarchar:
    case ColumnType::kVarString:
    case ColumnType::kString:
    case ColumnType::kTinyBlob:
    case ColumnType::kMediumBlob:
    case ColumnType::kLongBlob:
    case ColumnType::kBlob:
    case ColumnType::kMariadbBlobCompressed:
    case ColumnType::kMariadbVarcharCompressed:
      return true;
    default:
      return false;
  }
}

Result<uint64_t> table_map_id(const Event& event, const FormatDescription& format) {
  Cursor cursor(event.body);
  const uint64_t id = cursor.le_uint(format.table_id_bytes(EventType::kTableMap));
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  return id;
}

Result<TableMap> parse_table_map(const Event& event, const FormatDescription& format) {
  Cursor cursor(event.body);
  TableMap map;
  map.mariadb = format.mariadb;
  map.table_id = cursor.le_uint(format.table_id_bytes(EventType::kTableMap));
  map.flags = cursor.le<uint16_t>();
  map.database = read_name(cursor, format.mariadb);
  map.table = read_name(cursor, format.mariadb);
  if (!cursor.ok()) return damaged(event.header.type, "cut short");
  TW_TRY(read_columns(cursor, map));
  TW_TRY(read_optional_metadata(cursor.rest(), map));
  return map;
}

}  // namespace tailwater::mysql
