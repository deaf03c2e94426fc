#include "integration/random_columns.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using Form = RandomColumn::Form;
using Value = RandomColumn::Value;

bool chance(Random& random, unsigned percent) {
  return random() % 100 < percent;
}

std::string digits(Random& random, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += static_cast<char>('0' + random() % 10);
  return text;
}

std::string hex_bytes(Random& random, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += fmt::format("{:02x}", random() % 256);
  return text;
}

// A length: often one of the ends.
size_t random_length(Random& random, size_t max) {
  switch (pick(random, 6)) {
    case 0:
      return 0;
    case 1:
      return max;
    default:
      return pick(random, std::min<size_t>(max, 40) + 1);
  }
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

// Characters that a character set has, beside ASCII.
std::vector<std::string> characters_of(const std::string& charset) {
  static const std::vector<std::string> kLatin = {"é", "ß", "Ø", "ñ", "ü"};
  static const std::vector<std::string> kCyrillic = {"Ж", "я", "П", "ф"};
  static const std::vector<std::string> kGreek = {"α", "Ω", "λ"};
  static const std::vector<std::string> kHebrew = {"א", "ש"};
  static const std::vector<std::string> kHan = {"中", "日", "本", "一", "人"};
  static const std::vector<std::string> kKana = {"あ", "ン", "ソ", "表", "ー"};
  static const std::vector<std::string> kHangul = {"한", "글"};
  static const std::vector<std::string> kWide = {"😀", "𝄞", "é", "Ж", "中", "\t", "\n", "'", "\""};
  static const std::vector<std::string> kPlane0 = {"é", "Ж", "中", "€", "ﬁ", "�"};
  if (charset == "sjis" || charset == "cp932" || charset == "ujis" || charset == "eucjpms")
    return kKana;
  if (charset == "gbk" || charset == "gb2312" || charset == "big5") return kHan;
  if (charset == "euckr") return kHangul;
  if (charset == "cp1251" || charset == "koi8r" || charset == "koi8u" || charset == "cp866")
    return kCyrillic;
  if (charset == "greek") return kGreek;
  if (charset == "hebrew") return kHebrew;
  if (charset == "ucs2" || charset == "utf8mb3") return kPlane0;
  if (charset == "latin1" || charset == "latin2" || charset == "cp850" || charset == "macroman")
    return kLatin;
  return kWide;
}

// Text as a literal of UTF-8 bytes; the server converts it to the column's character set.
std::string string_value(const RandomColumn& column, Random& random) {
  const auto special = characters_of(column.charset);
  std::string text;
  const size_t length = random_length(random, column.size);
  for (size_t i = 0; i < length; ++i) {
    const bool plain = column.charset == "ascii" || column.charset == "swe7" || chance(random, 60);
    text += plain ? std::string(1, static_cast<char>('!' + random() % 90))
                  : special[pick(random, special.size())];
  }
  std::string hex;
  append_hex(hex, as_bytes(text));
  return fmt::format("_utf8mb4 X'{}'", hex);
}

std::string integer_value(const RandomColumn& column, Random& random) {
  const unsigned bits = column.size;
  const uint64_t mask = bits == 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
  uint64_t value = random() >> random() % 64 & mask;
  if (chance(random, 15)) value = mask;
  if (chance(random, 15)) value = mask / 2 + 1;
  if (column.value == Value::kUnsigned) return fmt::format("{}", value);
  const auto shifted = static_cast<int64_t>(value << (64 - bits));
  return fmt::format("{}", shifted >> (64 - bits));
}

std::string decimal_value(const RandomColumn& column, Random& random) {
  const size_t whole = column.size - column.scale;
  const bool full = chance(random, 30);
  std::string text = chance(random, 50) ? "-" : "";
  text += full ? std::string(whole, '9') : digits(random, whole == 0 ? 0 : pick(random, whole) + 1);
  if (text.empty() || text == "-") text += "0";
  if (column.scale == 0) return text;
  return text + "." + (full ? std::string(column.scale, '9') : digits(random, column.scale));
}

std::string fraction(Random& random, unsigned scale) {
  return scale == 0 ? "" : "." + digits(random, scale);
}

std::string clock_text(Random& random, unsigned scale) {
  return fmt::format("{:02}:{:02}:{:02}{}", random() % 24, random() % 60, random() % 60,
                     fraction(random, scale));
}

std::string date_text(Random& random) {
  switch (pick(random, 8)) {
    case 0:
      return "0000-00-00";
    case 1:
      return fmt::format("{:04}-{:02}-00", random() % 10000, random() % 13);
    case 2:
      return fmt::format("{:04}-02-31", 1000 + random() % 9000);  // with ALLOW_INVALID_DATES
    case 3:
      return chance(random, 50) ? "9999-12-31" : "1000-01-01";
    default:
      return fmt::format("{:04}-{:02}-{:02}", 1000 + random() % 9000, 1 + random() % 12,
                         1 + random() % 28);
  }
}

std::string temporal_value(const RandomColumn& column, Random& random) {
  switch (column.value) {
    case Value::kDate:
      return quoted(date_text(random));
    case Value::kDatetime: {
      const std::string date = date_text(random);
      return quoted(date + " " +
                    (date == "0000-00-00" ? "00:00:00" : clock_text(random, column.scale)));
    }
    case Value::kTimestamp:
      if (chance(random, 15)) return "'0000-00-00 00:00:00'";
      return fmt::format("'{:04}-{:02}-{:02} {}'", 1971 + random() % 66, 1 + random() % 12,
                         1 + random() % 28, clock_text(random, column.scale));
    case Value::kTime:
      if (chance(random, 10)) return chance(random, 50) ? "'-838:59:59'" : "'838:59:59'";
      return fmt::format("'{}{:02}:{:02}:{:02}{}'", chance(random, 50) ? "-" : "",
                         chance(random, 50) ? random() % 24 : random() % 838, random() % 60,
                         random() % 60, fraction(random, column.scale));
    default:
      return chance(random, 20) ? "0" : fmt::format("{}", 1901 + random() % 255);
  }
}

std::string labels_value(const RandomColumn& column, Random& random) {
  if (!column.is_set) {
    if (chance(random, 10)) return "'no such label'";  // stored as the error value ''
    return quoted(column.labels[pick(random, column.labels.size())]);
  }
  uint64_t bits = random() & random();
  if (chance(random, 20)) bits = UINT64_MAX;
  if (column.labels.size() < 64) bits &= (uint64_t{1} << column.labels.size()) - 1;
  return fmt::format("{}", bits);
}

std::string json_scalar(Random& random) {
  static const std::vector<std::string> kExpressions = {
      "CAST('12345678901234567890.0123456789' AS DECIMAL(30,10))",
      "CAST('2024-02-29 12:34:56.789' AS DATETIME(3))",
      "CAST('-101:02:03.5' AS TIME(6))",
      "CAST('2024-02-29' AS DATE)",
      "CAST(18446744073709551615 AS UNSIGNED)",
      "-9223372036854775808",
      "1.5e300",
      "0.1e0",
      "-1e-7",
      "1e16",
      "CAST('null' AS JSON)",
      "CAST('true' AS JSON)",
      "CAST('{}' AS JSON)",
      "CAST('[]' AS JSON)",
      "NULL",
      "'tab\\t \"quote\" \\\\ back 😀'",
      "''",
      "_binary X'00ff10'",
      "b'1010'",
  };
  switch (pick(random, 4)) {
    case 0:
      return fmt::format("{}", static_cast<int64_t>(random()) >> random() % 64);
    case 1:
      return fmt::format("'{}'", std::string(random_length(random, 400), 'j'));
    default:
      return kExpressions[pick(random, kExpressions.size())];
  }
}

std::string json_value(Random& random, unsigned depth) {
  const size_t count = pick(random, depth == 0 ? 1 : 5);
  const bool object = chance(random, 50);
  std::string text = object ? "JSON_OBJECT(" : "JSON_ARRAY(";
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += ',';
    if (object) text += fmt::format("'k{}{}',", i, std::string(pick(random, 6), 'x'));
    text += depth > 0 && chance(random, 40) ? json_value(random, depth - 1) : json_scalar(random);
  }
  return text + ")";
}

