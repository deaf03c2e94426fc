// Names of columns, keys and tables, compared as the servers compare them.
#pragma once

#include <string>
#include <string_view>

namespace tailwater::mysql {

/// The name in lower case: ASCII, Latin, Greek and Cyrillic letters of at most two bytes. (The
/// servers fold some rarer letters too.)
std::string folded(std::string_view name);

/// Whether two names of columns or keys are the same to a server.
bool same_name(std::string_view left, std::string_view right);

}  // namespace tailwater::mysql
