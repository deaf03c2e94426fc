#include "source/mysql/binlog/catalog_match.h"

#include <array>
#include <optional>

#include "base/text.h"
#include "source/mysql/binlog/charset.h"
#include "source/mysql/binlog/column_type.h"
#include "source/mysql/binlog/mapped_type.h"

namespace tailwater::mysql {
namespace {

// A data type of the catalog, the wire types it may come as, and the logical type where the wire
// type does not tell it.
struct Spelling {
  std::string_view data_type;
  ColumnType type;
  std::optional<ColumnType> older = {};  // of a server or table before 5.6, or another form
  std::optional<uint32_t> length = {};   // what the map's length must be
  std::optional<TypeKind> kind = {};
};

constexpr std::array kSpellings = {
    Spelling{"tinyint", ColumnType::kTiny},
    Spelling{"smallint", ColumnType::kShort},
    Spelling{"mediumint", ColumnType::kInt24},
    Spelling{"int", ColumnType::kLong},
    Spelling{"bigint", ColumnType::kLonglong},
    Spelling{"float", ColumnType::kFloat},
    Spelling{"double", ColumnType::kDouble},
    Spelling{"decimal", ColumnType::kNewdecimal},
    Spelling{"date", ColumnType::kDate, ColumnType::kNewdate},
    Spelling{"time", ColumnType::kTime2, ColumnType::kTime},
    Spelling{"datetime", ColumnType::kDatetime2, ColumnType::kDatetime},
    Spelling{"timestamp", ColumnType::kTimestamp2, ColumnType::kTimestamp},
    Spelling{"year", ColumnType::kYear},
    Spelling{"bit", ColumnType::kBit},
    Spelling{"char", ColumnType::kString},
    Spelling{"binary", ColumnType::kString},
    Spelling{"varchar", ColumnType::kVarchar, ColumnType::kMariadbVarcharCompressed},
    Spelling{"varbinary", ColumnType::kVarchar, ColumnType::kMariadbVarcharCompressed},
    Spelling{"tinytext", ColumnType::kBlob, ColumnType::kMariadbBlobCompressed, 1},
    Spelling{"tinyblob", ColumnType::kBlob, ColumnType::kMariadbBlobCompressed, 1},
    Spelling{"text", ColumnType::kBlob, ColumnType::kMariadbBlobCompressed, 2},
    Spelling{"blob", ColumnType::kBlob, ColumnType::kMariadbBlobCompressed, 2},
    Spelling{"mediumtext", ColumnType::kBlob, ColumnType::kMariadbBlobCompressed, 3},
    Spelling{"mediumblob", ColumnType::kBlob, ColumnType::kMariadbBlobCompressed, 3},
    Spelling{"longtext", ColumnType::kBlob, ColumnType::kMariadbBlobCompressed, 4},
    Spelling{"longblob", ColumnType::kBlob, ColumnType::kMariadbBlobCompressed, 4},
    Spelling{"enum", ColumnType::kEnum},
    Spelling{"set", ColumnType::kSet},
    Spelling{"json", ColumnType::kJson},
    Spelling{"geometry", ColumnType::kGeometry},
    Spelling{"point", ColumnType::kGeometry},
    Spelling{"linestring", ColumnType::kGeometry},
    Spelling{"polygon", ColumnType::kGeometry},
    Spelling{"multipoint", ColumnType::kGeometry},
    Spelling{"multilinestring", ColumnType::kGeometry},
    Spelling{"multipolygon", ColumnType::kGeometry},
    Spelling{"geometrycollection", ColumnType::kGeometry},
    Spelling{"geomcollection", ColumnType::kGeometry},
    Spelling{"uuid", ColumnType::kString, {}, 16, TypeKind::kUuid},
    Spelling{"inet6", ColumnType::kString, {}, 16, TypeKind::kInet},
    Spelling{"inet4", ColumnType::kString, {}, 4, TypeKind::kInet},
    Spelling{"vector", ColumnType::kVector, ColumnType::kVarchar, {}, TypeKind::kVector},
};

const Spelling* spelling_of(std::string_view data_type) {
  for (const Spelling& each : kSpellings) {
    if (each.data_type == data_type) return &each;
  }
  return nullptr;
}

// The numbers in the first parentheses of "decimal(10,2) unsigned".
struct Parameters {
  std::optional<uint64_t> first;
  std::optional<uint64_t> second;
};
Parameters parameters_of(std::string_view column_type) {
  const size_t open = column_type.find('(');
  const size_t close = column_type.find(')', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  const auto parts = split(column_type.substr(open + 1, close - open - 1), ',');
  Parameters out;
  if (auto first = parse_number(trim(parts[0]))) out.first = *first;
  if (parts.size() > 1) {
    if (auto second = parse_number(trim(parts[1]))) out.second = *second;
  }
  return out;
}

// What stands for one character of a label. Both servers write a backslash, a line's end and a zero
// byte with a backslash before them, whatever NO_BACKSLASH_ESCAPES says, and a quote twice
// (append_unescaped in their sources).
char unescaped(char c) {
  switch (c) {
    case '0':
      return '\0';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    default:
      return c;
  }
}

// The labels of "enum('a','it''s','back\\slash')"; nothing when the text is not so.
std::optional<std::vector<std::string>> labels_of(std::string_view column_type) {
  std::vector<std::string> labels;
  size_t at = column_type.find('(');
  while (at != std::string_view::npos && ++at < column_type.size() && column_type[at] == '\'') {
    std::string label;
    for (++at; at < column_type.size(); ++at) {
      if (column_type[at] == '\'') {
        if (at + 1 >= column_type.size() || column_type[at + 1] != '\'') break;
        label += column_type[++at];
      } else if (column_type[at] == '\\' && at + 1 < column_type.size()) {
        label += unescaped(column_type[++at]);
      } else {
        label += column_type[at];
      }
    }
    labels.push_back(std::move(label));
    if (++at >= column_type.size() || column_type[at] == ')') break;
  }
  if (labels.empty() || at >= column_type.size() || column_type[at] != ')') return std::nullopt;
  return labels;
}

// How many bytes a value of an enum or set with so many labels has. A set of five to eight bytes is
// stored in eight.
uint32_t label_bytes(ColumnType type, size_t labels) {
  if (type == ColumnType::kEnum) return labels < 256 ? 1 : 2;
  const size_t bytes = (labels + 7) / 8;
  return static_cast<uint32_t>(bytes > 4 ? 8 : bytes);
}

class Matcher {
 public:
  Matcher(const TableMap& map, size_t index, const ColumnFacts& facts)
      : map_(map), mapped_(map.columns[index]), facts_(facts), index_(index) {}

  Result<Column> match() {
    data_type_ = to_lower(facts_.data_type);
    spelling_ = spelling_of(data_type_);
    if (spelling_ == nullptr) {
      return fail(ErrorKind::kUnsupported, where() + " has the unknown type " + facts_.data_type);
    }
    charset_ = charset_named(facts_.character_set);
    if (!facts_.character_set.empty() && charset_ == nullptr) {
      return fail(ErrorKind::kUnsupported,
                  where() + " has the unknown character set " + facts_.character_set);
    }
    TW_TRY(check_type());
    TW_TRY(check_length());
    TW_TRY(check_metadata());
    return make_column();
  }

 private:
  [[nodiscard]] std::string where() const {
    return "column '" + facts_.name + "' (" + std::to_string(index_ + 1) + ") of " +
           std::string(map_.database) + "." + std::string(map_.table);
  }
  [[nodiscard]] tl::unexpected<Error> differs(std::string_view what) const {
    return fail(ErrorKind::kUserFix,
                where() + " is " + facts_.column_type + " now, but the binlog has another " +
                    std::string(what),
                kCatalogRemedy);
  }

  // Blobs come as kBlob, whatever their size; old servers may say kVarString for varchar.
  Status check_type() const {
    const bool same =
        mapped_.type == spelling_->type || mapped_.type == spelling_->older ||
        (spelling_->type == ColumnType::kVarchar && mapped_.type == ColumnType::kVarString);
    if (!same) return differs("type");
    if (spelling_->length && mapped_.length != *spelling_->length) return differs("length");
    if (mapped_.nullable != facts_.nullable) return differs("nullability");
    return {};
  }

  [[nodiscard]] uint64_t char_bytes() const {
    return charset_ == nullptr ? 1 : charset_->char_bytes_max;
  }

  Status check_length() const {
    const Parameters parameters = parameters_of(facts_.column_type);
    switch (mapped_.type) {
      case ColumnType::kNewdecimal:
        if (parameters.first.value_or(10) != mapped_.length ||
            parameters.second.value_or(0) != mapped_.scale) {
          return differs("number of digits");
        }
        return {};
      case ColumnType::kBit:
        return parameters.first.value_or(1) == mapped_.length ? Status() : differs("length");
      case ColumnType::kTime2:
      case ColumnType::kDatetime2:
      case ColumnType::kTimestamp2:
        return parameters.first.value_or(0) == mapped_.scale
                   ? Status()
                   : differs("number of fractional digits");
      case ColumnType::kString:
        if (spelling_->kind) return {};
        return parameters.first.value_or(1) * char_bytes() == mapped_.length ? Status()
                                                                             : differs("length");
      case ColumnType::kVarchar:
      case ColumnType::kVarString:
      case ColumnType::kMariadbVarcharCompressed:
        return check_varchar(parameters.first.value_or(0));
      default:
        return {};
    }
  }

  Status check_varchar(uint64_t declared) const {
    uint64_t bytes = declared * char_bytes();
    if (data_type_ == "vector") bytes = declared * sizeof(float);
    if (mapped_.type == ColumnType::kMariadbVarcharCompressed) ++bytes;
    return bytes == mapped_.length ? Status() : differs("length");
  }

  Status check_metadata() const {
    const bool is_unsigned = facts_.column_type.find(" unsigned") != std::string::npos;
    if (mapped_.is_unsigned && mapped_.type != ColumnType::kYear &&
        *mapped_.is_unsigned != is_unsigned) {
      return differs("sign");
    }
    if (map_.has_names && mapped_.name != facts_.name) {
      return differs("name, '" + std::string(mapped_.name) + "'");
    }
    TW_ASSIGN(const Charset* const sent, mapped_charset(mapped_));
    const bool comparable = sent != nullptr && !spelling_->kind;
    if (comparable && sent != (charset_ == nullptr ? charset_named("binary") : charset_)) {
      return differs("character set, " + std::string(sent->name));
    }
    return {};
  }

  Result<Column> make_column() const {
    MappedColumn told = mapped_;
    told.is_unsigned = facts_.column_type.find(" unsigned") != std::string::npos;
    TW_ASSIGN(Type type, mapped_type(told));
    if (spelling_->kind) type = Type{*spelling_->kind};
    if (data_type_ == "vector") type.length = parameters_of(facts_.column_type).first.value_or(0);
    if (!spelling_->kind && mapped_.is_character()) {
      type.kind =
          charset_ == nullptr || charset_->is_binary() ? TypeKind::kBytes : TypeKind::kString;
      const bool blob = spelling_->type == ColumnType::kBlob;
      type.length = blob ? 0 : parameters_of(facts_.column_type).first.value_or(1);
    }
    if (mapped_.type == ColumnType::kEnum || mapped_.type == ColumnType::kSet) {
      TW_TRY(take_labels(type));
    }
    Column column;
    column.name = facts_.name;
    column.type = std::move(type);
    column.source_type = facts_.column_type;
    if (charset_ != nullptr && column.type.kind != TypeKind::kBytes)
      column.charset = charset_->name;
    column.nullable = facts_.nullable;
    column.generated = facts_.generated;
    column.invisible = facts_.invisible;
    return column;
  }

  Status take_labels(Type& type) const {
    auto labels = labels_of(facts_.column_type);
    if (!labels) return differs("list of labels");
    if (label_bytes(mapped_.type, labels->size()) != mapped_.length)
      return differs("number of labels");
    if (mapped_.labels && type.labels != *labels) return differs("list of labels");
    type.labels = std::move(*labels);
    return {};
  }

  const TableMap& map_;
  const MappedColumn& mapped_;
  const ColumnFacts& facts_;
  size_t index_;
  std::string data_type_;
  const Spelling* spelling_ = nullptr;
  const Charset* charset_ = nullptr;
};

}  // namespace

Result<MappedColumn> mapped_of_facts(const ColumnFacts& facts) {
  const std::string data_type = to_lower(facts.data_type);
  const Spelling* const spelling = spelling_of(data_type);
  const Charset* const charset = charset_named(facts.character_set);
  if (spelling == nullptr || (charset == nullptr && !facts.character_set.empty())) {
    return fail(ErrorKind::kUnsupported, "column '" + facts.name + "' has the unknown type " +
                                             facts.column_type + " " + facts.character_set);
  }
  const Parameters parameters = parameters_of(facts.column_type);
  const auto first = [&](uint64_t fallback) {
    return static_cast<uint32_t>(parameters.first.value_or(fallback));
  };
  const uint32_t char_bytes = charset == nullptr ? 1 : charset->char_bytes_max;
  MappedColumn column;
  column.type = spelling->type;
  column.name = facts.name;
  column.nullable = facts.nullable;
  column.visible = !facts.invisible;
  switch (spelling->type) {
    case ColumnType::kNewdecimal:
      column.length = first(10);
      column.scale = static_cast<uint8_t>(parameters.second.value_or(0));
      break;
    case ColumnType::kBit:
      column.length = first(1);
      break;
    case ColumnType::kTime2:
    case ColumnType::kDatetime2:
    case ColumnType::kTimestamp2:
      column.scale = static_cast<uint8_t>(first(0));
      break;
    case ColumnType::kString:
      column.length = spelling->length.value_or(first(1) * char_bytes);
      break;
    case ColumnType::kVarchar:
      column.length = first(0) * char_bytes;
      break;
    case ColumnType::kBlob:
      column.length = spelling->length.value_or(2);
      break;
    case ColumnType::kEnum:
    case ColumnType::kSet: {
      const size_t labels =
          labels_of(facts.column_type).value_or(std::vector<std::string>()).size();
      column.length = label_bytes(spelling->type, labels);
      break;
    }
    default:
      break;
  }
  return column;
}

Result<Column> match_column(const TableMap& map, size_t index, const ColumnFacts& facts) {
  return Matcher(map, index, facts).match();
}

}  // namespace tailwater::mysql