std::string point(Random& random) {
  return fmt::format("{} {}", static_cast<int>(random() % 80), static_cast<int>(random() % 80));
}

std::string geometry_value(Flavor flavor, Random& random) {
  const std::string a = point(random);
  const std::string b = point(random);
  const std::array<std::string, 6> shapes = {
      "POINT(" + a + ")",
      "LINESTRING(" + a + "," + b + ")",
      "POLYGON((" + a + "," + b + ",81 81," + a + "))",
      "MULTIPOINT(" + a + "," + b + ")",
      "MULTILINESTRING((" + a + "," + b + "),(0 0,1 1))",
      "GEOMETRYCOLLECTION(POINT(" + a + "),LINESTRING(" + a + "," + b + "))",
  };
  const bool earth = chance(random, 40);
  return fmt::format("ST_GeomFromText('{}',{})", shapes[pick(random, shapes.size())],
                     !earth                     ? 0
                     : flavor == Flavor::kMysql ? 4326
                                                : 101);
}

std::string float_value(const RandomColumn& column, Random& random) {
  double value = static_cast<double>(random()) / 1e15;
  if (chance(random, 30)) value *= 1e-25;
  if (chance(random, 30) && column.scale == 0) value *= column.size == 32 ? 1e30 : 1e290;
  if (chance(random, 10)) value = 0;
  if (column.type.find("unsigned") == std::string::npos && chance(random, 40)) value = -value;
  return fmt::format("{:.17g}", value);
}

