// src/db/mysql against real servers.
#include <gtest/gtest.h>

#include "db/mysql/dump_stream.h"
#include "support/mysql_server.h"

namespace tailwater::mysql {
namespace {

using test::MysqlServer;
using test::SharedServer;

class OnBothServers : public testing::TestWithParam<Flavor> {
 protected:
  void SetUp() override { TW_NEED_SERVER(GetParam()); }
  static MysqlServer& server() { return SharedServer::get(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(, OnBothServers, testing::Values(Flavor::kMariadb, Flavor::kMysql),
                         [](const auto& of) { return std::string(to_string(of.param)); });

TEST_P(OnBothServers, AnswersQueries) {
  auto connection = server().connect();
  ASSERT_TRUE(connection.has_value()) << connection.error().describe();
  EXPECT_EQ(connection->flavor(), GetParam());
  EXPECT_EQ(connection->scalar("SELECT 1 + 1").value(), "2");
  EXPECT_EQ(connection->scalar("SELECT NULL").value(), std::nullopt);
}

TEST_P(OnBothServers, DumpsFromAFilePosition) {
  auto connection = Connection::open(server().tcp());
  ASSERT_TRUE(connection.has_value()) << connection.error().describe();
  ASSERT_TRUE(
      server().run({"CREATE DATABASE IF NOT EXISTS a", "CREATE TABLE a.t (i INT PRIMARY KEY)",
                    "INSERT INTO a.t VALUES (1), (2)"}));
  auto stream = DumpStream::open(std::move(*connection), BinlogPosition{"binlog.000001", 4},
                                 {.server_id = 77001, .non_blocking = true});
  ASSERT_TRUE(stream.has_value()) << stream.error().describe();
  size_t events = 0;
  for (;;) {
    auto event = stream->next({});
    ASSERT_TRUE(event.has_value()) << event.error().describe();
    if (!event->has_value()) break;
    ++events;
  }
  EXPECT_GT(events, 8U);
}

}  // namespace
}  // namespace tailwater::mysql
