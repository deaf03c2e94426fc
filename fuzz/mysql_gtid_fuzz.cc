// GTID sets: text and the servers' binary form, there and back.
#include <string_view>

#include "source/mysql/binlog/gtid_event.h"
#include "source/mysql/binlog/gtid_set.h"

using namespace tailwater;
using namespace tailwater::mysql;

namespace {

void round_trip(const MysqlGtidSet& set) {
  ByteBuffer bytes;
  set.encode(bytes);
  const auto decoded = MysqlGtidSet::decode(bytes.view());
  if (!decoded || *decoded != set) __builtin_trap();
  const auto parsed = MysqlGtidSet::parse(set.describe());
  if (!parsed || *parsed != set || !set.is_subset_of(*parsed)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes(data, size);
  if (const auto set = MysqlGtidSet::parse(as_text(bytes))) round_trip(*set);
  if (const auto set = MysqlGtidSet::decode(bytes)) round_trip(*set);
  if (const auto list = MariadbGtidList::parse(as_text(bytes))) {
    const auto again = MariadbGtidList::parse(list->describe());
    if (!again || *again != *list) __builtin_trap();
  }
  Event event;
  event.header.type = EventType::kGtidTagged;
  event.body = bytes;
  (void)parse_mysql_gtid(event);
  return 0;
}