std::string network_value(const RandomColumn& column, Random& random) {
  if (column.value == Value::kInet4) {
    return fmt::format("'{}.{}.{}.{}'", random() % 256, random() % 256, random() % 256,
                       random() % 256);
  }
  if (column.value == Value::kUuid) {
    const std::string hex = hex_bytes(random, 16);
    return fmt::format("'{}-{}-{}-{}-{}'", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                       hex.substr(16, 4), hex.substr(20));
  }
  static const std::vector<std::string> kForms = {
      "'::'", "'::1'", "'::ffff:10.1.2.3'", "'fe80::1:0:0:1'", "'2001:db8::'", "'1:0:0:2::'"};
  if (chance(random, 50)) return kForms[pick(random, kForms.size())];
  std::string text;
  for (int i = 0; i < 8; ++i) text += fmt::format("{}{:x}", i == 0 ? "" : ":", random() % 65536);
  return quoted(text);
}

std::string vector_value(const RandomColumn& column, Random& random) {
  std::string text = "STRING_TO_VECTOR('[";
  for (unsigned i = 0; i < column.size; ++i) {
    text += fmt::format("{}{:.9g}", i == 0 ? "" : ",",
                        static_cast<double>(static_cast<int64_t>(random())) / 1e17);
  }
  return text + "]')";
}

std::vector<std::string> numbered_labels(size_t count) {
  std::vector<std::string> labels = {"", "it's", "é中", "a b"};
  while (labels.size() < count) labels.push_back(fmt::format("l{}", labels.size()));
  labels.resize(count);
  return labels;
}

RandomColumn labels_column(bool is_set, size_t count) {
  RandomColumn column{
      .type = is_set ? "set(" : "enum(", .value = Value::kLabels, .form = Form::kHex};
  column.is_set = is_set;
  column.labels = numbered_labels(count);
  if (is_set) column.labels[0] = "l0";
  for (size_t i = 0; i < count; ++i) {
    column.type += (i == 0 ? "" : ",") + quoted(column.labels[i]);
  }
  column.type += ")";
  return column;
}

