// Transaction payloads, plain and compressed.
#include "source/mysql/binlog/payload.h"

using namespace tailwater;
using namespace tailwater::mysql;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Event event;
  event.header.type = EventType::kTransactionPayload;
  event.body = Bytes(data, size);
  const auto payload = parse_transaction_payload(event);
  if (!payload) return 0;
  PayloadReader reader;
  if (!reader.start(*payload)) return 0;
  size_t total = 0;
  while (true) {
    const auto inner = reader.next();
    if (!inner || !*inner) return 0;
    total += (*inner)->whole.size();
    if (total > (64u << 20)) return 0;  // a bomb is the caller's to stop; memory stays small
  }
}
