// The parts of the formats, and a property: whatever is in a row, the line is JSON and gives it
// back.
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "format/decimal_text.h"
#include "format/formatter.h"
#include "format/json_text.h"
#include "format/wkt.h"

namespace tailwater::format {
namespace {

using nlohmann::json;

template <typename Put>
std::string text_of(Put put) {
  TextBuffer out;
  put(out);
  return std::string(out.view());
}

std::string java(double value) {
  return text_of([&](TextBuffer& out) { out.java_double(value); });
}
std::string java_float(float value) {
  return text_of([&](TextBuffer& out) { out.java_float(value); });
}

// Texts from the documentation of Double.toString (JDK 19) and from a JVM.
TEST(JavaNumber, Doubles) {
  EXPECT_EQ(java(0.0), "0.0");
  EXPECT_EQ(java(-0.0), "-0.0");
  EXPECT_EQ(java(1), "1.0");
  EXPECT_EQ(java(0.1), "0.1");
  EXPECT_EQ(java(0.001), "0.001");
  EXPECT_EQ(java(0.0009999), "9.999E-4");
  EXPECT_EQ(java(9999999.5), "9999999.5");
  EXPECT_EQ(java(1e7), "1.0E7");
  EXPECT_EQ(java(123456.0), "123456.0");
  EXPECT_EQ(java(1.2345678912345679e8), "1.2345678912345679E8");
  EXPECT_EQ(java(2e23), "2.0E23");
  EXPECT_EQ(java(1e23), "1.0E23");
  EXPECT_EQ(java(4.9e-324), "4.9E-324");
  EXPECT_EQ(java(9.9e-324), "9.9E-324");
  EXPECT_EQ(java(2.2250738585072014e-308), "2.2250738585072014E-308");
  EXPECT_EQ(java(std::numeric_limits<double>::max()), "1.7976931348623157E308");
  EXPECT_EQ(java(std::nan("")), "\"NaN\"");
  EXPECT_EQ(java(-INFINITY), "\"-Infinity\"");
}

TEST(JavaNumber, Floats) {
  EXPECT_EQ(java_float(1.4e-45f), "1.4E-45");
  EXPECT_EQ(java_float(3.4028235e38f), "3.4028235E38");
  EXPECT_EQ(java_float(0.1f), "0.1");
  EXPECT_EQ(java_float(123456.79f), "123456.79");
  EXPECT_EQ(java_float(1.0e10f), "1.0E10");
  EXPECT_EQ(java_float(-3e10f), "-3.0E10");
}

TEST(JavaNumber, AllReadBack) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const std::string text = java(value);
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    EXPECT_EQ(json::parse(text).get<double>(), value);
  }
}

TEST(Digits, EveryNumber) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 100000; ++i) {
    const uint64_t value = random() >> random() % 64;
    EXPECT_EQ(text_of([&](TextBuffer& out) { out.number(value); }), std::to_string(value));
    const auto negative = static_cast<int64_t>(value);
    EXPECT_EQ(text_of([&](TextBuffer& out) { out.number(negative); }), std::to_string(negative));
  }
  for (const int64_t value :
       {int64_t{0}, int64_t{-1}, int64_t{9}, int64_t{10}, int64_t{99999999}, int64_t{100000000},
        int64_t{9999999999999999}, int64_t{10000000000000000}, std::numeric_limits<int64_t>::min(),
        std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(text_of([&](TextBuffer& out) { out.number(value); }), std::to_string(value));
  }
  EXPECT_EQ(text_of([&](TextBuffer& out) { out.number(std::numeric_limits<uint64_t>::max()); }),
            "18446744073709551615");
}