void add_numbers(std::vector<RandomColumn>& all, Random& random) {
  const std::array<std::pair<const char*, unsigned>, 5> integers = {
      {{"tinyint", 8}, {"smallint", 16}, {"mediumint", 24}, {"int", 32}, {"bigint", 64}}};
  for (const auto& [type, bits] : integers) {
    all.push_back({.type = type, .value = Value::kSigned, .size = bits});
    all.push_back(
        {.type = std::string(type) + " unsigned", .value = Value::kUnsigned, .size = bits});
  }
  for (const auto& [precision, scale] : std::initializer_list<std::pair<unsigned, unsigned>>{
           {65, 30},
           {65, 0},
           {30, 30},
           {10, 2},
           {1, 0},
           {static_cast<unsigned>(30 + random() % 36), static_cast<unsigned>(random() % 31)}}) {
    all.push_back({.type = fmt::format("decimal({},{})", precision, scale),
                   .value = Value::kDecimal,
                   .size = precision,
                   .scale = scale});
  }
  all.push_back({.type = "decimal(20,5) unsigned", .value = Value::kUnsigned, .size = 40});
  for (const char* sign : {"", " unsigned"}) {
    all.push_back({.type = std::string("float") + sign,
                   .value = Value::kFloat,
                   .form = Form::kFloat,
                   .size = 32});
    all.push_back({.type = std::string("double") + sign,
                   .value = Value::kFloat,
                   .form = Form::kDouble,
                   .size = 64});
  }
  for (const unsigned bits : {1U, 7U, 8U, 33U, 64U, 1U + static_cast<unsigned>(random() % 64)}) {
    all.push_back({.type = fmt::format("bit({})", bits), .value = Value::kBit, .size = bits});
  }
}

void add_temporals(std::vector<RandomColumn>& all, Random& random) {
  all.push_back({.type = "date", .value = Value::kDate});
  all.push_back({.type = "year", .value = Value::kYear});
  const unsigned some = 1 + static_cast<unsigned>(random() % 5);
  for (const unsigned scale : {0U, some, 6U}) {
    const std::string precision = fmt::format("({})", scale);
    all.push_back({.type = "time" + precision, .value = Value::kTime, .scale = scale});
    all.push_back({.type = "datetime" + precision, .value = Value::kDatetime, .scale = scale});
    all.push_back({.type = "timestamp" + precision, .value = Value::kTimestamp, .scale = scale});
  }
}

void add_strings(std::vector<RandomColumn>& all, Flavor flavor) {
  std::vector<std::string> charsets = {
      "latin1",   "utf8mb4", "utf8mb3", "sjis",   "gbk",    "ucs2",     "utf16",
      "utf16le",  "utf32",   "cp1251",  "big5",   "gb2312", "ujis",     "euckr",
      "cp932",    "eucjpms", "koi8r",   "koi8u",  "greek",  "hebrew",   "cp850",
      "cp866",    "cp1250",  "cp1257",  "latin2", "latin5", "macroman", "ascii",
      "armscii8", "geostd8", "dec8",    "hp8",    "swe7",   "tis620"};
  if (flavor == Flavor::kMysql) charsets.emplace_back("gb18030");
  size_t index = 0;
  for (const std::string& charset : charsets) {
    static const std::array<std::pair<const char*, unsigned>, 6> kTypes = {{{"varchar(60)", 60},
                                                                            {"char(20)", 20},
                                                                            {"text", 60},
                                                                            {"varchar(300)", 300},
                                                                            {"mediumtext", 300},
                                                                            {"char(63)", 63}}};
    const auto& [type, size] = kTypes[index++ % kTypes.size()];
    all.push_back({.type = fmt::format("{} character set {}", type, charset),
                   .value = Value::kString,
                   .form = Form::kHex,
                   .charset = charset,
                   .size = size});
  }
  for (const auto& [type, size] : std::initializer_list<std::pair<const char*, unsigned>>{
           {"tinytext", 60}, {"longtext", 3000}, {"char(255)", 255}, {"varchar(0)", 0}}) {
    all.push_back({.type = type,
                   .value = Value::kString,
                   .form = Form::kHex,
                   .charset = "utf8mb4",
                   .size = size});
  }
  for (const auto& [type, size] :
       std::initializer_list<std::pair<const char*, unsigned>>{{"binary(20)", 20},
                                                               {"binary(255)", 255},
                                                               {"varbinary(255)", 255},
                                                               {"varbinary(256)", 256},
                                                               {"tinyblob", 255},
                                                               {"blob", 5000},
                                                               {"mediumblob", 70000},
                                                               {"longblob", 300}}) {
    all.push_back({.type = type, .value = Value::kBytes, .form = Form::kHexRaw, .size = size});
  }
  for (const size_t count : {size_t{1}, size_t{20}, size_t{300}}) {
    all.push_back(labels_column(false, count));
  }
  for (const size_t count : {size_t{3}, size_t{17}, size_t{64}}) {
    all.push_back(labels_column(true, count));
  }
}

