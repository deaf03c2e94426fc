#include "transform/column_selection.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace tailwater {
namespace {

constexpr std::string_view kForm = "database.table.column";
constexpr std::string_view kExample = R"('shop\.customers\.(email|phone)' or '.*\.password')";

NamePatterns::Words words(std::string_view setting) {
  return {setting, kForm, kExample};
}

// Where the first colon is that belongs to no regular expression.
size_t find_colon(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    } else if (c == ':' && depth <= 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

struct Parts {
  std::string expression;
  std::string_view rest;
};

Result<Parts> cut(std::string_view setting, const std::string& item, std::string_view form,
                  std::string_view example) {
  const size_t colon = find_colon(item);
  if (colon == std::string_view::npos || colon == 0) {
    return fail(ErrorKind::kUserFix,
                std::string(setting) + ": '" + item.substr(0, 80) + "' is not " + std::string(form),
                "for example " + std::string(example));
  }
  return Parts{item.substr(0, colon), std::string_view(item).substr(colon + 1)};
}

std::string names_of(const TableSchema& table) {
  std::string text;
  for (const Column& column : table.columns) {
    if (!text.empty()) text += ", ";
    text += column.name;
  }
  return text;
}

std::vector<std::string> split_names(std::string_view text) {
  text = trim(text);
  if (text.starts_with('(') && text.ends_with(')')) text = text.substr(1, text.size() - 2);
  std::vector<std::string> names;
  for (const std::string_view name : split(text, ',')) {
    if (!trim(name).empty()) names.emplace_back(trim(name));
  }
  return names;
}

// The kept columns alone, and the key's new places.
TableSchema keep_columns(TableSchema table, const std::vector<uint32_t>& kept) {
  std::vector<uint32_t> place(table.columns.size());
  std::vector<Column> columns;
  for (const uint32_t column : kept) {
    place[column] = static_cast<uint32_t>(columns.size());
    columns.push_back(std::move(table.columns[column]));
  }
  table.columns = std::move(columns);
  for (uint32_t& column : table.key_columns) column = place[column];
  return table;
}

}  // namespace

Result<ColumnSelection> ColumnSelection::compile(const ColumnRules& rules) {
  ColumnSelection selection;
  TW_ASSIGN(selection.include_,
            NamePatterns::compile(rules.column_include, words("column_include")));
  TW_ASSIGN(selection.exclude_,
            NamePatterns::compile(rules.column_exclude, words("column_exclude")));
  TW_TRY(selection.add_hashes(rules));
  TW_TRY(selection.add_truncations(rules.mask_truncate));
  TW_TRY(selection.add_constants(rules.mask_constant));
  TW_ASSIGN(selection.keys_, parse_keys(rules.key_columns));
  return selection;
}

Status ColumnSelection::add_hashes(const ColumnRules& rules) {
  if (rules.mask_hash.empty()) return {};
  if (rules.mask_salt.empty()) {
    return fail(ErrorKind::kUserFix, "mask_hash has no salt",
                "set mask_salt_file to a file with a long random text, for example of "
                "'openssl rand -hex 32'; without a salt anybody could hash all likely values");
  }
  TW_ASSIGN(auto pattern, NamePatterns::compile(rules.mask_hash, words("mask_hash")));
  masks_.push_back({std::move(pattern), Mask::hash(KeyedHash(rules.mask_salt)), "mask_hash"});
  return {};
}

Status ColumnSelection::add_truncations(const std::vector<std::string>& items) {
  constexpr std::string_view kSetting = "mask_truncate";
  for (const std::string& item : items) {
    TW_ASSIGN(const Parts parts,
              cut(kSetting, item, "EXPRESSION:CHARACTERS", R"('shop\.customers\.zip:2')"));
    const auto characters = parse_number(trim(parts.rest));
    if (!characters.has_value()) {
      return fail(
          ErrorKind::kUserFix,
          std::string(kSetting) + ": '" + item.substr(0, 80) + "' has no number of characters",
          R"(for example 'shop\.customers\.zip:2')");
    }
    TW_ASSIGN(auto pattern, NamePatterns::compile({parts.expression}, words(kSetting)));
    masks_.push_back({std::move(pattern), Mask::truncate(*characters), kSetting});
  }
  return {};
}

Status ColumnSelection::add_constants(const std::vector<std::string>& items) {
  constexpr std::string_view kSetting = "mask_constant";
  constexpr size_t kTextBytesMax = 65535;
  for (const std::string& item : items) {
    TW_ASSIGN(const Parts parts,
              cut(kSetting, item, "EXPRESSION:TEXT", R"('shop\.customers\.name:(hidden)')"));
    if (parts.rest.size() > kTextBytesMax || !is_utf8(parts.rest)) {
      return fail(ErrorKind::kUserFix, std::string(kSetting) + ": the text for '" +
                                           parts.expression.substr(0, 80) +
                                           "' is not UTF-8 of at most 64KB");
    }
    TW_ASSIGN(auto pattern, NamePatterns::compile({parts.expression}, words(kSetting)));
    masks_.push_back({std::move(pattern), Mask::constant(std::string(parts.rest)), kSetting});
  }
  return {};
}

Result<std::vector<ColumnSelection::KeyRule>> ColumnSelection::parse_keys(
    const std::vector<std::string>& items) {
  std::vector<KeyRule> keys;
  for (const std::string& item : items) {
    const size_t colon = item.find(':');
    const bool goes_on = colon == std::string::npos && !keys.empty();
    if (!goes_on) keys.push_back({std::string(trim(item.substr(0, colon))), {}});
    KeyRule& key = keys.back();
    const auto columns = split_names(goes_on                      ? item
                                     : colon == std::string::npos ? std::string()
                                                                  : item.substr(colon + 1));
    key.columns.insert(key.columns.end(), columns.begin(), columns.end());
    if (key.columns.empty() || key.table.find('.') == std::string::npos) {
      return fail(ErrorKind::kUserFix,
                  "key_columns: '" + item.substr(0, 80) + "' is not database.table:column,column",
                  "for example 'shop.visits:visitor,started_at'");
    }
  }
  return keys;
}

bool ColumnSelection::hides() const {
  return !include_.empty() || !exclude_.empty() || !masks_.empty();
}

bool ColumnSelection::empty() const {
  return !hides() && keys_.empty();
}

Result<Mask> ColumnSelection::find_mask(const std::string& name) const {
  const MaskRule* found = nullptr;
  for (const MaskRule& rule : masks_) {
    if (!rule.pattern.match(name)) continue;
    if (found != nullptr) {
      return fail(ErrorKind::kUserFix,
                  "'" + name + "' is masked twice, by " + std::string(found->setting) + " and " +
                      std::string(rule.setting),
                  "make the expressions narrower, so that one mask is left");
    }
    found = &rule;
  }
  return found == nullptr ? Mask() : found->mask;
}

Status ColumnSelection::set_key(TableSchema& table) const {
  const auto rule = std::find_if(keys_.begin(), keys_.end(), [&](const KeyRule& key) {
    return key.table == table.full_name();
  });
  if (rule == keys_.end()) return {};
  table.key_kind = KeyKind::kUser;
  table.key_columns.clear();
  for (const std::string& name : rule->columns) {
    const auto column = std::find_if(table.columns.begin(), table.columns.end(),
                                     [&](const Column& one) { return one.name == name; });
    if (column == table.columns.end()) {
      return fail(ErrorKind::kUserFix,
                  "key_columns names '" + name + "', which the table does not have",
                  "its columns are " + names_of(table));
    }
    const auto place = static_cast<uint32_t>(column - table.columns.begin());
    if (std::ranges::count(table.key_columns, place) != 0) {
      return fail(ErrorKind::kUserFix, "key_columns names '" + name + "' twice");
    }
    table.key_columns.push_back(place);
  }
  return {};
}

Status ColumnSelection::check_kept(const TableSchema& table, const std::vector<bool>& kept) const {
  for (const uint32_t column : table.key_columns) {
    if (kept[column]) continue;
    const std::string name = table.full_name() + "." + table.columns[column].name;
    const bool excluded = exclude_.match(name);
    return fail(
        ErrorKind::kUserFix,
        fmt::format("{} leaves out the key column '{}'",
                    excluded ? "column_exclude" : "column_include", name),
        fmt::format("{}, hide it with mask_hash, or name another key with key_columns",
                    excluded ? "take it out of column_exclude" : "add it to column_include"));
  }
  if (std::ranges::count(kept, true) == 0) {
    return fail(ErrorKind::kUserFix, "column_include and column_exclude leave no column",
                "leave out the whole table with table_exclude, or add columns of it to "
                "column_include");
  }
  return {};
}

// Rows whose keys became equal would be taken for one.
Status ColumnSelection::check_key(const TableColumns& taken) {
  for (const uint32_t column : taken.schema.key_columns) {
    if (taken.masks.empty()) break;
    const Mask::Kind kind = taken.masks[column].kind();
    if (kind != Mask::Kind::kTruncate && kind != Mask::Kind::kConstant) continue;
    return fail(ErrorKind::kUserFix,
                fmt::format("{} would make rows equal: '{}' is a key column",
                            kind == Mask::Kind::kTruncate ? "mask_truncate" : "mask_constant",
                            taken.schema.columns[column].name),
                "use mask_hash, which keeps keys apart, or name another key with key_columns");
  }
  return {};
}

Result<TableColumns> ColumnSelection::select(const TableSchema& table) const {
  TableColumns taken;
  TableSchema keyed = table;
  TW_TRY(set_key(keyed));
  const std::string prefix = table.full_name() + ".";
  std::vector<bool> kept;
  std::vector<Mask> masks;
  for (uint32_t i = 0; i < table.columns.size(); ++i) {
    const std::string name = prefix + table.columns[i].name;
    kept.push_back(keeps(name));
    if (!kept.back()) continue;
    taken.kept.push_back(i);
    TW_ASSIGN(Mask mask, find_mask(name));
    masks.push_back(std::move(mask));
  }
  TW_TRY(check_kept(keyed, kept));
  taken.unmasked = keep_columns(std::move(keyed), taken.kept);
  taken.schema = taken.unmasked;
  const bool masked =
      std::ranges::any_of(masks, [](const Mask& mask) { return mask.kind() != Mask::Kind::kNone; });
  if (!masked) return taken;
  taken.masks = std::move(masks);
  for (size_t i = 0; i < taken.masks.size(); ++i) {
    TW_ASSIGN(taken.schema.columns[i], taken.masks[i].apply(taken.unmasked.columns[i]));
  }
  TW_TRY(check_key(taken));
  return taken;
}

}  // namespace tailwater