TEST(TextBuffer, FragmentsAndEscapes) {
  for (size_t size = 0; size < 70; ++size) {
    const std::string text(size, 'x');
    const std::string printed = text_of([&](TextBuffer& out) {
      out.put(Fragment(text));
      out.put('.');
    });
    EXPECT_EQ(printed, text + ".");
  }
  EXPECT_EQ(
      text_of([](TextBuffer& out) { out.json_string(std::string_view("a\"b\\c\0d\x1f\n", 9)); }),
      R"("a\"b\\c\u0000d\u001F\n")");
  EXPECT_EQ(text_of([](TextBuffer& out) { out.json_string("\xff\xfe"); }),
            R"("tailwater:base64://4=")");
  EXPECT_EQ(text_of([](TextBuffer& out) { out.json_string("tailwater:base64:x"); }),
            R"("tailwater:base64:dGFpbHdhdGVyOmJhc2U2NDp4")");
}

std::string unscaled(std::string_view decimal, unsigned scale) {
  return text_of(
      [&](TextBuffer& out) { EXPECT_TRUE(put_unscaled_base64(out, decimal, scale)) << decimal; });
}

// java.math.BigDecimal(…).unscaledValue().toByteArray() in base64.
TEST(DecimalText, Unscaled) {
  EXPECT_EQ(unscaled("0.00", 2), "AA==");
  EXPECT_EQ(unscaled("1.27", 2), "fw==");
  EXPECT_EQ(unscaled("1.28", 2), "AIA=");
  EXPECT_EQ(unscaled("-1.28", 2), "gA==");
  EXPECT_EQ(unscaled("-1.29", 2), "/38=");
  EXPECT_EQ(unscaled("19.99", 2), "B88=");
  EXPECT_EQ(unscaled("19.99", 4), "Awzc");
  EXPECT_EQ(unscaled("-999999999999999999", 0), "8h9JTFicAAE=");
  EXPECT_EQ(unscaled("99999999999999999999", 0), "BWvHXi1jD///");
  EXPECT_EQ(unscaled("-18446744073709551616", 0), "/wAAAAAAAAAA");
  TextBuffer out;
  EXPECT_FALSE(put_unscaled_base64(out, "NaN", 2));
  EXPECT_FALSE(put_unscaled_base64(out, "1.234", 2));
  EXPECT_FALSE(put_unscaled_base64(out, "", 2));
}

TEST(DecimalText, BigDecimal) {
  const auto big = [](std::string_view text) {
    return text_of([&](TextBuffer& out) { put_big_decimal(out, text); });
  };
  EXPECT_EQ(big("149.00"), "149.00");
  EXPECT_EQ(big("0"), "0");
  EXPECT_EQ(big("0.000000"), "0.000000");
  EXPECT_EQ(big("0.0000000000"), "0E-10");
  EXPECT_EQ(big("0.00000001"), "1E-8");
  EXPECT_EQ(big("-0.0000001234"), "-1.234E-7");
  EXPECT_EQ(big("0.000001234"), "0.000001234");
  EXPECT_EQ(big("0.0000000000000000000000000100"), "1.00E-26");
  EXPECT_EQ(big("1.0000000001"), "1.0000000001");
  EXPECT_EQ(big("NaN"), "\"NaN\"");
}

TEST(JsonText, Compact) {
  const auto compact = [](std::string_view text) {
    return text_of([&](TextBuffer& out) { put_compact_json(out, text); });
  };
  EXPECT_EQ(compact(R"({"a": 1, "b c": [true, null, "x: , y"]})"),
            R"({"a":1,"b c":[true,null,"x: , y"]})");
  EXPECT_EQ(compact("[1.50, -0.1, 12345678901234567890]"), "[1.50,-0.1,12345678901234567890]");
  EXPECT_EQ(compact("1e21"), "1000000000000000000000");
  EXPECT_EQ(compact("1e-7"),
            "0.0000000999999999999999954748111825886258685613938723690807819366455078125");
  EXPECT_EQ(compact("1.5e3"), "1500.0");
  EXPECT_EQ(compact(R"("quo\"te \\")"), R"("quo\"te \\")");
  EXPECT_EQ(compact(R"("open)"), R"("open)");
  EXPECT_EQ(compact("\"a\\"), "\"a\\");
  EXPECT_EQ(compact("\"new\nline\""), R"("new\nline")");
}

std::string random_text(std::mt19937_64& random, std::string_view characters) {
  std::string text;
  for (size_t n = random() % 24; n > 0; --n) text += characters[random() % characters.size()];
  return text;
}

// As the inside of a string the text reads back as it was, whatever it is.
TEST(JsonText, EscapedReadsBack) {
  std::mt19937_64 random(9);
  for (int i = 0; i < 20000; ++i) {
    const std::string text = random_text(random, "\"\\{}[]:, 019.-eE+abn");
    const std::string plain = text_of([&](TextBuffer& out) { put_compact_json(out, text); });
    const std::string inside =
        text_of([&](TextBuffer& out) { put_compact_json_escaped(out, text); });
    EXPECT_EQ(json::parse("\"" + inside + "\"").get<std::string>(), plain) << text;
  }
}

TEST(JsonText, NoControlCharacterComesThrough) {
  std::mt19937_64 random(10);
  for (int i = 0; i < 20000; ++i) {
    const std::string text = random_text(random, "\"\\\n\t\r\x01 ,1e");
    const std::string plain = text_of([&](TextBuffer& out) { put_compact_json(out, text); });
    const std::string inside =
        text_of([&](TextBuffer& out) { put_compact_json_escaped(out, text); });
    for (const char c : plain + inside) ASSERT_GE(c, ' ') << text;
    EXPECT_TRUE(json::accept("\"" + inside + "\"")) << text;
  }
}

TEST(Wkt, HostileBytesAreRefused) {
  std::mt19937_64 random(3);
  TextBuffer out;
  EXPECT_FALSE(put_wkt(out, {}));
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 64, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 8);
    const size_t before = out.size();
    if (!put_wkt(out, as_bytes(bytes))) {
      EXPECT_EQ(out.size(), before);
    }
    out.clear();
  }
}

TEST(Formatter, Names) {
  EXPECT_EQ(list_formats().front(), "debezium");
  const auto made = make_formatter("debezum", {}, SourceKind::kMysql);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().kind, ErrorKind::kUserFix);
  EXPECT_EQ(made.error().hint, "did you mean 'debezium'?");
  FormatOptions options;
  EXPECT_TRUE(set_option(options, "debezium", "time.precision.mode", "isostring").has_value());
  EXPECT_EQ(options.debezium.time_precision_mode, DebeziumOptions::Times::kIsostring);
  const auto value = set_option(options, "debezium", "decimal.handling.mode", "exact");
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().hint, "it takes precise, double, string");
  const auto name = set_option(options, "maxwell", "output_xofset", "true");
  ASSERT_FALSE(name.has_value());
  EXPECT_EQ(name.error().hint, "did you mean 'output_xoffset'?");
  EXPECT_FALSE(set_option(options, "nosuch", "a", "b").has_value());
}

