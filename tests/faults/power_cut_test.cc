// The power goes at 1,000 random moments. TAILWATER_POWER_CUTS and TAILWATER_SEED choose other
// numbers.
#include <cstdlib>

#include <gtest/gtest.h>

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
