// Random columns of every type, random values for them as SQL, and how to compare what a server
// selects with what a stream gave.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "db/mysql/connection.h"

namespace tailwater::test {

using Random = std::mt19937_64;
/// 0 … count-1.
inline size_t pick(Random& random, size_t count) {
  return static_cast<size_t>(random() % count);
}

struct RandomColumn {
  enum class Form {
    kText,    ///< the same characters
    kHex,     ///< the server gives hex of UTF-8 text
    kHexRaw,  ///< both give hex
    kFloat,   ///< the same number as a float
    kDouble,
    kJson,  ///< the same document text
  };
  /// What its values are made of.
  enum class Value {
    kSigned,
    kUnsigned,
    kDecimal,
    kFloat,
    kBit,
    kLabels,
    kTime,
    kDate,
    kDatetime,
    kTimestamp,
    kYear,
    kString,
    kBytes,
    kJson,
    kGeometry,
    kInet6,
    kInet4,
    kUuid,
    kVector,
    kGenerated,  ///< none: the server computes it
  };

  std::string name = {};
  std::string type;
  Value value = Value::kSigned;
  Form form = Form::kText;
  std::string charset = {};
  unsigned size = 0;   ///< bits, digits, characters, bytes: by value
  unsigned scale = 0;  ///< of decimals; fractional digits of times
  std::vector<std::string> labels = {};
  bool is_set = false;
  bool not_null = false;

  /// The expression that selects it for comparison.
  [[nodiscard]] std::string select() const;
  /// Whether the two texts are the same value.
  [[nodiscard]] bool equal(const std::string& server, const std::string& stream) const;
};

/// Every column type of a server, once, in no order.
std::vector<RandomColumn> all_column_types(mysql::Flavor flavor, Random& random);

/// A value as an SQL literal.
std::string random_value(const RandomColumn& column, mysql::Flavor flavor, Random& random);

}  // namespace tailwater::test
