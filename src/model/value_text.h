// Values as text: one canonical form per type, for people, tests and the library.
#pragma once

#include <string>

#include "model/row.h"
#include "model/schema.h"

namespace tailwater {

/// Appends the value of a column that is present: numbers in decimal (floats in the fewest digits
/// that read back the same), decimals as they are, text as it is, bytes, geometry and vectors in
/// hex, dates and times as ISO with a space between date and time, timestamps in UTC, enum and set
/// labels, bits as a number, uuids with dashes.
void append_value_text(std::string& out, const RowView& row, const Schema& schema, size_t column);

/// Appends the labels of a set value, with commas.
void append_set_labels(std::string& out, const Type& type, uint64_t bits);
/// The label of an enum value; "" for 0, and for an index that the type does not have.
std::string_view enum_label(const Type& type, uint16_t index);

}  // namespace tailwater
