#include "format/golden_case.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "model/decimal.h"

namespace tailwater::format {
namespace {

TypeKind kind_of(const std::string& word) {
  for (int kind = 1; kind <= static_cast<int>(TypeKind::kSourceText); ++kind) {
    if (to_string(static_cast<TypeKind>(kind)) == word) return static_cast<TypeKind>(kind);
  }
  ADD_FAILURE() << "no kind '" << word << "'";
  return TypeKind::kString;
}

// Words, but for "…" and what follows `source=`, which runs to the end of the line.
std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> found;
  std::string word;
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line.compare(i, 7, "source=") == 0 && word.empty()) {
      found.push_back(line.substr(i));
      return found;
    }
    if (line[i] == '"' && (i == 0 || line[i - 1] != '\\')) quoted = !quoted;
    if (line[i] == ' ' && !quoted) {
      if (!word.empty()) found.push_back(std::exchange(word, {}));
    } else {
      word += line[i];
    }
  }
  if (!word.empty()) found.push_back(word);
  return found;
}

// column NAME KIND [precision=N] [scale=N] [length=N] [labels=A|B] [not_null] [source=…]
Column parse_column(const std::vector<std::string>& parts) {
  Column column;
  column.name = parts.at(1).starts_with('"') ? parts[1].substr(1, parts[1].size() - 2) : parts[1];
  column.type.kind = kind_of(parts.at(2));
  for (size_t i = 3; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    const std::string name = parts[i].substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : parts[i].substr(equals + 1);
    if (name == "precision") column.type.precision = static_cast<uint16_t>(std::stoul(value));
    if (name == "scale") column.type.scale = static_cast<uint16_t>(std::stoul(value));
    if (name == "length") column.type.length = std::stoull(value);
    if (name == "not_null") column.nullable = false;
    if (name == "source") column.source_type = value;
    if (name != "labels") continue;
    for (const std::string_view label : split(value, '|')) column.type.labels.emplace_back(label);
  }
  return column;
}

std::string unquote(const std::string& text) {
  if (!text.starts_with('"')) return text;
  std::string plain;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      plain += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i] == '0' ? '\0' : text[i];
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string variable_value(const std::string& text) {
  if (!text.starts_with("x:")) return unquote(text);
  const auto bytes = from_hex(text.substr(2));
  EXPECT_TRUE(bytes.has_value()) << text;
  return bytes.value_or("");
}

Date parse_date(const std::string& text) {
  const auto parts = split(text, '-');
  return Date::of(std::stoi(std::string(parts.at(0))),
                  static_cast<uint32_t>(std::stoul(std::string(parts.at(1)))),
                  static_cast<uint32_t>(std::stoul(std::string(parts.at(2)))));
}

// "2024-02-29T<microseconds since midnight>"
Datetime parse_datetime(const std::string& text) {
  const size_t t = text.find('T');
  return {parse_date(text.substr(0, t)), std::stoll(text.substr(t + 1))};
}

// "-12.5" as an integer, times 10^scale.
int64_t parse_decimal(std::string text, unsigned scale) {
  if (text == "NaN") return kDecimalNan;
  if (text.ends_with("Infinity")) return text[0] == '-' ? kDecimalMinusInfinity : kDecimalInfinity;
  const size_t point = text.find('.');
  size_t digits = 0;
  if (point != std::string::npos) {
    text.erase(point, 1);
    digits = text.size() - point;
  }
  EXPECT_LE(digits, scale) << text;
  return std::stoll(text + std::string(scale - digits, '0'));
}

void write_fixed(RowWriter& row, size_t column, const Type& type, const std::string& text) {
  switch (type.kind) {
    case TypeKind::kFloat32:
      return row.set_fixed<float>(column, std::stof(text));
    case TypeKind::kFloat64:
      return row.set_fixed<double>(column, std::strtod(text.c_str(), nullptr));
    case TypeKind::kDecimal:
      return row.set_fixed<int64_t>(column, parse_decimal(text, type.scale));
    case TypeKind::kDate:
      return row.set_fixed<int32_t>(column, parse_date(text).packed);
    case TypeKind::kDatetime:
      return row.set_datetime(column, parse_datetime(text));
    case TypeKind::kTimestamp:
      return row.set_fixed<int64_t>(column, text == "zero" ? kTimestampZero : std::stoll(text));
    case TypeKind::kUuid:
      return row.set_wide(column, as_bytes(variable_value(text)));
    default:
      break;
  }
  const uint64_t value =
      text.starts_with('-') ? static_cast<uint64_t>(std::stoll(text)) : std::stoull(text);
  switch (slot_bytes(type)) {
    case 1:
      return row.set_fixed(column, static_cast<uint8_t>(value));
    case 2:
      return row.set_fixed(column, static_cast<uint16_t>(value));
    case 4:
      return row.set_fixed(column, static_cast<uint32_t>(value));
    default:
      return row.set_fixed(column, value);
  }
}

