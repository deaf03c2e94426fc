// The events that start a transaction and give it its name.
// Sources: MySQL Gtid_event (control_events.h); MariaDB Knowledge Base, "GTID_EVENT",
// "GTID_LIST_EVENT".
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "source/mysql/binlog/event.h"
#include "source/mysql/binlog/gtid.h"

namespace tailwater::mysql {

/// MySQL's gtid, anonymous_gtid and gtid_tagged.
struct MysqlGtidEvent {
  std::optional<MysqlGtid> gtid;  ///< nothing in an anonymous one
  uint8_t flags = 0;              ///< 1: may have statements, not only rows
  int64_t last_committed = 0;
  int64_t sequence_number = 0;
  int64_t immediate_commit_us = 0;  ///< commit on the server that wrote this binlog; 0 before 8.0
  int64_t original_commit_us = 0;   ///< commit on the server that ran it first; 0 when unknown
  uint64_t transaction_bytes = 0;   ///< of all its events, this one included; 0 when unknown
  uint32_t immediate_server_version = 0;  ///< 80036; 999999 is unknown
  uint32_t original_server_version = 0;
  uint64_t commit_group_ticket = 0;
};
Result<MysqlGtidEvent> parse_mysql_gtid(const Event& event);

/// MariaDB's gtid. It also stands for BEGIN.
struct MariadbGtidEvent {
  static constexpr uint8_t kStandalone = 1;  ///< no COMMIT follows: one statement (DDL)
  static constexpr uint8_t kGroupCommitId = 2;
  static constexpr uint8_t kTransactional = 4;
  static constexpr uint8_t kAllowParallel = 8;
  static constexpr uint8_t kWaited = 16;
  static constexpr uint8_t kDdl = 32;
  static constexpr uint8_t kPreparedXa = 64;    ///< ends with XA PREPARE
  static constexpr uint8_t kCompletedXa = 128;  ///< XA COMMIT or XA ROLLBACK of a prepared one

  MariadbGtid gtid;
  uint8_t flags = 0;
  uint64_t commit_id = 0;
  /// The XA transaction's id, as `gtrid`,`bqual`, where the flags say XA.
  std::optional<uint32_t> xa_format_id;
  std::string_view xa_gtrid;
  std::string_view xa_bqual;
  std::optional<uint64_t> thread_id;  ///< MariaDB 11.7 and later
  uint8_t extra_flags = 0;

  // Of the extra flags: with binlog_alter_two_phase an ALTER TABLE is announced first.
  static constexpr uint8_t kStartAlter = 2;
  static constexpr uint8_t kRollbackAlter = 8;

  /// An ALTER TABLE that is not done: one that begins, or that failed.
  [[nodiscard]] bool alters_nothing() const {
    return (extra_flags & (kStartAlter | kRollbackAlter)) != 0;
  }
  [[nodiscard]] bool standalone() const { return (flags & kStandalone) != 0; }
};
Result<MariadbGtidEvent> parse_mariadb_gtid_event(const Event& event);

/// MariaDB's gtid_list: where each domain was when the file was started.
struct GtidListEvent {
  static constexpr uint32_t kIgnoreUntilReached = 1u << 28;
  uint32_t flags = 0;
  std::vector<MariadbGtid> gtids;
};
Result<GtidListEvent> parse_gtid_list(const Event& event);

}  // namespace tailwater::mysql
