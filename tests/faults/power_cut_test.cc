// The power goes at 1,000 random moments. TAILWATER_POWER_CUTS and TAILWATER_SEED choose other
// numbers.
#include <cstdlib>

#include <gtest/gtest.h>

#include "changelog/log_fixture.h"
#include "log_campaign.h"

namespace tailwater::testing {
namespace {

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(PowerCut, NothingDurableIsLostAndNothingComesTwice) {
  const auto cuts = static_cast<int>(number_from("TAILWATER_POWER_CUTS", 1000));
  uint64_t seed = number_from("TAILWATER_SEED", 1);
  for (int done = 0; done < cuts; ++seed) {
    LogCampaign campaign({.seed = seed});
    const auto broken = campaign.run();
    ASSERT_FALSE(broken.has_value()) << *broken;
    done += campaign.cuts();
  }
}

TEST(PowerCut, TheSameWithAnIntervalBetweenSyncs) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    LogCampaign campaign({.seed = seed, .sync = changelog::SyncPolicy::kInterval});
    const auto broken = campaign.run();
    ASSERT_FALSE(broken.has_value()) << *broken;
  }
}

TEST(PowerCut, WithoutSyncsThereAreLossesButNeverGapsNorRefusals) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    LogCampaign campaign({.seed = seed, .sync = changelog::SyncPolicy::kNone});
    const auto broken = campaign.run();
    ASSERT_FALSE(broken.has_value()) << *broken;
  }
}

TEST(PowerCut, FailingCallsAndFullDisksLoseNothing) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    LogCampaign campaign({.seed = seed, .lives = 6, .inject_errors = true});
    const auto broken = campaign.run();
    ASSERT_FALSE(broken.has_value()) << *broken;
  }
}

// A disk that is really full: what was committed stays, and with more room the log goes on.
TEST(FullDisk, KeepsWhatIsCommittedAndGoesOnWithMoreRoom) {
  SimFiles files(1);
  TW_OK(files.make_folder("disk"));
  files.set_capacity(200'000);
  uint64_t pos = 0;
  uint64_t rows = 0;
  for (const uint64_t more : {uint64_t{300'000}, uint64_t{400'000}, UINT64_MAX}) {
    auto writer = changelog::Writer::open(files, "disk/log",
                                          {.segment_bytes = 64 << 10, .frame_bytes = 8 << 10},
                                          changelog::shop_identity());
    TW_OK(writer);
    changelog::Source source(**writer);
    if ((*writer)->last_position()) source.resume((*writer)->last_position()->binlog.pos);
    EXPECT_EQ(raw((*writer)->next_offset()), rows);
    Status status;
    for (int i = 0; i < 2000 && status.has_value(); ++i) {
      status = source.begin();
      if (!status) break;
      status = source.rows(Op::kInsert, changelog::shop_table(), i, 1, std::string(500, 'x'));
      if (status) status = source.commit();
      if (status) status = (*writer)->flush();
      if (status) ++rows;
    }
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().kind, ErrorKind::kFull);
    writer->reset();
    const auto lines = changelog::read_all(files, "disk/log");
    TW_OK(lines);
    EXPECT_EQ(lines->size(), rows * 3);
    EXPECT_GT(rows, pos);
    pos = rows;
    files.set_capacity(more);
  }
}

// The test of the test: a disk that only says that it synced must be found out.
TEST(PowerCut, ADiskThatLiesAboutSyncsIsFoundOut) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    LogCampaign campaign({.seed = seed, .ignore_syncs = true});
    found += campaign.run().has_value() ? 1 : 0;
  }
  EXPECT_GE(found, 10);
}

}  // namespace
}  // namespace tailwater::testing
