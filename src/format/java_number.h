// Floating-point numbers as Java prints them: Double.toString and Float.toString of JDK 19 and
// later, whose documentation defines the text: the shortest decimal that reads back as the same
// number (of at least two digits), plain from 10^-3 to below 10^7, else with an exponent. Older
// JDKs sometimes print more digits than needed; those texts read back as the same number.
#pragma once

#include <cstddef>

namespace tailwater::format {

/// The most characters that the functions below write.
inline constexpr size_t kJavaNumberMax = 32;

/// Write at `to`, without a terminating zero; return the end. NaN and infinities are written as
/// JSON strings ("NaN", "Infinity"), as Jackson does.
char* write_java_double(char* to, double value);
char* write_java_float(char* to, float value);

}  // namespace tailwater::format
