// The schemas that are followed through statements equal what real servers say of their tables.
// TAILWATER_RECORD=1 writes what the servers say into tests/ddl/*.test.
#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/text.h"
#include "ddl/corpus_statements.h"
#include "ddl/ddl_case.h"
#include "integration/random_ddl.h"
#include "source/mysql/schema_reader.h"
#include "support/mysql_server.h"

namespace tailwater::test {
namespace {

using mysql::Connection;
using mysql::DdlSession;
using mysql::Flavor;
using mysql::SchemaCatalog;
using mysql::TableName;

constexpr int kRandomStatements = 400;
constexpr int kStatementsPerStart = 60;

// The same statements in every run; others on request, to look for what servers do that is not
// known yet.
uint64_t seed() {
  const char* text = std::getenv("TAILWATER_DDL_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

// What the tracker does not follow, and says so: the table is then read again.
bool is_admitted(const std::string& reason) {
  return reason.starts_with("AFTER names the unknown column") ||
         reason == "a text or blob is defined and converted at once";
}

bool records() {
  const char* text = std::getenv("TAILWATER_RECORD");
  return text != nullptr && std::string_view(text) == "1";
}

// One server's session, and the catalog that follows it.
class Follower {
 public:
  explicit Follower(MysqlServer& server) : server_(server) {}

  Status connect() {
    TW_ASSIGN(connection_, server_.connect());
    TW_TRY(connection_->execute("SET SESSION foreign_key_checks = 0"));
    session_.dialect.flavor = connection_->flavor();
    session_.dialect.version = connection_->version();
    session_.default_database = "d";
    session_.server_charset = "utf8mb4";
    return {};
  }

  // Only d and e, and both empty.
  Status start_over() {
    if (catalog_.databases().empty()) {
      TW_ASSIGN(catalog_, live());
    }
    for (const auto& [name, charset] : std::map(catalog_.databases())) {
      TW_TRY(connection_->execute(fmt::format("DROP DATABASE IF EXISTS `{}`", name)));
    }
    TW_TRY(connection_->execute("CREATE DATABASE IF NOT EXISTS d CHARACTER SET utf8mb4"));
    TW_TRY(connection_->execute("CREATE DATABASE IF NOT EXISTS e CHARACTER SET latin1"));
    TW_TRY(connection_->execute("USE d"));
    catalog_ = SchemaCatalog();
    put_ddl_databases(catalog_);
    return {};
  }

  Status set_up(const DdlCase& ddl_case) {
    session_.dialect.sql_mode = sql_mode_bits(ddl_case.sql_mode);
    session_.explicit_defaults_for_timestamp = ddl_case.explicit_defaults_for_timestamp;
    TW_TRY(connection_->execute(fmt::format("SET SESSION sql_mode = '{}'", ddl_case.sql_mode)));
    return connection_->execute(
        fmt::format("SET SESSION explicit_defaults_for_timestamp = {}",
                    ddl_case.explicit_defaults_for_timestamp ? "ON" : "OFF"));
  }

  // Whether the server took it.
  bool run(const std::string& statement) {
    const Status done = connection_->execute(statement);
    if (!done.has_value()) {
      refusal_ = done.error().message;
      return false;
    }
    changes_ = catalog_.apply(statement, session_);
    return true;
  }

  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  [[nodiscard]] const std::vector<mysql::SchemaChange>& changes() const { return changes_; }
  [[nodiscard]] SchemaCatalog& catalog() { return catalog_; }
  [[nodiscard]] Connection& connection() { return *connection_; }

  Result<SchemaCatalog> live() {
    return mysql::read_schema_catalog(*connection_, [](const TableName&) { return true; });
  }

  // Tables that the text alone does not tell are read again, as a user of the catalog would.
  // Returns how many.
  size_t read_stale(const SchemaCatalog& server) {
    size_t count = 0;
    for (const auto& [name, table] : std::map(catalog_.tables())) {
      if (!table.must_be_read()) continue;
      ++count;
      const auto* found = server.find(name.database, name.table);
      catalog_.remove_table(name);
      if (found != nullptr) catalog_.put_table(name, *found);
    }
    return count;
  }

 private:
  MysqlServer& server_;
  std::optional<Connection> connection_;
  DdlSession session_;
  SchemaCatalog catalog_;
  std::string refusal_;
  std::vector<mysql::SchemaChange> changes_;
};

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

class DdlTest : public ::testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override {
    TW_NEED_SERVER(GetParam());
    follower_.emplace(SharedServer::get(GetParam()));
    const Status connected = follower_->connect();
    ASSERT_TRUE(connected.has_value()) << connected.error().describe();
    ASSERT_TRUE(follower_->start_over().has_value());
  }

  // Runs a statement and compares; false when the server refused it.
  bool run_and_compare(const std::string& statement, bool may_be_stale) {
    if (!follower_->run(statement)) return false;
    const auto live = follower_->live();
    EXPECT_TRUE(live.has_value()) << live.error().describe();
    if (!live.has_value()) return true;
    for (const mysql::SchemaChange& change : follower_->changes()) {
      if (change.kind != mysql::SchemaChange::Kind::kUnknown) continue;
      ++unknown_;
      EXPECT_TRUE(may_be_stale || is_admitted(change.reason)) << statement << "\n" << change.reason;
    }
    stale_ += follower_->read_stale(*live);
    EXPECT_EQ(joined(describe_catalog(follower_->catalog())), joined(describe_catalog(*live)))
        << "after: " << statement;
    EXPECT_EQ(follower_->catalog().databases(), live->databases()) << "after: " << statement;
    compare_facts(*live, statement);
    ++compared_;
    return true;
  }

  // What readers of rows get, field by field.
  void compare_facts(const SchemaCatalog& live, const std::string& statement) {
    for (const auto& [name, table] : follower_->catalog().tables()) {
      const auto* other = live.find(name.database, name.table);
      if (other == nullptr) continue;
      EXPECT_EQ(table.facts.primary_key, other->facts.primary_key) << statement;
      EXPECT_EQ(table.facts.unique_keys, other->facts.unique_keys) << statement;
      for (size_t i = 0; i < table.facts.columns.size() && i < other->facts.columns.size(); ++i) {
        EXPECT_EQ(table.facts.columns[i].data_type, other->facts.columns[i].data_type) << statement;
      }
    }
  }

  std::optional<Follower> follower_;
  size_t compared_ = 0;
  size_t stale_ = 0;
  size_t unknown_ = 0;
};

TEST_P(DdlTest, CasesEqualTheServer) {
  auto files = read_ddl_files(TAILWATER_DDL_CASES);
  ASSERT_TRUE(files.has_value()) << files.error().describe();
  size_t statements = 0;
  size_t refused = 0;
  for (DdlFile& file : *files) {
    for (DdlCase& each : file.cases) {
      SCOPED_TRACE(each.title);
      if (!each.is_for(GetParam())) continue;
      ASSERT_TRUE(follower_->start_over().has_value());
      const Status ready = follower_->set_up(each);
      ASSERT_TRUE(ready.has_value()) << ready.error().describe();
      std::vector<std::string> said;
      for (size_t i = 0; i < each.statements.size(); ++i) {
        ++statements;
        if (run_and_compare(each.statements[i], each.title.find("(stale)") != std::string::npos)) {
          continue;
        }
        ++refused;
        if (records())
          std::printf("refused: %s: %s\n", each.statements[i].c_str(),
                      follower_->refusal().c_str());
        said.push_back(fmt::format("refuses {}", i + 1));
      }
      const auto live = follower_->live();
      ASSERT_TRUE(live.has_value());
      for (std::string& line : describe_catalog(*live)) said.push_back(std::move(line));
      each.expected(GetParam()) = std::move(said);
    }
    if (records()) {
      ASSERT_TRUE(write_ddl_file(file).has_value());
    }
  }
  std::printf("%zu statements, %zu refused by the server, %zu compared, %zu tables read again\n",
              statements, refused, compared_, stale_);
  EXPECT_GT(compared_, 0U);
}

// Each CREATE of the corpus begins with empty databases.
TEST_P(DdlTest, CorpusEqualsTheServer) {
  const auto files = {"mysql-test-fixed.sql", "mysql-test-gis.sql", "mysql-test-partition.sql",
                      "mysql-test-errors.sql"};
  size_t statements = 0;
  ASSERT_TRUE(follower_->set_up({.title = "corpus"}).has_value());
  for (const char* file : files) {
    const auto read =
        read_corpus_statements(std::string(TAILWATER_CORPORA) + "/maxwell/ddl/" + file);
    if (!read.has_value()) GTEST_SKIP() << "no corpus: " << read.error().describe();
    for (const std::string& statement : *read) {
      ++statements;
      if (to_lower(statement).starts_with("create") && !follower_->catalog().tables().empty()) {
        const Status emptied = follower_->start_over();
        ASSERT_TRUE(emptied.has_value()) << emptied.error().describe();
      }
      // What comes from a query cannot be known, nor labels that are no characters. All else must.
      const bool may_be_stale = to_lower(statement).find("select") != std::string::npos ||
                                statement.find("enum(0x") != std::string::npos;
      (void)run_and_compare(statement, may_be_stale);
    }
  }
  std::printf("%zu statements, %zu taken by the server and compared, %zu tables read again\n",
              statements, compared_, stale_);
  EXPECT_GT(compared_, statements / 3);
}

TEST_P(DdlTest, RandomStatementsEqualTheServer) {
  std::printf("TAILWATER_DDL_SEED=%llu\n", static_cast<unsigned long long>(seed()));
  Random random(seed());
  RandomDdl ddl(GetParam(), random);
  size_t refused = 0;
  for (int i = 0; i < kRandomStatements && !HasFailure(); ++i) {
    if (i % kStatementsPerStart == 0) {
      ASSERT_TRUE(follower_->start_over().has_value());
      const Status ready = follower_->set_up(ddl.random_session());
      ASSERT_TRUE(ready.has_value()) << ready.error().describe();
    }
    if (!run_and_compare(ddl.statement(follower_->catalog()), false)) ++refused;
  }
  std::printf("%zu compared, %zu refused by the server\n", compared_, refused);
  EXPECT_GT(compared_, refused);
}

INSTANTIATE_TEST_SUITE_P(All, DdlTest, ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) {
                           return std::string(mysql::to_string(flavor.param));
                         });

}  // namespace
}  // namespace tailwater::test
