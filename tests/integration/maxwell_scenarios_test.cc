// Scenarios that Maxwell's own tests run: statements, and the lines that Maxwell prints for them
// (zendesk/maxwell, src/test/resources/sql/json). The program runs beside a real server, prints in
// the maxwell format, and its lines must be those. As in Maxwell's harness (MaxwellTestJSON), `ts`,
// `xid`, `xoffset` and `commit` are left out of the comparison, and all else of a line must be
// equal. Unlike there, the order of the lines must be the same too, and no line may come in
// addition but those that a scenario passes over itself.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "integration/captured.h"
#include "integration/program.h"
#include "support/temp_folder.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using nlohmann::json;
using Lines = std::vector<std::string>;

constexpr int kWaitMs = 60'000;
constexpr const char* kEnd = "scenario_end";

// What the servers of Maxwell's tests had by default (MySQL 5.5 to 5.6): zero dates are allowed,
// and a value out of range is a warning. Its JDBC connection speaks UTF-8.
const Lines kSession = {"SET NAMES utf8mb4", "SET sql_mode = ''", "USE shard_1"};

// The tables that Maxwell's harness has before a scenario starts: the one that scenarios write to,
// and the one in which a bootstrap is asked for.
constexpr const char* kMinimal =
    "CREATE TABLE shard_1.minimal (id bigint AUTO_INCREMENT PRIMARY KEY, account_id int NOT NULL, "
    "text_field varchar(96))";
constexpr const char* kBootstrap =
    "CREATE TABLE maxwell.bootstrap (id int unsigned AUTO_INCREMENT PRIMARY KEY, database_name "
    "varchar(255) NOT NULL, table_name varchar(255) NOT NULL, where_clause text, is_complete "
    "tinyint(1) unsigned NOT NULL DEFAULT 0, inserted_rows bigint unsigned NOT NULL DEFAULT 0, "
    "total_rows bigint unsigned NOT NULL DEFAULT 0, created_at datetime, started_at datetime, "
    "completed_at datetime, binlog_file varchar(255), binlog_position int unsigned DEFAULT 0, "
    "client_id varchar(255) NOT NULL DEFAULT 'maxwell', comment varchar(255))";
const Lines kTables = {"DROP DATABASE IF EXISTS shard_1", "CREATE DATABASE shard_1", kMinimal,
                       "DROP DATABASE IF EXISTS maxwell", "CREATE DATABASE maxwell", kBootstrap};

struct Scenario {
  Lines statements;
  std::vector<json> expected;
};

// Maxwell's files have JSON with names that are not quoted.
json parse_loose_json(std::string_view text) {
  std::string strict;
  for (size_t i = 0; i < text.size();) {
    const size_t start = i;
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\') ++i;
      }
      i = std::min(i + 1, text.size());
      strict += text.substr(start, i - start);
      continue;
    }
    while (i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 ||
                               text[i] == '_' || text[i] == '.')) {
      ++i;
    }
    const std::string_view word = text.substr(start, i - start);
    const size_t next = text.find_first_not_of(' ', i);
    const bool name = !word.empty() && next != std::string_view::npos && text[next] == ':';
    strict += name ? fmt::format("\"{}\"", word) : std::string(word);
    if (word.empty()) strict += text[i++];
  }
  return json::parse(strict);
}

// One statement or one expected line ("-> {…}") per line; a line that starts with a space and is
// not an expected one goes on with the line before it.
Scenario parse_scenario(const std::string& path) {
  std::ifstream file(path);
  Lines parts;
  for (std::string line; std::getline(file, line);) {
    const std::string_view text = trim(line);
    if (text.empty()) continue;
    if (line.front() == ' ' && !text.starts_with("->") && !parts.empty()) {
      parts.back() += " " + std::string(text);
    } else {
      parts.emplace_back(text);
    }
  }
  Scenario scenario;
  for (const std::string& part : parts) {
    if (part.starts_with("->")) {
      scenario.expected.push_back(parse_loose_json(trim(std::string_view(part).substr(2))));
    } else {
      scenario.statements.push_back(part);
    }
  }
  return scenario;
}

struct Round {
  Flavor flavor = Flavor::kMariadb;
  std::string file;
  size_t passed_over = 0;  // lines that the scenario does not name

  friend void PrintTo(const Round& round, std::ostream* out) {
    *out << to_string(round.flavor) << " " << round.file;
  }
};

class MaxwellScenariosTest : public ::testing::TestWithParam<Round> {
 protected:
  void SetUp() override {
    path_ = std::string(TAILWATER_CORPORA) + "/maxwell/" + GetParam().file;
    if (!std::filesystem::exists(path_)) GTEST_SKIP() << "no corpus " << path_;
    TW_NEED_SERVER(GetParam().flavor);
    server_ = &SharedServer::get(GetParam().flavor);
    time_zone_ = server_->value("SELECT @@global.time_zone");
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    if (program_ != nullptr) program_->kill();
    EXPECT_TRUE(server_->run({fmt::format("SET GLOBAL time_zone = '{}'", time_zone_)}).has_value());
  }

  Status prepare(const Scenario& scenario) {
    Lines statements = kTables;
    for (const json& line : scenario.expected) {
      const auto database = line.at("database").get<std::string>();
      if (database == "shard_1" || database == "maxwell") continue;
      statements.push_back(fmt::format("DROP DATABASE IF EXISTS {}", database));
    }
    statements.push_back(fmt::format("DROP DATABASE IF EXISTS {}", kEnd));
    statements.push_back(fmt::format("CREATE DATABASE {}", kEnd));
    statements.push_back(fmt::format("CREATE TABLE {}.t (id int PRIMARY KEY)", kEnd));
    return server_->run(statements);
  }

