// MappedType: the logical type of one column of a table map, and how the server would print it.
#pragma once

#include "base/result.h"
#include "model/schema.h"
#include "source/mysql/binlog/charset.h"
#include "source/mysql/binlog/table_map.h"

namespace tailwater::mysql {

/// The logical type from the map alone. Text without a known character set: strings are text, blobs
/// are bytes. kUnsupported for a collation or a type that is not known.
Result<Type> mapped_type(const MappedColumn& column);

/// The character set of a column of the map: null where the map does not say, or the column has
/// none. kUnsupported for a number that is not known.
Result<const Charset*> mapped_charset(const MappedColumn& column);

/// What the server's COLUMN_TYPE says, as far as the map tells; display widths are not in it.
std::string source_type_text(const MappedColumn& column, const Type& type, bool mariadb);

}  // namespace tailwater::mysql
