// The version of Tailwater.
#pragma once

namespace tailwater {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace tailwater
