// Capture: turns the events of a binlog, in their order, into transactions of a changelog.
//
// It knows nothing of connections: a live server and a binlog file feed it the same way. A
// transaction is started in the changelog with its first selected change, so one that is filtered
// out whole only moves the position.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "base/result.h"
#include "changelog/writer.h"
#include "source/mysql/binlog/event.h"
#include "source/mysql/binlog/format_description.h"
#include "source/mysql/binlog/gtid_set.h"
#include "source/mysql/binlog/payload.h"
#include "source/mysql/binlog/query_event.h"
#include "source/mysql/binlog/rows_event.h"
#include "source/mysql/binlog/rows_fragments.h"
#include "source/mysql/binlog_order.h"
#include "source/mysql/executed.h"
#include "source/mysql/statement_kind.h"
#include "source/mysql/table_cache.h"

namespace tailwater::mysql {

/// Where an event stream starts, and which part of it counts.
struct CaptureStart {
  Position position = {};  ///< of the first event; its GTIDs are those executed before
  /// Learn the executed GTIDs from the file's own head: the stream starts at a file's first event.
  bool gtids_from_file = false;
  /// The server tells no places in files (MariaDB's InnoDB binlog): positions are GTIDs alone.
  bool gtid_only = false;
  /// Transactions that start before this place in the first file are read but not kept. The place
  /// must be where an event starts.
  std::optional<uint64_t> skip_to_pos = {};
  /// XA transactions that are prepared there are kept all the same: they may be committed later.
  bool keep_prepared = false;
  /// Transactions committed before this time are not kept.
  std::optional<int64_t> skip_to_us = {};
};

/// Where it ends: after the transaction that reaches the place.
struct CaptureEnd {
  std::optional<BinlogPosition> binlog = {};
  std::optional<MysqlGtidSet> mysql_gtids = {};
  std::optional<MariadbGtidList> mariadb_gtids = {};
  std::optional<int64_t> timestamp_us = {};  ///< before the first transaction at or after
};

/// What is done with a statement that changed rows which the binlog does not hold.
enum class OnStatement : uint8_t {
  kStop,    ///< an error that names it
  kRecord,  ///< a change of Op::kStatement, and a warning
};

/// Asked before each transaction of the stream, between it and the one before.
class TransactionGate {
 public:
  virtual ~TransactionGate() = default;
  /// `gtid` is null where the server gave none. An error ends the stream.
  virtual Status before_transaction(std::string_view file, uint64_t pos, const MysqlGtid* gtid) = 0;
  /// Whether `row_moved` is to be told of this table.
  virtual bool watches(const TableSchema& table) = 0;
  /// An update changed a row's key, and the stream does not have all of the row: a MINIMAL image.
  virtual Status row_moved(const Schema& schema, const RowView& before, const RowView& after) = 0;
};

class Capture {
 public:
  /// Borrows writer and resolver.
  Capture(changelog::Writer& writer, SchemaResolver& resolver, CaptureRules rules, CaptureEnd end);
  /// The writer may be closed later: it then knows the last position.
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// Borrows the gate; null: none.
  void set_gate(TransactionGate* gate) { gate_ = gate; }
  /// kStop if it is not set.
  void set_on_statement(OnStatement choice) { on_statement_ = choice; }

  /// A new stream of events starts here; an open transaction is taken back.
  Status start(const CaptureStart& start);
  /// Takes one event, whole, header to checksum. Errors carry file:pos.
  Status take(Bytes event);
  /// The same of an event that was opened, and so verified, already.
  Status take(const Event& event);
  /// Whether the end is reached; nothing more should be given.
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] bool in_transaction() const { return in_transaction_; }
  /// After the last whole transaction. Any thread may ask.
  [[nodiscard]] Position position() const { return executed_.position(); }
  /// The same for the thread that captures.
  [[nodiscard]] const Executed& executed() const { return executed_; }
  /// Whether events are still read only to get to the place or time where reading starts, or to
  /// learn the GTIDs before it: a new connection must then start where the first one did.
  [[nodiscard]] bool skipping() const {
    return skip_to_pos_.has_value() || skip_to_us_.has_value() || gtids_from_file_;
  }
  /// Source time of the last transaction, microseconds; 0 before the first.
  [[nodiscard]] int64_t last_transaction_ts_us() const { return last_ts_us_; }
  /// Whether `position` is at or past the end already.
  [[nodiscard]] bool reached(const BinlogPosition& position) const;

 private:
  struct Savepoint {
    bool started = false;  ///< whether the transaction was in the changelog already
    uint64_t mark = 0;
    uint64_t ordinal = 0;
  };

  Status take_event(const Event& event);
  Status dispatch(const Event& event);
  void track_position(const EventHeader& header);
  void note_boundary(const EventHeader& header);