// Reads the lines of one case, up to `end`.
class CaseReader {
 public:
  CaseReader(std::istream& in, GoldenCase& made, int& line_number)
      : in_(in), made_(made), line_number_(line_number) {}

  void read() {
    std::string line;
    while (next(line) && line != "expect") take(words(line));
    while (next(line) && line != "end") made_.expected += line + "\n";
  }

 private:
  bool next(std::string& line) {
    ++line_number_;
    return static_cast<bool>(std::getline(in_, line));
  }
  std::vector<std::string> values(const std::vector<std::string>& parts) {
    EXPECT_EQ(parts.size() - 1, made_.table.columns.size()) << made_.where;
    return {parts.begin() + 1, parts.end()};
  }
  void take(const std::vector<std::string>& parts) {
    if (parts.empty() || parts[0].starts_with('#')) return;
    static const std::map<std::string, Op> kOps = {
        {"insert", Op::kInsert},   {"update", Op::kUpdate},     {"delete", Op::kDelete},
        {"read", Op::kRead},       {"truncate", Op::kTruncate}, {"read_start", Op::kReadStart},
        {"read_end", Op::kReadEnd}};
    if (parts[0] == "source")
      made_.source = parts.at(1) == "mysql" ? SourceKind::kMysql : SourceKind::kMariadb;
    if (parts[0] == "format") {
      made_.format = parts.at(1);
      made_.options.assign(parts.begin() + 2, parts.end());
    }
    if (parts[0] == "column") made_.table.columns.push_back(parse_column(parts));
    if (parts[0] == "key") {
      made_.table.key_kind = KeyKind::kPrimary;
      for (size_t i = 1; i < parts.size(); ++i) {
        made_.table.key_columns.push_back(static_cast<uint32_t>(std::stoul(parts[i])));
      }
    }
    if (const auto op = kOps.find(parts[0]); op != kOps.end()) {
      made_.changes.push_back({.op = op->second});
    }
    if (parts[0] == "statement") {
      made_.changes.push_back({.op = Op::kSchemaChange, .statement = unquote(parts.at(1))});
    }
    if (parts[0] == "gtid") made_.gtid = parts.at(1);
    if (parts[0] == "not_last") made_.last = false;
    if (made_.changes.empty()) return;
    if (parts[0] == "event") made_.changes.back().new_event = true;
    if (parts[0] == "before") made_.changes.back().before = values(parts);
    if (parts[0] == "after") made_.changes.back().after = values(parts);
  }

  std::istream& in_;
  GoldenCase& made_;
  int& line_number_;
};

}  // namespace

std::vector<GoldenCase> read_golden_cases(const std::string& path) {
  std::vector<GoldenCase> cases;
  std::ifstream in(path);
  EXPECT_TRUE(in.good()) << path;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (!line.starts_with("case")) continue;
    GoldenCase made;
    made.where = fmt::format("{}:{} {}", path, number, line);
    made.table.database = "db";
    made.table.table = "t";
    CaseReader(in, made, number).read();
    cases.push_back(std::move(made));
  }
  return cases;
}

void write_golden_row(const Schema& schema, const std::vector<std::string>& values,
                      ByteBuffer& out) {
  RowWriter row(schema.layout(), out);
  for (size_t i = 0; i < values.size(); ++i) {
    const Type& type = schema.columns()[i].type;
    if (values[i] == "NULL") {
      row.set_null(i);
    } else if (values[i] == "UNAVAILABLE") {
      row.set_unavailable(i);
    } else if (is_variable(type)) {
      row.set_text(i, variable_value(values[i]));
    } else {
      write_fixed(row, i, type, values[i]);
    }
  }
}

}  // namespace tailwater::format
