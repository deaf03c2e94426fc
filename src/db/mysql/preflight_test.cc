#include "db/mysql/preflight.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/mysql/server_error.h"

namespace tailwater::mysql {
namespace {

using testing::HasSubstr;
using Level = Finding::Level;

ServerInfo good_server(Flavor flavor) {
  ServerInfo info;
  info.flavor = flavor;
  info.version = flavor == Flavor::kMysql ? Version{8, 4, 0} : Version{10, 11, 6};
  info.server_id = 5;
  info.log_bin = true;
  info.binlog_format = "ROW";
  info.row_image = info.row_metadata = "FULL";
  info.checksum = "CRC32";
  info.gtid_mode = flavor == Flavor::kMysql ? "ON" : "";
  info.gtid_strict = true;
  info.sync_binlog = 1;
  return info;
}

Finding find(const ServerInfo& info, const std::string& name) {
  for (const Finding& finding : check_settings(info, {})) {
    if (finding.name == name) return finding;
  }
  return {"missing", Level::kOk, ""};
}

TEST(CheckSettings, FindsNothingOnAGoodServer) {
  for (const Flavor flavor : {Flavor::kMysql, Flavor::kMariadb}) {
    for (const Finding& finding : check_settings(good_server(flavor), {})) {
      EXPECT_EQ(finding.level, Level::kOk) << finding.name << ": " << finding.found;
      EXPECT_EQ(finding.remedy, "");
    }
  }
}

TEST(CheckSettings, KnowsABinlogWithoutPlaces) {
  ServerInfo info = good_server(Flavor::kMariadb);
  EXPECT_EQ(find(info, "binlog_storage_engine").found, "");
  info.binlog_engine = "InnoDB";
  info.checksum = "NONE";
  info.sync_binlog = 0;
  EXPECT_EQ(find(info, "binlog_storage_engine").found, "InnoDB: positions are GTIDs alone");
  for (const Finding& finding : check_settings(info, {})) {
    EXPECT_EQ(finding.level, Level::kOk) << finding.name << ": " << finding.found;
  }
}

TEST(CheckSettings, PartialUpdatesNeedADocumentToApplyThemTo) {
  ServerInfo info = good_server(Flavor::kMysql);
  info.partial_json = true;
  EXPECT_EQ(find(info, "binlog_row_value_options").level, Level::kOk);
  info.row_image = "MINIMAL";
  EXPECT_EQ(find(info, "binlog_row_value_options").level, Level::kWarning);
}

TEST(CheckSettings, MendsInTheWordsOfTheServersVersion) {
  ServerInfo info = good_server(Flavor::kMysql);
  info.binlog_format = "STATEMENT";
  EXPECT_EQ(find(info, "binlog_format").level, Level::kError);
  EXPECT_THAT(find(info, "binlog_format").remedy, HasSubstr("SET PERSIST binlog_format = ROW"));
  info.version = {5, 7, 44};
  EXPECT_THAT(find(info, "binlog_format").remedy, HasSubstr("SET GLOBAL binlog_format = ROW"));
  info.row_metadata = "";
  EXPECT_THAT(find(info, "binlog_row_metadata").remedy, HasSubstr("upgrade to MySQL 8.0.1"));
  info.expire_s = 3600;
  EXPECT_THAT(find(info, "binlog_retention").remedy, HasSubstr("expire_logs_days = 1"));
}

TEST(CheckSettings, TellsEachThingApart) {
  ServerInfo info = good_server(Flavor::kMariadb);
  info.row_metadata = "NO_LOG";
  info.row_image = "MINIMAL";
  info.checksum = "NONE";
  info.gtid_strict = false;
  info.expire_s = 60;
  info.sync_binlog = 0;
  for (const char* name : {"binlog_row_metadata", "binlog_row_image", "binlog_checksum",
                           "gtid_strict_mode", "binlog_retention", "sync_binlog"}) {
    const Finding finding = find(info, name);
    EXPECT_EQ(finding.level, Level::kWarning) << name;
    EXPECT_NE(finding.why, "") << name;
    EXPECT_NE(finding.remedy, "") << name;
  }
  info.log_bin = false;
  EXPECT_EQ(find(info, "log_bin").level, Level::kError);
  EXPECT_EQ(find(info, "binlog_checksum").name, "missing");
}

TEST(ParseVersion, ReadsWhatServersCallThemselves) {
  EXPECT_EQ(parse_version("8.0.36-0ubuntu0.22.04.1"), (Version{8, 0, 36}));
  EXPECT_EQ(parse_version("5.5.5-10.6.4-MariaDB-log"), (Version{10, 6, 4}));
  EXPECT_EQ(parse_version("11.4"), (Version{11, 4, 0}));
  EXPECT_EQ(parse_version("rubbish"), (Version{0, 0, 0}));
}

TEST(DumpErrors, TellGoneFromForbiddenFromPassing) {
  const Endpoint endpoint;
  const DumpSurroundings around{
      .asked = "binlog.000001:4", .oldest_log = "binlog.000007", .newest_log = "binlog.000009"};
  const auto kind = [&](uint32_t code, std::string_view text) {
    return describe_dump_error({code, "HY000", text}, endpoint, around).kind;
  };
  EXPECT_EQ(kind(1236, "Could not find first log file name in binary log index file"),
            ErrorKind::kResync);
  EXPECT_EQ(kind(1236, "Client requested source to start replication from position > file size"),
            ErrorKind::kResync);
  EXPECT_EQ(kind(1789, "anything"), ErrorKind::kResync);
  EXPECT_EQ(kind(1236, "Binary log is not open"), ErrorKind::kUserFix);
  EXPECT_EQ(kind(1236, "event read from binlog did not pass crc check"), ErrorKind::kCorrupt);
  EXPECT_EQ(
      kind(1236, "A replica with the same server_uuid/server_id as this replica has connected"),
      ErrorKind::kRetry);
  EXPECT_EQ(kind(1227, "Access denied; you need REPLICATION SLAVE"), ErrorKind::kUserFix);
  EXPECT_EQ(kind(1045, "Access denied for user"), ErrorKind::kUserFix);
  EXPECT_EQ(kind(1053, "Server shutdown in progress"), ErrorKind::kRetry);
  const Error gone =
      describe_dump_error({1236, "HY000", "Could not find first log file name"}, endpoint, around);
  EXPECT_THAT(gone.hint, HasSubstr("from binlog.000007 to binlog.000009"));
  EXPECT_THAT(gone.message, HasSubstr("binlog.000001:4"));
}

}  // namespace
}  // namespace tailwater::mysql