  Status on_format_description(const Event& event);
  Status on_rotate(const Event& event);
  Status on_heartbeat(const Event& event);
  Status on_previous_gtids(const Event& event);
  Status on_mysql_gtid(const Event& event);
  Status on_mariadb_gtid(const Event& event);
  Status on_gtid_list(const Event& event);
  Status on_query(const Event& event);
  Status on_xid(const Event& event);
  Status on_rows(const Event& event);
  Status on_fragment(const Event& event);
  Status on_payload(const Event& event);
  Status on_xa_prepare(const Event& event);
  Status on_xa_statement(const Event& event, const QueryEvent& query);
  Status refuse(const Event& event);

  Status begin(const EventHeader& header, int64_t commit_ts_us, const MysqlGtid* gtid = nullptr);
  Status ensure_started();
  Status commit(const EventHeader& header, uint64_t xid);
  Status rollback(const EventHeader& header);
  Status drop_open();
  Status take_back();
  [[nodiscard]] std::string_view gtid_text();
  Status start_xa();
  std::unique_ptr<changelog::Spool> leave_spool();
  Status commit_xa(const EventHeader& header, const std::string& id, const QueryEvent& query);
  Status commit_unknown(const EventHeader& header, const QueryEvent& query, const std::string& why);
  Status copy_spool(changelog::Spool& spool, const uint64_t* source_pos);
  Status watch_run(const changelog::SpoolRun& run);
  Status savepoint(const std::string& name);
  Status rollback_to(const std::string& name);
  Status on_load_data(const Event& event);
  Status add_statement(const EventHeader& header, const QueryEvent& query);
  Status on_schema_statement(const EventHeader& header, const QueryEvent& query,
                             StatementKind kind);
  Status follow_schema_statement(const EventHeader& header, const QueryEvent& query, Op op);
  [[nodiscard]] bool concerns_us(const SchemaStatement& parsed,
                                 const std::vector<SchemaChange>& changes) const;
  [[nodiscard]] Error refused_statement() const;
  Status append_rows(const EventHeader& header, const RowsEvent& rows, CachedTable& table);
  Status append_taken(const ImagePlan& first, const ImagePlan* second, const RowsEvent& rows);
  Status append_masked(const ImagePlan& first, const ImagePlan* second, const RowsEvent& rows,
                       RowMasker& masker);
  void mask_image(const ImagePlan& plan, RowMasker& masker, size_t at);
  Status take_image(const ImagePlan& plan, bool after, const RowsEvent& rows, Cursor& cursor);
  Status watch_moves(const Schema& schema, Bytes images);
  [[nodiscard]] bool is_watched(const ImagePlan& first, const ImagePlan* second) const;
  Status step_over(const ImagePlan& first, const ImagePlan* second, const RowsEvent& rows);
  Status damage_of(const ImagePlan& first, const ImagePlan* second, const RowsEvent& rows);
  void check_end();
  [[nodiscard]] std::string where() const;

  changelog::Writer& writer_;
  SchemaResolver& resolver_;
  TableCache tables_;
  CaptureEnd end_;
  TransactionGate* gate_ = nullptr;
  OnStatement on_statement_ = OnStatement::kStop;
  uint64_t statements_ = 0;  ///< recorded

  // The stream.
  FormatDescription format_;
  bool have_format_ = false;
  std::string file_;
  uint64_t event_pos_ = 0;  ///< where the current event starts
  uint64_t next_pos_ = 0;   ///< where the next one starts
  bool gtids_from_file_ = false;
  bool gtid_only_ = false;
  std::optional<uint64_t> skip_to_pos_;
  std::optional<int64_t> skip_to_us_;
  bool keep_prepared_ = false;
  bool finished_ = false;

  // The open transaction.
  bool in_transaction_ = false;
  bool alters_nothing_ = false;  ///< an ALTER TABLE that is only announced, or failed
  bool explicit_ = false;        ///< ends with a commit of its own, not with its only statement
  bool skipped_ = false;         ///< before the place or time where reading starts
  bool started_ = false;         ///< begun in the changelog, or in a spool
  bool xa_skipped_ = false;      ///< the same of an XA transaction that goes to a spool even so
  std::unique_ptr<changelog::Spool> spool_;  ///< of an XA transaction that is not prepared yet
  changelog::ChangeWriter* out_;             ///< where changes go: the spool, or the changelog
  std::string gtid_text_;
  std::optional<MysqlGtid> mysql_gtid_;
  std::optional<MariadbGtid> mariadb_gtid_;
  uint64_t start_pos_ = 0;
  uint64_t thread_id_ = 0;
  uint32_t server_id_ = 0;
  int64_t begin_ts_us_ = 0;
  int64_t commit_ts_us_ = 0;  ///< as its GTID event said; 0 when it did not
  uint64_t ordinal_ = 0;
  std::unordered_map<std::string, Savepoint> savepoints_;

  Executed executed_;
  int64_t last_ts_us_ = 0;  ///< of the last whole transaction

  PayloadReader payload_;
  RowsFragments fragments_;
  uint64_t fragments_pos_ = 0;  ///< where the first of them starts
  ByteBuffer unpacked_;
  ByteBuffer scratch_;
  JsonDocuments documents_;
  std::string statement_;
};

}  // namespace tailwater::mysql
