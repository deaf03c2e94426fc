#include "transform/selection.h"

#include <gtest/gtest.h>

namespace tailwater {
namespace {

TEST(Selection, SelectsAllByDefault) {
  EXPECT_TRUE(Selection().selects("a", "b"));
}

TEST(Selection, MatchesTheWholeName) {
  const Selection selection = Selection::compile({R"(shop\.(orders|items))"}, {}).value();
  EXPECT_TRUE(selection.selects("shop", "orders"));
  EXPECT_FALSE(selection.selects("shop", "orders_old"));
  EXPECT_FALSE(selection.selects("workshop", "orders"));
}

TEST(Selection, ExcludeWins) {
  const Selection selection = Selection::compile({R"(shop\..*)"}, {R"(.*\.secret)"}).value();
  EXPECT_TRUE(selection.selects("shop", "orders"));
  EXPECT_FALSE(selection.selects("shop", "secret"));
}

TEST(Selection, ABadExpressionIsNamed) {
  const auto result = Selection::compile({}, {"shop.(orders"});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::kUserFix);
  EXPECT_NE(result.error().message.find("table_exclude: 'shop.(orders'"), std::string::npos);
}

}  // namespace
}  // namespace tailwater
