#include "db/mysql/endpoint.h"

#include <gtest/gtest.h>
TEST(X, Y) {}
