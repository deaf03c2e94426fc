// Types: what a column's values are, apart from how its source spells them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tailwater {

/// Logical types. The numbers are stored in changelogs: never renumber, only add.
enum class TypeKind : uint8_t {
  kBool = 1,
  kInt8 = 2,
  kInt16 = 3,
  kInt32 = 4,
  kInt64 = 5,
  kUint8 = 6,
  kUint16 = 7,
  kUint32 = 8,
  kUint64 = 9,
  kFloat32 = 10,
  kFloat64 = 11,
  kDecimal = 12,  ///< an integer scaled by 10^scale (model/decimal.h), or canonical text
  kString = 13,   ///< UTF-8 (what the source gave, when that was not valid: see RowView::text)
  kBytes = 14,
  kDate = 15,       ///< Date
  kTime = 16,       ///< a signed duration, microseconds
  kDatetime = 17,   ///< Datetime: no zone
  kTimestamp = 18,  ///< microseconds since 1970 UTC
  kTimetz = 19,
  kInterval = 20,
  kYear = 21,        ///< uint16; 0 is MySQL's 0000
  kJson = 22,        ///< JSON text
  kUuid = 23,        ///< 16 bytes
  kEnum = 24,        ///< uint16 index into labels, from 1; 0 is MySQL's error value ''
  kSet = 25,         ///< uint64, bit i is labels[i]
  kBit = 26,         ///< uint64 when length <= 64, else bytes, most significant first
  kGeometry = 27,    ///< uint32 SRID (little-endian), then WKB
  kInet = 28,        ///< address text
  kVector = 29,      ///< float32 values, little-endian
  kArray = 30,       ///< the source's text
  kSourceText = 31,  ///< any other type, as its source prints it
};

/// The lower-case word for a kind: "int32", "decimal", …
std::string_view to_string(TypeKind kind);

/// A column's type. A plain value; compare with ==.
struct Type {
  TypeKind kind = TypeKind::kSourceText;
  uint16_t precision = 0;  ///< decimal: digits; time, datetime, timestamp: fractional digits 0–6
  uint16_t scale = 0;      ///< decimal: digits after the point
  uint64_t length = 0;     ///< string, bytes: declared length where known; bit: number of bits
  std::vector<std::string> labels = {};  ///< enum, set: UTF-8

  bool operator==(const Type&) const = default;
};

/// How many bytes a value takes in the fixed part of a row; docs/row_format.md.
uint32_t slot_bytes(const Type& type);

/// Whether the slot holds the end of the value's bytes in the variable part.
bool is_variable(const Type& type);

}  // namespace tailwater