std::string hostile_text(std::mt19937_64& random) {
  static const std::vector<std::string> kPieces = {"\"",         "\\",
                                                   "\n",         "\r",
                                                   "\t",         std::string(1, '\0'),
                                                   "\x01",       "\x1f",
                                                   "\x7f",       "é",
                                                   "漢",         "😀",
                                                   "plain text", "\xff",
                                                   "\xc3",       "\xed\xa0\x80",
                                                   "\xf0\x9f",   "tailwater:base64:",
                                                   "</script>",  "\u2028",
                                                   "'",          "{}",
                                                   "null"};
  std::string text;
  for (size_t i = random() % 12; i > 0; --i) text += kPieces[random() % kPieces.size()];
  return text;
}

std::string decode_base64(std::string_view text) {
  static const std::string kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    group = group << 6 | static_cast<uint32_t>(kDigits.find(c));
    bits += 6;
    if (bits >= 8) bytes += static_cast<char>(group >> (bits -= 8));
  }
  return bytes;
}

// The reader's side of docs/formats.md, "Text that is not UTF-8".
std::string original_text(const std::string& printed) {
  if (!printed.starts_with(kNotUtf8Marker)) return printed;
  return decode_base64(std::string_view(printed).substr(kNotUtf8Marker.size()));
}

TableSchema hostile_table(std::mt19937_64& random) {
  TableSchema table;
  table.database = "d\"b";
  table.table = "t\\ab";
  table.columns = {
      {"i\"d", {TypeKind::kInt64}, "bigint"},
      {"u", {TypeKind::kUint64}, "bigint unsigned"},
      {"text\n", {TypeKind::kString}, "text"},
      {"d", {TypeKind::kFloat64}, "double"},
      {is_utf8(hostile_text(random)) ? "näme" : "name", {TypeKind::kString}, "varchar(10)"}};
  table.key_kind = KeyKind::kPrimary;
  table.key_columns = {0};
  return table;
}