void add_own_types(std::vector<RandomColumn>& all, Flavor flavor) {
  all.push_back({.type = "geometry", .value = Value::kGeometry, .form = Form::kHexRaw});
  if (flavor == Flavor::kMysql) {
    all.push_back({.type = "json", .value = Value::kJson, .form = Form::kJson});
    all.push_back({.type = "vector(5)", .value = Value::kVector, .form = Form::kHexRaw, .size = 5});
    return;
  }
  all.push_back({.type = "inet6", .value = Value::kInet6});
  all.push_back({.type = "inet4", .value = Value::kInet4});
  all.push_back({.type = "uuid", .value = Value::kUuid});
  all.push_back({.type = "varchar(300) compressed",
                 .value = Value::kString,
                 .form = Form::kHex,
                 .charset = "utf8mb4",
                 .size = 300});
  all.push_back(
      {.type = "blob compressed", .value = Value::kBytes, .form = Form::kHexRaw, .size = 3000});
}

template <typename T>
bool same_number(const std::string& left, const std::string& right) {
  const auto a = static_cast<T>(std::strtod(left.c_str(), nullptr));
  const auto b = static_cast<T>(std::strtod(right.c_str(), nullptr));
  return a == b || (std::isnan(a) && std::isnan(b));
}

std::string in_capitals(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

}  // namespace

std::string RandomColumn::select() const {
  switch (value) {
    case Value::kString:
    case Value::kLabels:
      return fmt::format("HEX(CONVERT({} USING utf8mb4))", name);
    case Value::kBytes:
    case Value::kGeometry:
    case Value::kVector:
      return fmt::format("HEX({})", name);
    case Value::kFloat:
      return form == Form::kFloat ? name + "+0e0" : name;
    case Value::kBit:
    case Value::kYear:
      return name + "+0";
    case Value::kJson:
      return fmt::format("CAST({} AS CHAR)", name);
    default:
      return name;
  }
}

bool RandomColumn::equal(const std::string& server, const std::string& stream) const {
  switch (form) {
    case Form::kHex: {
      std::string hex;
      append_hex(hex, as_bytes(stream));
      return server == in_capitals(hex);
    }
    case Form::kHexRaw:
      return server == in_capitals(stream);
    case Form::kFloat:
      return same_number<float>(server, stream);
    case Form::kDouble:
      return same_number<double>(server, stream);
    default:
      return server == stream;
  }
}

std::vector<RandomColumn> all_column_types(Flavor flavor, Random& random) {
  std::vector<RandomColumn> all;
  add_numbers(all, random);
  add_temporals(all, random);
  add_strings(all, flavor);
  add_own_types(all, flavor);
  std::shuffle(all.begin(), all.end(), random);
  return all;
}

std::string random_value(const RandomColumn& column, Flavor flavor, Random& random) {
  switch (column.value) {
    case Value::kSigned:
    case Value::kUnsigned:
    case Value::kBit: {
      RandomColumn as_number = column;
      if (column.value == Value::kBit) as_number.value = Value::kUnsigned;
      return integer_value(as_number, random);
    }
    case Value::kDecimal:
      return decimal_value(column, random);
    case Value::kFloat:
      return float_value(column, random);
    case Value::kLabels:
      return labels_value(column, random);
    case Value::kString:
      return string_value(column, random);
    case Value::kBytes:
      return fmt::format("X'{}'", hex_bytes(random, random_length(random, column.size)));
    case Value::kJson:
      return json_value(random, 3);
    case Value::kGeometry:
      return geometry_value(flavor, random);
    case Value::kInet4:
    case Value::kInet6:
    case Value::kUuid:
      return network_value(column, random);
    case Value::kVector:
      return vector_value(column, random);
    case Value::kGenerated:
      return "DEFAULT";
    default:
      return temporal_value(column, random);
  }
}

}  // namespace tailwater::test
