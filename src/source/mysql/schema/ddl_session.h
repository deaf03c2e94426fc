// From a query event to what the DDL parser must know of its session.
#pragma once

#include "source/mysql/binlog/format_description.h"
#include "source/mysql/binlog/query_event.h"
#include "source/mysql/ddl/sql_dialect.h"

namespace tailwater::mysql {

DdlSession ddl_session(const QueryEvent& query, const FormatDescription& format);

}  // namespace tailwater::mysql
