#include "pipeline/settings.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "pipeline/config.h"

namespace tailwater::pipeline {
namespace {

constexpr const char* kGood = R"toml(
data_dir = "d"
[log]
segment_bytes = "64MB"
[source.shop]
url = "mysql://u@h"
table_include = ["shop\\.(a|b)", "x\\..{1,3}"]
[source.shop.log]
compression = "lz4"
[sink.screen]
format = "maxwell"
[sink.screen.maxwell]
output_xoffset = true
)toml";

TEST(Settings, AFileBecomesAConfiguration) {
  Settings settings;
  ASSERT_TRUE(settings.parse_toml(kGood, "t.toml").has_value());
  const auto config = read_config(settings);
  ASSERT_TRUE(config.has_value()) << config.error().describe();
  EXPECT_EQ(config->data_dir, "d");
  ASSERT_EQ(config->sources.size(), 1U);
  EXPECT_EQ(config->sources[0].log.segment_bytes, 64U << 20);
  EXPECT_EQ(config->sources[0].log.compression, changelog::Compression::kLz4);
  EXPECT_EQ(config->sources[0].table_include.size(), 2U);
  ASSERT_EQ(config->sinks.size(), 1U);
  EXPECT_EQ(config->sinks[0].source, "shop");
  EXPECT_TRUE(config->sinks[0].format_options.maxwell.output_xoffset);
}

TEST(Settings, WhatIsKeptOfATable) {
  Settings settings;
  ASSERT_TRUE(settings
                  .parse_toml(R"toml(
[source.s]
url = "mysql://u@h"
column_include = ['a\.b\..*']
column_exclude = ['.*\.c']
mask_hash = ['.*\.email']
mask_truncate = ['.*\.zip:2']
mask_constant = ['.*\.name:a, b']
mask_salt = "x"
mask_salt_file = "f"
key_columns = ['a.b:c,d']
)toml",
                              "t")
                  .has_value());
  settings.set_flag("source.s.skip_operations", "delete,ddl");
  const auto config = read_config(settings);
  ASSERT_TRUE(config.has_value()) << config.error().describe();
  const SourceConfig& source = config->sources[0];
  using Texts = std::vector<std::string>;
  EXPECT_EQ(source.columns.column_include, Texts{R"(a\.b\..*)"});
  EXPECT_EQ(source.columns.column_exclude, Texts{R"(.*\.c)"});
  EXPECT_EQ(source.columns.mask_hash, Texts{R"(.*\.email)"});
  EXPECT_EQ(source.columns.mask_truncate, Texts{R"(.*\.zip:2)"});
  EXPECT_EQ(source.columns.mask_constant, Texts{R"(.*\.name:a, b)"});
  EXPECT_EQ(source.columns.mask_salt, "x");
  EXPECT_EQ(source.mask_salt_file, "f");
  EXPECT_EQ(source.columns.key_columns, Texts{"a.b:c,d"});
  EXPECT_EQ(source.skip_operations, (Texts{"delete", "ddl"}));
}

TEST(Settings, FlagBeatsEnvironmentBeatsFile) {
  Settings settings;
  ASSERT_TRUE(settings.parse_toml("data_dir = 'file'\nlog_level = 'warn'", "t").has_value());
  ::setenv("TAILWATER_DATA_DIR", "env", 1);
  EXPECT_EQ(*settings.text("data_dir", ""), "env");
  settings.set_flag("data_dir", "flag");
  EXPECT_EQ(*settings.text("data_dir", ""), "flag");
  EXPECT_EQ(*settings.text("log_level", ""), "warn");
  ::unsetenv("TAILWATER_DATA_DIR");
}

TEST(Settings, AListFromOneTextIsCutAtCommasOutsideOfBrackets) {
  Settings settings;
  settings.set_flag("a", R"(shop\.x{1,3}, b\.(c,d))");
  EXPECT_EQ(*settings.list("a"), (std::vector<std::string>{R"(shop\.x{1,3})", R"(b\.(c,d))"}));
}

struct Bad {
  const char* toml;
  const char* message;
  const char* hint;
};

TEST(Settings, WhatIsWrongIsNamedWithItsPlace) {
  const Bad cases[] = {
      {"x = ", "t.toml:1:", ""},
      {"data_dri = 'x'\n[source.a]\nurl='mysql://h'", "t.toml:1: there is no setting 'data_dri'",
       "did you mean 'data_dir'?"},
      {"[source.a]\nurl='mysql://h'\ndeadline='5'",
       "t.toml:3: source.a.deadline: '5' is not a duration", "250ms"},
      {"[source.a]\nurl='mysql://h'\n[log]\nsync='maybe'", "t.toml:4: log.sync cannot be 'maybe'",
       "commit, interval, none"},
      {"[source.a]\nfrom='now'", "source.a.url is not set", "url ="},
      {"data_dir='x'", "no source", "[source.NAME]"},
      {"[source.a]\nurl='mysql://h'\n[sink.s]\nsource='b'", "there is no source 'b'", ""},
      {"[source.a]\nurl='mysql://h'\n[sink.s]\ntype='kafka'", "no sink type 'kafka'", "console"},
      {"[source.a]\nurl='mysql://h'\n[sink.s.debezium]\ndecimal_handling_mod='x'", "", "decimal"},
      {"[source.a]\nurl='mysql://h'\nheartbeat_interval='20s'", "less than two heartbeat", "raise"},
      {"[source.a]\nurl='mysql://h'\n[log]\nmax_bytes='10MB'", "less than two segments", "raise"},
  };
  for (const Bad& bad : cases) {
    Settings settings;
    Status status = settings.parse_toml(bad.toml, "t.toml");
    if (status.has_value()) status = read_config(settings).map([](auto&&) {});
    ASSERT_FALSE(status.has_value()) << bad.toml;
    EXPECT_EQ(status.error().kind, ErrorKind::kUserFix) << bad.toml;
    EXPECT_NE(status.error().message.find(bad.message), std::string::npos)
        << bad.toml << "\n"
        << status.error().describe();
    EXPECT_NE(status.error().hint.find(bad.hint), std::string::npos) << bad.toml << "\n"
                                                                     << status.error().describe();
  }
}

}  // namespace
}  // namespace tailwater::pipeline
