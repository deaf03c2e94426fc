// RandomDdl: random statements about the tables that there are.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "ddl/ddl_case.h"

namespace tailwater::test {

using Random = std::mt19937_64;

class RandomDdl {
 public:
  RandomDdl(mysql::Flavor flavor, Random& random) : flavor_(flavor), random_(random) {}

  /// A statement about tables of `d` and `e`. Most are such as the server takes.
  std::string statement(const mysql::SchemaCatalog& catalog);
  /// A case without statements: only its settings are random.
  DdlCase random_session();

 private:
  using Tables = std::vector<std::string>;

  size_t pick(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }
  bool chance(size_t of) { return pick(of) == 0; }
  const char* one_of(std::initializer_list<const char*> choices) {
    return choices.begin()[pick(choices.size())];
  }

  std::string new_table();
  std::string new_column();
  std::string charset_clause();
  std::string type();
  std::string text_type();
  std::string number_type();
  std::string column_type_and_attributes();
  std::string create();
  std::string alter(const mysql::TableName& name, const mysql::TrackedTable& table);
  std::string action(const mysql::TrackedTable& table);
  std::string key_action(const mysql::TrackedTable& table);
  std::string a_column(const mysql::TrackedTable& table);
  std::string place(const mysql::TrackedTable& table);

  mysql::Flavor flavor_;
  Random& random_;
};

}  // namespace tailwater::test
