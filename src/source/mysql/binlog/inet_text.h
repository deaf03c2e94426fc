// The text of MariaDB's INET4 and INET6 values.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tailwater::mysql {

/// Room that any address's text needs.
inline constexpr size_t kInetTextMax = 64;

/// Writes the four bytes at `from` as dotted numbers to `to`; returns the end.
uint8_t* write_inet4(const uint8_t* from, uint8_t* to);

/// Writes the sixteen bytes at `from` as MariaDB prints them: the longest run of zero groups, even
/// of one group, becomes "::"; addresses that hold an IPv4 address end with it. Source: MariaDB
/// plugin/type_inet/sql_type_inet.cc, Inet6::to_string.
uint8_t* write_inet6(const uint8_t* from, uint8_t* to);

}  // namespace tailwater::mysql