// What a format keeps for one document comes out at the limit, and at the transaction's end also if
// its last change never came.
TEST(Formatter, RowsKeptForADocumentAreGivenOut) {
  TableSchema table;
  table.database = "d";
  table.table = "t";
  table.columns = {{"c", {TypeKind::kString}, "char(9)"}};
  const Schema schema(SchemaId{1}, table);
  ByteBuffer bytes;
  RowWriter row(schema.layout(), bytes);
  row.set_text(0, std::string(100'000, 'x'));
  ChangeView change;
  change.schema = &schema;
  change.after = RowView(schema.layout(), bytes.view());
  for (const char* name : {"canal", "plainview", "plainview-named"}) {
    auto formatter = make_formatter(name, {}, SourceKind::kMysql);
    ASSERT_TRUE(formatter.has_value());
    std::string out;
    for (change.source_row = 0; change.source_row < 25; ++change.source_row) {
      ASSERT_TRUE((*formatter)->append({}, change, out).has_value());
    }
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2) << name;
    ASSERT_TRUE((*formatter)->end_transaction({}, out).has_value());
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 3) << name;
    EXPECT_EQ(std::count(out.begin(), out.end(), 'x'), 25 * 100'000) << name;
    ASSERT_TRUE((*formatter)->end_transaction({}, out).has_value());
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 3) << name;
  }
}

// The row in a line of a format, by column names; numbers that are text there as numbers.
json row_in(const std::string& format, const json& line, const TableSchema& table) {
  if (format == "debezium") return line.at("after");
  if (format == "maxwell") return line.at("data");
  if (format == "dumpa") return line.at(3);
  json row = line.at("data").at(0);
  if (format == "plainview") {
    json named;
    for (size_t i = 0; i < table.columns.size(); ++i) named[table.columns[i].name] = row.at(i);
    named[table.columns[4].name] = json::parse(row.at(4).get<std::string>());
    row = named;
  }
  for (const size_t column : {0U, 1U, 3U}) {
    json& value = row.at(table.columns[column].name);
    if (value.is_string()) value = json::parse(value.get<std::string>());
  }
  return row;
}

void expect_back(const json& data, const TableSchema& table, int64_t id, const std::string& text,
                 double number) {
  EXPECT_EQ(data.at(table.columns[0].name).get<int64_t>(), id);
  EXPECT_EQ(original_text(data.at(table.columns[2].name).get<std::string>()), text);
  EXPECT_EQ(data.at(table.columns[3].name).get<double>(), number);
  EXPECT_TRUE(data.at(table.columns[4].name).is_null());
}

TEST(Property, EveryLineIsJsonAndGivesTheValuesBack) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 5000; ++i) {
    const Schema schema(SchemaId{static_cast<uint32_t>(i % 7 + 1)}, hostile_table(random));
    const auto id = static_cast<int64_t>(random());
    const uint64_t big = random();
    const std::string text = hostile_text(random);
    double number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) number = 0.5;
    ByteBuffer bytes;
    RowWriter row(schema.layout(), bytes);
    row.set_fixed(0, id);
    row.set_fixed(1, big);
    row.set_text(2, text);
    row.set_fixed(3, number);
    row.set_null(4);
    ChangeView change;
    change.schema = &schema;
    change.after = RowView(schema.layout(), bytes.view());
    change.last = true;
    TransactionInfo transaction;
    transaction.file = "binlog.000001";
    for (const std::string& name : list_formats()) {
      auto formatter = make_formatter(name, {}, SourceKind::kMysql);
      ASSERT_TRUE(formatter.has_value());
      std::string out = "kept";
      ASSERT_TRUE((*formatter)->append(transaction, change, out).has_value());
      ASSERT_TRUE(out.starts_with("kept") && out.ends_with("\n"));
      EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
      const json line = json::parse(out.substr(4));
      const json data = row_in(name, line, schema.table());
      expect_back(data, schema.table(), id, text, number);
      if (name == "debezium") {
        EXPECT_EQ(data.at("u").get<int64_t>(), static_cast<int64_t>(big));
      } else {
        EXPECT_EQ(data.at("u").get<uint64_t>(), big);
      }
    }
  }
}

TEST(Statement, ThatWasNotDecodedIsNotShown) {
  ChangeView change;
  change.op = Op::kStatement;
  change.statement = "UPDATE t SET a = RAND()";
  change.last = true;
  for (const std::string& name : list_formats()) {
    auto formatter = make_formatter(name, {}, SourceKind::kMysql);
    ASSERT_TRUE(formatter.has_value());
    std::string out;
    ASSERT_TRUE((*formatter)->append({}, change, out).has_value());
    EXPECT_EQ(out, "") << name;
  }
}

}  // namespace
}  // namespace tailwater::format