  void start_program_beside_server() {
    const std::string toml = folder_.file("tailwater.toml");
    std::ofstream(toml) << fmt::format(
        "data_dir = \"{0}/data\"\n[source.test]\nurl = \"{1}\"\ntls = \"disabled\"\n"
        "from = \"{2}\"\n[sink.out]\ntype = \"console\"\nformat = \"maxwell\"\n",
        folder_.path(), server_->url(), binlog_end(*server_));
    program_ = start_program({"run", "-c", toml, "--log-level", "warn"}, folder_.file("output"));
  }

  // A bootstrap of Maxwell is asked for by a row; of ours, by a command.
  Status run(const Scenario& scenario) {
    TW_ASSIGN(auto connection, server_->connect());
    for (const std::string& sql : kSession) TW_TRY(connection.execute(sql));
    for (const std::string& sql : scenario.statements) {
      TW_TRY(connection.execute(sql));
      if (!sql.starts_with("insert into maxwell.bootstrap ")) continue;
      const std::string table = server_->value(
          "SELECT CONCAT(database_name, '[.]', table_name) FROM maxwell.bootstrap "
          "ORDER BY id DESC LIMIT 1");
      TW_TRY(ask_for_snapshot(table));
    }
    return connection.execute(fmt::format("INSERT INTO {}.t VALUES (1)", kEnd));
  }

  Status ask_for_snapshot(const std::string& table) {
    const Lines command = {"snapshot", table, "--data-dir", folder_.file("data"), "--wait"};
    ProgramEnd end;
    for (int i = 0; i < 100; ++i) {  // until the socket of the program is there
      end = run_program(command);
      if (end.code == 0) return {};
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return fail(ErrorKind::kBug, "the snapshot failed: " + end.output);
  }

  // The program's lines up to the last change of the scenario.
  std::vector<json> printed() {
    const std::string last = fmt::format(R"("database":"{}")", kEnd);
    std::string output;
    for (int waited_ms = 0; waited_ms < kWaitMs && program_->running(); waited_ms += 20) {
      output = read_file(FileSystem::posix(), folder_.file("output")).value_or("");
      if (output.find(last) != std::string::npos && output.ends_with('\n')) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::vector<json> lines;
    std::istringstream text(output);
    for (std::string line; std::getline(text, line);) {
      if (line.find(last) != std::string::npos) return lines;
      json document = json::parse(line, nullptr, false);
      if (document.is_discarded()) {
        ADD_FAILURE() << "not a document: " << line;
        continue;
      }
      for (const char* name : {"ts", "xid", "xoffset", "commit"}) document.erase(name);
      lines.push_back(std::move(document));
    }
    ADD_FAILURE() << "the last change did not come: " << output;
    return lines;
  }

  std::string path_;
  MysqlServer* server_ = nullptr;
  std::string time_zone_;
  const TempFolder folder_;
  std::unique_ptr<ChildProcess> program_;
};

TEST_P(MaxwellScenariosTest, GiveTheExpectedLines) {
  const Scenario scenario = parse_scenario(path_);
  ASSERT_FALSE(scenario.expected.empty());
  const Status prepared = prepare(scenario);
  ASSERT_TRUE(prepared.has_value()) << prepared.error().describe();
  start_program_beside_server();
  const Status ran = run(scenario);
  ASSERT_TRUE(ran.has_value()) << ran.error().describe();

  size_t found = 0;
  std::string all;
  const std::vector<json> lines = printed();
  for (const json& line : lines) {
    all += line.dump() + "\n";
    if (found < scenario.expected.size() && line == scenario.expected[found]) ++found;
  }
  if (found < scenario.expected.size()) {
    ADD_FAILURE() << "not there: " << scenario.expected[found].dump() << "\nin:\n" << all;
  }
  EXPECT_EQ(lines.size(), scenario.expected.size() + GetParam().passed_over) << all;
}

std::vector<Round> all_rounds() {
  std::vector<Round> rounds;
  for (const Flavor flavor : {Flavor::kMariadb, Flavor::kMysql}) {
    for (const char* file :
         {"bootstrap-multiple-row", "test_bignum", "test_blob", "test_charsets", "test_create_like",
          "test_enum", "test_invalid_time", "test_latin1", "test_time", "test_zero_created_at"}) {
      rounds.push_back({flavor, file});
    }
    // The row that is read, and the one that asks for it.
    rounds.push_back({flavor, "bootstrap-null-values", 2});
  }
  return rounds;
}

INSTANTIATE_TEST_SUITE_P(All, MaxwellScenariosTest, ::testing::ValuesIn(all_rounds()),
                         [](const auto& round) {
                           std::string name = fmt::format("{}_{}", to_string(round.param.flavor),
                                                          round.param.file);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// Every scenario of the corpus is in the list above.
TEST(MaxwellScenarios, NoneIsLeftOut) {
  const std::string folder = std::string(TAILWATER_CORPORA) + "/maxwell";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no corpus " << folder;
  std::vector<std::string> listed = {"LICENSE", "SOURCE.txt", "ddl"};
  for (const Round& round : all_rounds()) {
    if (round.flavor == Flavor::kMysql) listed.push_back(round.file);
  }
  std::vector<std::string> there;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    there.push_back(entry.path().filename());
  }
  std::sort(listed.begin(), listed.end());
  std::sort(there.begin(), there.end());
  EXPECT_EQ(there, listed);
}

}  // namespace
}  // namespace tailwater::test
