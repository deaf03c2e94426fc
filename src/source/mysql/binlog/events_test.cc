// The small events, against payloads from the servers and from mysql-binlog-connector-java's tests.
#include <map>

#include "source/mysql/binlog/compressed.h"
#include "source/mysql/binlog/control_events.h"
#include "source/mysql/binlog/corpus.h"
#include "source/mysql/binlog/gtid_event.h"
#include "source/mysql/binlog/gtid_set.h"
#include "source/mysql/binlog/payload.h"
#include "source/mysql/binlog/query_event.h"
#include "source/mysql/binlog/rows_event.h"

namespace tailwater::mysql {
namespace {

// An event of a type with a body, as open_event would give it.
Event event_of(EventType type, const std::string& body) {
  Event event;
  event.header.type = type;
  event.header.server_id = 1;
  event.body = as_bytes(body);
  return event;
}

// A whole event, with header and, where asked, its checksum.
std::string whole_event(EventType type, const std::string& body, bool checksum) {
  ByteBuffer out;
  out.put<uint32_t>(1700000000);
  out.put<uint8_t>(static_cast<uint8_t>(type));
  out.put<uint32_t>(7);
  out.put<uint32_t>(static_cast<uint32_t>(kEventHeaderBytes + body.size() + (checksum ? 4 : 0)));
  out.put<uint32_t>(1234);
  out.put<uint16_t>(kFlagIgnorable);
  out.append(body);
  if (checksum) out.put<uint32_t>(0);
  return std::string(as_text(out.view()));
}

TEST(Event, OpensAndChecks) {
  std::string bytes = whole_event(EventType::kXid, std::string("\x2a\0\0\0\0\0\0\0", 8), false);
  const auto plain = open_event(as_bytes(bytes), Checksum::kNone);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->header.type, EventType::kXid);
  EXPECT_EQ(plain->header.server_id, 7u);
  EXPECT_EQ(plain->header.next_pos, 1234u);
  EXPECT_EQ(parse_xid(*plain).value(), 42u);
  EXPECT_FALSE(open_event(as_bytes(bytes), Checksum::kCrc32).has_value());
  EXPECT_EQ(guess_checksum(as_bytes(bytes)), Checksum::kNone);
  bytes += 'x';
  EXPECT_EQ(open_event(as_bytes(bytes), Checksum::kNone).error().kind, ErrorKind::kCorrupt);
  EXPECT_FALSE(parse_event_header(as_bytes(bytes.substr(0, 18))).has_value());
}

TEST(Events, OfMysqlBinlogConnectorJava) {
  TW_CORPUS_OR_SKIP(path, "mysql-binlog-connector-java/event_payload_vectors.jsonl");
  std::map<std::string, size_t> seen;
  for (const nlohmann::json& line : json_lines(path)) {
    const std::string file = line["file"];
    const std::string body = bytes_of(line["hex"]);
    // "data.getFlags(), 0x03" → asserts["getFlags()"] = "0x03"
    std::map<std::string, std::string> asserts;
    for (const std::string text : line["asserts"]) {
      const size_t comma = text.find(", ");
      std::string name = text.substr(0, comma);
      asserts[name.substr(name.find('.') + 1)] = text.substr(comma + 2);
    }
    const auto number = [&](const std::string& name) {
      return static_cast<int64_t>(std::stoll(asserts.at(name), nullptr, 0));
    };
    ++seen[file];
    if (file.starts_with("Annotate")) {
      EXPECT_EQ(parse_rows_query(event_of(EventType::kMariadbAnnotateRows, body)).value(),
                "INSERT INTO foo set i = 2");
    } else if (file.starts_with("MariadbGtidEvent")) {
      const auto gtid = parse_mariadb_gtid_event(event_of(EventType::kMariadbGtid, body)).value();
      EXPECT_EQ(gtid.gtid.describe(), "0-1-7404");
      EXPECT_EQ(gtid.flags, MariadbGtidEvent::kTransactional | MariadbGtidEvent::kAllowParallel);
    } else if (file.starts_with("MariadbGtidList")) {
      const auto list = parse_gtid_list(event_of(EventType::kMariadbGtidList, body)).value();
      ASSERT_EQ(list.gtids.size(), 1u);
      EXPECT_EQ(list.gtids[0].describe(), "0-102-7255");
    } else if (file.starts_with("MysqlGtid")) {
      const auto gtid = parse_mysql_gtid(event_of(EventType::kGtid, body)).value();
      EXPECT_EQ(gtid.flags, number("getFlags()"));
      EXPECT_EQ('"' + gtid.gtid->describe() + '"', asserts.at("getMySqlGtid().toString()"));
      EXPECT_EQ(gtid.last_committed, number("getLastCommitted()"));
      EXPECT_EQ(gtid.sequence_number, number("getSequenceNumber()"));
      if (!asserts.contains("getTransactionLength()")) continue;
      EXPECT_EQ(gtid.immediate_commit_us, number("getImmediateCommitTimestamp()"));
      EXPECT_EQ(gtid.original_commit_us, number("getOriginalCommitTimestamp()"));
      EXPECT_EQ(gtid.transaction_bytes, static_cast<uint64_t>(number("getTransactionLength()")));
      if (gtid.immediate_server_version == 0) continue;  // a server that does not send it: unknown
      EXPECT_EQ(gtid.immediate_server_version, number("getImmediateServerVersion()"));
      EXPECT_EQ(gtid.original_server_version, number("getOriginalServerVersion()"));
    } else if (file.starts_with("PreviousGtidSet")) {
      EXPECT_EQ(MysqlGtidSet::decode(as_bytes(body)).value().describe(),
                "b5cd1624-5f30-11e4-b4e9-1051721bd241:1-7081968,"
                "bb421d26-5f30-11e4-b4e9-d89d672b2ef8:1-7823824");
    } else if (file.starts_with("TransactionPayload")) {
      const auto payload =
          parse_transaction_payload(event_of(EventType::kTransactionPayload, body)).value();
      EXPECT_EQ(payload.compression, TransactionPayload::Compression::kZstd);
      EXPECT_EQ(payload.payload.size(), 451u);
      EXPECT_EQ(payload.unpacked_bytes, 960u);
      PayloadReader reader;
      ASSERT_TRUE(reader.start(payload).has_value());
      std::vector<EventType> types;
      while (const auto event = reader.next().value()) types.push_back(event->header.type);
      EXPECT_EQ(types, (std::vector{EventType::kQuery, EventType::kTableMap, EventType::kUpdateRows,
                                    EventType::kXid}));
    } else if (file.starts_with("XAPrepare")) {
      const auto prepare = parse_xa_prepare(event_of(EventType::kXaPrepare, body)).value();
      EXPECT_FALSE(prepare.one_phase);
      EXPECT_EQ(prepare.format_id, 123u);
      EXPECT_EQ(prepare.gtrid, "gtrid");
      EXPECT_EQ(prepare.bqual, "bqual");
    } else {
      ADD_FAILURE() << "a vector of an unknown test: " << file;
    }
  }
  EXPECT_EQ(seen.size(), 7u);
}

// From MySQL 9.7: SET gtid_next='AUTOMATIC:foo'.
TEST(GtidEvent, Tagged) {
  const std::string body = bytes_of(
      "026e0000000252b103383a95031822c50399026d0204f10300000002040806"
      "06666f6f083c0a440c7ff3c47e1cb9600610a9041283120b");
  const auto gtid = parse_mysql_gtid(event_of(EventType::kGtidTagged, body));
  ASSERT_TRUE(gtid.has_value()) << gtid.error().describe();
  EXPECT_EQ(gtid->gtid->describe(), "29ec1c1d-e50c-11f1-a69b-02fc00000001:foo:2");
  EXPECT_EQ(gtid->last_committed, 15);
  EXPECT_EQ(gtid->sequence_number, 17);
  EXPECT_EQ(gtid->transaction_bytes, 298u);
  EXPECT_EQ(gtid->immediate_server_version, 90704u);
  EXPECT_EQ(gtid->original_server_version, 90704u);
  EXPECT_EQ(gtid->immediate_commit_us, 1795198023550195);
  EXPECT_EQ(gtid->original_commit_us, gtid->immediate_commit_us);
  // A later server's field that may be left out, and one that may not.
  EXPECT_TRUE(parse_mysql_gtid(event_of(EventType::kGtidTagged, body + "\x28\x02")).has_value());
  std::string needed = body + "\x28\x02";
  needed[2] = '\x28';
  EXPECT_EQ(parse_mysql_gtid(event_of(EventType::kGtidTagged, needed)).error().kind,
            ErrorKind::kUnsupported);
  for (size_t cut = 4; cut < body.size(); ++cut) {
    (void)parse_mysql_gtid(event_of(EventType::kGtidTagged, body.substr(0, cut)));
  }
}

TEST(Rotate, Reads) {
  const std::string body("\x04\0\0\0\0\0\0\0mysql-bin.000007", 24);
  const auto rotate = parse_rotate(event_of(EventType::kRotate, body)).value();
  EXPECT_EQ(rotate.file, "mysql-bin.000007");
  EXPECT_EQ(rotate.pos, 4u);
  EXPECT_FALSE(parse_rotate(event_of(EventType::kRotate, body.substr(0, 7))).has_value());
  EXPECT_EQ(parse_rotate(event_of(EventType::kRotate, body.substr(0, 8))).value().file, "");
}

TEST(Heartbeat, BothVersions) {
  const std::string name = "bin.000001";
  Event first = event_of(EventType::kHeartbeat, name);
  first.header.next_pos = 77;
  EXPECT_EQ(parse_heartbeat(first).value().file, "bin.000001");
  EXPECT_EQ(parse_heartbeat(first).value().pos, 77u);
  const std::string body(
      "\x01\x0a"
      "bin.000001"
      "\x02\x09\xfe\x01\0\0\0\x01\0\0\0\0",
      24);
  const auto second = parse_heartbeat(event_of(EventType::kHeartbeatV2, body)).value();
  EXPECT_EQ(second.file, "bin.000001");
  EXPECT_EQ(second.pos, (uint64_t{1} << 32) + 1);
}

TEST(RowsEvent, RefusesWhatItCannotRead) {
  ByteBuffer unpacked;
  const FormatDescription format;
  const std::string body(20, '\0');
  EXPECT_EQ(parse_rows(event_of(EventType::kWriteRowsV0, body), format, unpacked).error().kind,
            ErrorKind::kUnsupported);
  const std::string dummy("\xff\xff\xff\0\0\0\x01\0\x02\0\0", 11);
  const auto rows = parse_rows(event_of(EventType::kWriteRows, dummy), format, unpacked).value();
  EXPECT_EQ(rows.table_id, RowsEvent::kDummyTableId);
  EXPECT_TRUE(rows.ends_statement());
  EXPECT_EQ(rows.columns, 0u);
  EXPECT_TRUE(rows.rows.empty());
}

TEST(Compressed, UnpacksWhatMariadbPacks) {
  // 0x81: zlib, one length byte; 26 times 'a'.
  const std::string packed = bytes_of("811a789c4b4cc40500851909db");
  ByteBuffer out;
  ASSERT_TRUE(unpack_mariadb(as_bytes(packed), out).has_value());
  EXPECT_EQ(as_text(out.view()), std::string(26, 'a'));
  EXPECT_FALSE(unpack_mariadb(as_bytes("\x01\x10zz"), out).has_value());
  EXPECT_EQ(unpack_mariadb(as_bytes("\x91\x10zz"), out).error().kind, ErrorKind::kUnsupported);
  EXPECT_FALSE(unpack_mariadb(as_bytes("\x84\xff\xff\xff\xffzz"), out).has_value());
}

}  // namespace
}  // namespace tailwater::mysql
