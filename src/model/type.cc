#include "model/type.h"

#include "model/decimal.h"

namespace tailwater {

std::string_view to_string(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBool:
      return "bool";
    case TypeKind::kInt8:
      return "int8";
    case TypeKind::kInt16:
      return "int16";
    case TypeKind::kInt32:
      return "int32";
    case TypeKind::kInt64:
      return "int64";
    case TypeKind::kUint8:
      return "uint8";
    case TypeKind::kUint16:
      return "uint16";
    case TypeKind::kUint32:
      return "uint32";
    case TypeKind::kUint64:
      return "uint64";
    case TypeKind::kFloat32:
      return "float32";
    case TypeKind::kFloat64:
      return "float64";
    case TypeKind::kDecimal:
      return "decimal";
    case TypeKind::kString:
      return "string";
    case TypeKind::kBytes:
      return "bytes";
    case TypeKind::kDate:
      return "date";
    case TypeKind::kTime:
      return "time";
    case TypeKind::kDatetime:
      return "datetime";
    case TypeKind::kTimestamp:
      return "timestamp";
    case TypeKind::kTimetz:
      return "timetz";
    case TypeKind::kInterval:
      return "interval";
    case TypeKind::kYear:
      return "year";
    case TypeKind::kJson:
      return "json";
    case TypeKind::kUuid:
      return "uuid";
    case TypeKind::kEnum:
      return "enum";
    case TypeKind::kSet:
      return "set";
    case TypeKind::kBit:
      return "bit";
    case TypeKind::kGeometry:
      return "geometry";
    case TypeKind::kInet:
      return "inet";
    case TypeKind::kVector:
      return "vector";
    case TypeKind::kArray:
      return "array";
    case TypeKind::kSourceText:
      return "source_text";
  }
  return "unknown";
}

namespace {
constexpr uint64_t kWordBits = 64;
}

bool is_variable(const Type& type) {
  switch (type.kind) {
    case TypeKind::kDecimal:
      return !is_small_decimal(type);
    case TypeKind::kString:
    case TypeKind::kBytes:
    case TypeKind::kJson:
    case TypeKind::kGeometry:
    case TypeKind::kInet:
    case TypeKind::kVector:
    case TypeKind::kArray:
    case TypeKind::kSourceText:
      return true;
    case TypeKind::kBit:
      return type.length > kWordBits;
    default:
      return false;
  }
}

uint32_t slot_bytes(const Type& type) {
  constexpr uint32_t kEndBytes = 4;
  if (is_variable(type)) return kEndBytes;
  switch (type.kind) {
    case TypeKind::kBool:
    case TypeKind::kInt8:
    case TypeKind::kUint8:
      return 1;
    case TypeKind::kInt16:
    case TypeKind::kUint16:
    case TypeKind::kYear:
    case TypeKind::kEnum:
      return 2;
    case TypeKind::kInt32:
    case TypeKind::kUint32:
    case TypeKind::kFloat32:
    case TypeKind::kDate:
      return 4;
    case TypeKind::kInt64:
    case TypeKind::kUint64:
    case TypeKind::kFloat64:
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kSet:
    case TypeKind::kDecimal:
      return 8;
    case TypeKind::kDatetime:
    case TypeKind::kTimetz:
      return 12;
    case TypeKind::kInterval:
    case TypeKind::kUuid:
      return 16;
    case TypeKind::kBit:
      return 8;
    default:
      return kEndBytes;
  }
}

}  // namespace tailwater
