// Event: one entry of a binlog, with its header read and its checksum verified.
// Source: MySQL "Replication Protocol", binlog event header; MariaDB Knowledge Base, "Event
// Header".
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "source/mysql/binlog/event_type.h"

namespace tailwater::mysql {

inline constexpr size_t kEventHeaderBytes = 19;
inline constexpr size_t kChecksumBytes = 4;

/// Bits of EventHeader::flags.
inline constexpr uint16_t kFlagBinlogInUse = 0x01;  ///< format description of a file still open
inline constexpr uint16_t kFlagArtificial = 0x20;   ///< made by the dump thread, not in the file
inline constexpr uint16_t kFlagIgnorable = 0x80;    ///< who does not know the type may skip it
inline constexpr uint16_t kFlagSkipReplication = 0x8000;  ///< MariaDB

/// How events are protected. The numbers are the servers'.
enum class Checksum : uint8_t { kNone = 0, kCrc32 = 1 };

struct EventHeader {
  uint32_t timestamp_s = 0;
  EventType type = EventType::kUnknown;
  uint32_t server_id = 0;
  uint32_t length = 0;    ///< of the whole event, header and checksum included
  uint32_t next_pos = 0;  ///< where the next event starts; 0 in artificial events and, in MariaDB
                          ///< 11.4 and later, inside transactions that were cached
  uint16_t flags = 0;
};

/// An event. Borrows the bytes it was opened from.
struct Event {
  EventHeader header;
  Bytes whole;  ///< header, body and checksum
  Bytes body;   ///< what is between header and checksum
};

/// Reads the header at the start of `bytes`, which may hold less or more than the event. kCorrupt
/// when there are fewer than 19 bytes, or the length is less than that.
Result<EventHeader> parse_event_header(Bytes bytes);

/// Opens an event that fills `whole`. Verifies its length and its CRC-32 if `checksum` says so. A
/// format description event is not checked here: it says itself how it is protected, see
/// parse_format_description.
Result<Event> open_event(Bytes whole, Checksum checksum);

/// How an event is protected when nobody has said it yet: for the artificial rotate event at the
/// start of a dump, which precedes the format description.
Checksum guess_checksum(Bytes whole);

/// Whether the last four bytes of an event are the CRC-32 of those before them. The in-use flag of
/// a format description event does not count, as in the servers.
bool checksum_matches(Bytes whole);

/// kCorrupt, "a <type> event is damaged: <what>".
tl::unexpected<Error> damaged(EventType type, std::string_view what);

}  // namespace tailwater::mysql
