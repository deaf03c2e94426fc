// The text of JSON scalars as MySQL writes it.
#pragma once

#include <string_view>

#include "source/mysql/binlog/row_output.h"

namespace tailwater::mysql {

/// Appends a string with its quotes. Escaped are the quote, the backslash and what is below 0x20,
/// with \b \t \n \f \r where they exist and \u00xx elsewhere. Source: MySQL json_dom.cc,
/// double_quote.
void write_json_string(std::string_view text, RowOutput& out);

/// Writes a double at `to` (kNumberTextMax bytes): as write_double, with ".0" where it would read
/// as an integer. Returns the end.
uint8_t* write_json_double(double value, uint8_t* to);

}  // namespace tailwater::mysql
