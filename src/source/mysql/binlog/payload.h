// Payload: a whole transaction in one compressed event (binlog_transaction_compression,
// MySQL 8.0.20). Source: MySQL Transaction_payload_event (control_events.h).
#pragma once

#include <memory>
#include <optional>

#include "source/mysql/binlog/event.h"

namespace tailwater::mysql {

struct TransactionPayload {
  enum class Compression : uint8_t { kZstd = 0, kNone = 255 };
  Compression compression = Compression::kNone;
  uint64_t unpacked_bytes = 0;  ///< as the server says; 0 where it does not
  Bytes payload;                ///< borrows from the event
};
Result<TransactionPayload> parse_transaction_payload(const Event& event);

/// Gives the events of a payload one at a time. Memory: the largest of them, and the decompressor's
/// window. Use one reader for many payloads.
class PayloadReader {
 public:
  PayloadReader();
  ~PayloadReader();
  PayloadReader(const PayloadReader&) = delete;
  PayloadReader& operator=(const PayloadReader&) = delete;

  /// Starts with a payload; its bytes must live until it is read to the end.
  Status start(const TransactionPayload& payload);
  /// The next event (inner events have no checksum), or nothing after the last. It is valid until
  /// the next call.
  Result<std::optional<Event>> next();

 private:
  struct Stream;
  Status fill(size_t wanted_bytes);

  std::unique_ptr<Stream> stream_;
};

}  // namespace tailwater::mysql
