// Any bytes as an event of a MySQL or MariaDB binlog: every parser of a single event.
#include <algorithm>
#include <string>

#include "source/mysql/binlog/control_events.h"
#include "source/mysql/binlog/gtid_event.h"
#include "source/mysql/binlog/gtid_set.h"
#include "source/mysql/binlog/query_event.h"
#include "source/mysql/binlog/rows_event.h"
#include "source/mysql/binlog/rows_fragments.h"
#include "source/mysql/binlog/table_map.h"

using namespace tailwater;
using namespace tailwater::mysql;

namespace {

void parse_as(const Event& event, const FormatDescription& format) {
  ByteBuffer unpacked;
  (void)parse_format_description(event);
  (void)parse_rotate(event);
  (void)parse_xid(event);
  (void)parse_heartbeat(event);
  (void)parse_incident(event);
  (void)parse_rows_query(event);
  (void)parse_binlog_checkpoint(event);
  (void)parse_xa_prepare(event);
  (void)parse_mysql_gtid(event);
  (void)parse_mariadb_gtid_event(event);
  (void)parse_gtid_list(event);
  (void)MysqlGtidSet::decode(event.body);
  (void)parse_table_map(event, format);
  (void)parse_rows(event, format, unpacked);
  if (const auto query = parse_query(event, format, unpacked)) {
    std::string text;
    append_statement(*query, text);
  }
}

// Bytes as fragments, cut in runs whose lengths they say themselves; what they make is parsed.
void join_fragments(Bytes bytes, const FormatDescription& format) {
  RowsFragments fragments;
  Event fragment;
  fragment.header.type = EventType::kMariadbPartialRowData;
  while (!bytes.empty()) {
    const size_t length = std::min<size_t>(bytes[0], bytes.size() - 1);
    fragment.body = bytes.subspan(1, length);
    bytes = bytes.subspan(1 + length);
    const auto whole = fragments.take(fragment);
    if (!whole || !*whole) continue;
    if (!is_rows((*whole)->header.type)) __builtin_trap();
    parse_as(**whole, format);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  // The first byte chooses the server and the event's type where the header would not get that far.
  FormatDescription format;
  format.mariadb = (data[0] & 1) != 0;
  const Bytes bytes(data + 1, size - 1);
  if (const auto event = open_event(bytes, Checksum::kNone)) parse_as(*event, format);
  (void)guess_checksum(bytes);
  join_fragments(bytes, format);
  Event event;
  event.header.type = static_cast<EventType>(data[1]);
  event.whole = bytes;
  event.body = bytes.subspan(1);
  parse_as(event, format);
  return 0;
}
