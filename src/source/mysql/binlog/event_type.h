// Event types of the binlogs of MySQL (up to 9.7) and MariaDB (up to 12.3).
// Sources: MySQL libs/mysql/binlog/event/binlog_event.h; MariaDB Knowledge Base, "Replication
// Protocol".
#pragma once

#include <cstdint>
#include <string_view>

namespace tailwater::mysql {

enum class EventType : uint8_t {
  kUnknown = 0,
  kStartV3 = 1,
  kQuery = 2,
  kStop = 3,
  kRotate = 4,
  kIntvar = 5,
  kLoad = 6,
  kSlave = 7,
  kCreateFile = 8,
  kAppendBlock = 9,
  kExecLoad = 10,
  kDeleteFile = 11,
  kNewLoad = 12,
  kRand = 13,
  kUserVar = 14,
  kFormatDescription = 15,
  kXid = 16,
  kBeginLoadQuery = 17,
  kExecuteLoadQuery = 18,
  kTableMap = 19,
  kWriteRowsV0 = 20,
  kUpdateRowsV0 = 21,
  kDeleteRowsV0 = 22,
  kWriteRowsV1 = 23,
  kUpdateRowsV1 = 24,
  kDeleteRowsV1 = 25,
  kIncident = 26,
  kHeartbeat = 27,
  kIgnorable = 28,
  kRowsQuery = 29,
  kWriteRows = 30,
  kUpdateRows = 31,
  kDeleteRows = 32,
  kGtid = 33,
  kAnonymousGtid = 34,
  kPreviousGtids = 35,
  kTransactionContext = 36,
  kViewChange = 37,
  kXaPrepare = 38,
  kPartialUpdateRows = 39,
  kTransactionPayload = 40,
  kHeartbeatV2 = 41,
  kGtidTagged = 42,
  kMariadbAnnotateRows = 160,
  kMariadbBinlogCheckpoint = 161,
  kMariadbGtid = 162,
  kMariadbGtidList = 163,
  kMariadbStartEncryption = 164,
  kMariadbQueryCompressed = 165,
  kMariadbWriteRowsCompressedV1 = 166,
  kMariadbUpdateRowsCompressedV1 = 167,
  kMariadbDeleteRowsCompressedV1 = 168,
  kMariadbWriteRowsCompressed = 169,
  kMariadbUpdateRowsCompressed = 170,
  kMariadbDeleteRowsCompressed = 171,
  kMariadbPartialRowData = 172,
};

/// The servers' own name in lower case ("write_rows"), or "unknown" for a number without one.
std::string_view to_string(EventType type);

/// Whether the type is one of the row events that `parse_rows` reads.
constexpr bool is_rows(EventType type) {
  return (type >= EventType::kWriteRowsV1 && type <= EventType::kDeleteRowsV1) ||
         (type >= EventType::kWriteRows && type <= EventType::kDeleteRows) ||
         type == EventType::kPartialUpdateRows ||
         (type >= EventType::kMariadbWriteRowsCompressedV1 &&
          type <= EventType::kMariadbDeleteRowsCompressed);
}

}  // namespace tailwater::mysql
