// Column types as they stand in a table map event. The numbers are the servers'.
// Sources: MySQL include/field_types.h; MariaDB include/mysql_com.h.
#pragma once

#include <cstdint>

namespace tailwater::mysql {

enum class ColumnType : uint8_t {
  kDecimal = 0,  // before 5.0; as text
  kTiny = 1,
  kShort = 2,
  kLong = 3,
  kFloat = 4,
  kDouble = 5,
  kNull = 6,
  kTimestamp = 7,
  kLonglong = 8,
  kInt24 = 9,
  kDate = 10,
  kTime = 11,
  kDatetime = 12,
  kYear = 13,
  kNewdate = 14,
  kVarchar = 15,
  kBit = 16,
  kTimestamp2 = 17,
  kDatetime2 = 18,
  kTime2 = 19,
  kTypedArray = 20,
  kMariadbBlobCompressed = 140,
  kMariadbVarcharCompressed = 141,
  kVector = 242,
  kInvalid = 243,
  kBool = 244,
  kJson = 245,
  kNewdecimal = 246,
  kEnum = 247,
  kSet = 248,
  kTinyBlob = 249,
  kMediumBlob = 250,
  kLongBlob = 251,
  kBlob = 252,
  kVarString = 253,
  kString = 254,
  kGeometry = 255,
};

}  // namespace tailwater::mysql
