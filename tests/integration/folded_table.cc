#include "integration/folded_table.h"

#include <gtest/gtest.h>

namespace tailwater::test {
namespace {

std::string text_of(const TableSchema& schema, const std::vector<CapturedValue>& row) {
  std::string text;
  for (size_t i = 0; i < row.size(); ++i) {
    if (schema.columns[i].name.starts_with("extra")) continue;
    text += (text.empty() ? "" : "|") +
            (row[i].presence == Presence::kPresent ? row[i].text : std::string("NULL"));
  }
  return text;
}

std::string key_of(const TableSchema& schema, const std::vector<CapturedValue>& row) {
  std::string key;
  for (const uint32_t column : schema.key_columns) key += row[column].text + "/";
  return key;
}

}  // namespace

std::multiset<std::string> FoldedTable::all_rows() const {
  std::multiset<std::string> all;
  for (const auto& [key, row] : rows) all.insert(row);
  return all;
}

void fold(const CapturedChange& change, FoldedTable& table) {
  const TableSchema& schema = *change.schema;
  if (change.op == Op::kReadStart) {
    ++table.starts;
    // What was streamed before is in the rows that follow.
    table.bag.clear();
    table.rows.clear();
  }
  if (change.op == Op::kReadEnd) ++table.ends;
  if (change.op == Op::kRead) ++table.reads[key_of(schema, change.after)];
  if (!change.before.empty()) {
    table.rows.erase(key_of(schema, change.before));
    const auto one = table.bag.find(text_of(schema, change.before));
    if (one != table.bag.end()) table.bag.erase(one);
  }
  if (change.after.empty()) return;
  table.rows[key_of(schema, change.after)] = text_of(schema, change.after);
  table.bag.insert(text_of(schema, change.after));
}

std::multiset<std::string> select_rows(const MysqlServer& server, const std::string& sql) {
  std::multiset<std::string> found;
  auto connection = server.connect();
  EXPECT_TRUE(connection.has_value());
  if (!connection.has_value()) return found;
  auto rows = connection->query(sql);
  EXPECT_TRUE(rows.has_value()) << rows.error().describe();
  if (!rows.has_value()) return found;
  while (rows->next().value_or(false)) {
    std::string text;
    for (size_t i = 0; i < rows->columns(); ++i) {
      text += (text.empty() ? "" : "|") + std::string((*rows)[i].value_or("NULL"));
    }
    found.insert(text);
  }
  return found;
}

}  // namespace tailwater::test
