// The formats that gather rows, on real servers: a statement of several rows is one document, and
// the text of its values is what the server itself selects.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "changelog/reader.h"
#include "format/formatter.h"
#include "integration/captured.h"
#include "support/temp_folder.h"

namespace tailwater::test {
namespace {

using mysql::Flavor;
using nlohmann::json;

const std::vector<std::string> kColumns = {"id",   "big", "tiny",  "dec_", "name",
                                           "note", "day", "clock", "at",   "seen"};

constexpr const char* kTable =
    "CREATE TABLE formats.t (id int PRIMARY KEY, big bigint unsigned, tiny tinyint, dec_ "
    "decimal(20,4), name varchar(30), note text, day date, clock time(2), at datetime(3), seen "
    "timestamp(6) NULL) DEFAULT CHARSET utf8mb4";
constexpr const char* kRows =
    "INSERT INTO formats.t VALUES (1, 18446744073709551615, -1, -12.5, 'é \"q\"', 'a\\nb', "
    "'2024-02-29', '-838:59:59', '2024-05-06 07:08:09.125', '2024-05-06 07:08:09.000001'), "
    "(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), "
    "(3, 0, 127, 0, '', '', '0000-00-00', '00:00:00', '0000-00-00', '1999-12-31 23:59:59')";

class FormatsTest : public ::testing::TestWithParam<Flavor> {
 protected:
  // Three rows in one statement; one of them changed, then all are deleted.
  Status run(MysqlServer& server) {
    start_ = binlog_end(server);
    TW_TRY(server.run({"DROP DATABASE IF EXISTS formats", "CREATE DATABASE formats", kTable,
                       "SET NAMES utf8mb4", "SET time_zone = '+00:00', sql_mode = ''", kRows}));
    auto connection = server.connect();
    if (!connection.has_value()) return fail(std::move(connection).error());
    TW_TRY(connection->execute("SET NAMES utf8mb4"));
    TW_TRY(connection->execute("SET time_zone = '+00:00'"));
    TW_ASSIGN(auto rows,
              connection->query("SELECT " + fmt::format("{}", fmt::join(kColumns, ", ")) +
                                " FROM formats.t ORDER BY id"));
    for (;;) {
      TW_ASSIGN(const bool more, rows.next());
      if (!more) break;
      json row;
      for (size_t i = 0; i < kColumns.size(); ++i) {
        row[kColumns[i]] = rows[i] ? json(std::string(*rows[i])) : json(nullptr);
      }
      selected_.push_back(std::move(row));
    }
    return server.run(
        {"UPDATE formats.t SET id = 4, tiny = 5 WHERE id = 3", "DELETE FROM formats.t"});
  }

  // The documents of the table's rows.
  Result<std::vector<json>> documents(const MysqlServer& server, const std::string& name) {
    auto config = capture_config(server, start_);
    config.table_include = {R"(formats\.t)"};
    config.skip_operations = {"ddl"};
    const TempFolder folder;
    TW_TRY(capture(config, folder.path()).map([](const auto&) {}));
    TW_ASSIGN(auto reader, changelog::Reader::open(FileSystem::posix(), folder.path(), {}));
    TW_ASSIGN(auto formatter, format::make_formatter(name, {}, reader->identity().kind));
    std::string out;
    for (;;) {
      TW_ASSIGN(const auto entry, reader->next());
      if (!entry) break;
      if (entry->kind == TailEntry::Kind::kChange) {
        TW_TRY(formatter->append(*entry->transaction, *entry->change, out));
      }
    }
    std::vector<json> lines;
    std::istringstream text(out);
    for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
    return lines;
  }

  std::string start_;
  std::vector<json> selected_;
};

TEST_P(FormatsTest, RowsOfAnEventAreOneDocument) {
  TW_NEED_SERVER(GetParam());
  MysqlServer& server = SharedServer::get(GetParam());
  const Status ran = run(server);
  ASSERT_TRUE(ran.has_value()) << ran.error().describe();

  const auto canal = documents(server, "canal");
  ASSERT_TRUE(canal.has_value()) << canal.error().describe();
  ASSERT_EQ(canal->size(), 3U);
  EXPECT_EQ(canal->at(0).at("data"), json(selected_));
  EXPECT_EQ(canal->at(1).at("old"), (json{{{"id", "3"}, {"tiny", "127"}}}));
  EXPECT_EQ(canal->at(2).at("type"), "DELETE");
  EXPECT_EQ(canal->at(2).at("data").size(), 3U);

  const auto plainview = documents(server, "plainview");
  ASSERT_TRUE(plainview.has_value()) << plainview.error().describe();
  ASSERT_EQ(plainview->size(), 4U);  // the key that changed has a tombstone
  EXPECT_EQ(plainview->at(0).at("data").at(0).at(1), "18446744073709551615");
  EXPECT_EQ(plainview->at(0).at("data").size(), 3U);
  EXPECT_EQ(plainview->at(1).at("data").at(0).at(0), 3);
  EXPECT_EQ(plainview->at(1).at("tombstone"), true);
  EXPECT_EQ(plainview->at(2).at("data").at(0).at(0), 4);
  EXPECT_EQ(plainview->at(3).at("data").size(), 3U);

  const auto dumpa = documents(server, "dumpa");
  ASSERT_TRUE(dumpa.has_value()) << dumpa.error().describe();
  ASSERT_EQ(dumpa->size(), 8U);
  EXPECT_EQ(dumpa->at(3).at(0), "delete");
  EXPECT_EQ(dumpa->at(4).at(2), 4);
  EXPECT_EQ(dumpa->at(2).at(3).at("day"), nullptr);
  EXPECT_EQ(dumpa->at(0).at(3).at("seen"), "2024-05-06T07:08:09.000001Z");
}

INSTANTIATE_TEST_SUITE_P(All, FormatsTest, ::testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& flavor) { return std::string(to_string(flavor.param)); });

}  // namespace
}  // namespace tailwater::test
