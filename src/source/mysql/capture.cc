// The stream: files, positions, and which event goes where. Transactions are in
// capture_transaction.cc.
#include "source/mysql/capture.h"

#include <fmt/format.h>

#include "base/text.h"
#include "source/mysql/binlog/control_events.h"
#include "source/mysql/binlog/gtid_event.h"
#include "source/mysql/binlog/query_event.h"

namespace tailwater::mysql {
namespace {

bool is_heartbeat(EventType type) {
  return type == EventType::kHeartbeat || type == EventType::kHeartbeatV2;
}

}  // namespace

Capture::Capture(changelog::Writer& writer, SchemaResolver& resolver, CaptureRules rules,
                 CaptureEnd end)
    : writer_(writer),
      resolver_(resolver),
      tables_(writer, resolver, std::move(rules)),
      end_(std::move(end)),
      out_(&writer) {
  writer_.set_position_encoder([this](ByteBuffer& out) { encode_position(position(), out); });
  resolver_.set_place([this] { return position(); });
}

Capture::~Capture() {
  const Position last = position();
  writer_.set_position_encoder([last](ByteBuffer& out) { encode_position(last, out); });
  resolver_.set_place([last] { return last; });
}

Status Capture::start(const CaptureStart& start) {
  TW_TRY(drop_open());
  TW_TRY(executed_.start(start.position));
  file_ = start.position.binlog.file;
  next_pos_ = start.position.binlog.pos;
  gtids_from_file_ = start.gtids_from_file;
  gtid_only_ = start.gtid_only;
  skip_to_pos_ = start.skip_to_pos;
  skip_to_us_ = start.skip_to_us;
  keep_prepared_ = start.keep_prepared;
  have_format_ = false;
  tables_.clear();
  check_end();
  return {};
}

std::string Capture::where() const {
  if (gtid_only_) return "after " + position().describe();
  return BinlogPosition{file_, event_pos_}.describe();
}

bool Capture::reached(const BinlogPosition& position) const {
  return end_.binlog && compare_binlog(position, *end_.binlog) >= 0;
}

void Capture::check_end() {
  if (reached(executed_.binlog())) finished_ = true;
  if (end_.mysql_gtids && end_.mysql_gtids->is_subset_of(executed_.mysql_gtids())) finished_ = true;
  if (!end_.mariadb_gtids) return;
  const auto& executed = executed_.mariadb_gtids().domains();
  bool all = true;
  for (const auto& [domain, gtid] : end_.mariadb_gtids->domains()) {
    const auto at = executed.find(domain);
    all = all && at != executed.end() && at->second.sequence >= gtid.sequence;
  }
  if (all) finished_ = true;
}

Status Capture::take(Bytes whole) {
  const Checksum checksum = have_format_ ? format_.checksum : guess_checksum(whole);
  auto event = open_event(whole, checksum);
  if (!event.has_value()) {
    event_pos_ = next_pos_;
    return fail(std::move(event).error().at(where()));
  }
  return take(*event);
}

Status Capture::take(const Event& event) {
  track_position(event.header);
  auto taken = take_event(event);
  if (!taken.has_value()) return fail(std::move(taken).error().at(where()));
  return {};
}

// Where the event starts and ends. Headers hold only the low 32 bits of the end, artificial events
// none, and MariaDB 11.4 none inside transactions that it cached.
void Capture::track_position(const EventHeader& header) {
  if (gtid_only_) return;  // both stay 0
  event_pos_ = next_pos_;
  const bool artificial = (header.flags & kFlagArtificial) != 0;
  if (artificial || is_heartbeat(header.type)) return;
  if (header.next_pos == 0) {
    if (header.type != EventType::kFormatDescription && in_transaction_) next_pos_ += header.length;
    return;
  }
  constexpr uint64_t kHigh = uint64_t{1} << 32;
  uint64_t end = (next_pos_ & ~(kHigh - 1)) | header.next_pos;
  if (end < next_pos_) end += kHigh;
  next_pos_ = end;
  event_pos_ = end - std::min<uint64_t>(end, header.length);
}

Status Capture::take_event(const Event& event) {
  if (skip_to_pos_ && !in_transaction_ && event_pos_ >= *skip_to_pos_ &&
      event.header.next_pos != 0) {
    if (event_pos_ != *skip_to_pos_) {
      return fail(ErrorKind::kResync, fmt::format("no event starts at {}:{}", file_, *skip_to_pos_),
                  "start at a position that the server itself prints, or with --from earliest");
    }
    skip_to_pos_.reset();
  }
  TW_TRY(dispatch(event));
  note_boundary(event.header);
  return {};
}

// Events between transactions (a file's head, checkpoints) move the position too: a stream may have
// to end behind them.
void Capture::note_boundary(const EventHeader& header) {
  const bool artificial = (header.flags & kFlagArtificial) != 0 || header.next_pos == 0;
  if (artificial || in_transaction_ || skipping() || finished_) return;
  if (executed_.binlog().file != file_ || executed_.binlog().pos >= next_pos_) return;
  executed_.move_to(file_, next_pos_);
  check_end();
}

Status Capture::dispatch(const Event& event) {
  const EventType type = event.header.type;
  if (fragments_.open() && type != EventType::kMariadbPartialRowData && !is_heartbeat(type)) {
    return fail(ErrorKind::kCorrupt, fmt::format("a {} event stands between the fragments of a "
                                                 "rows event",
                                                 to_string(type)));
  }
  if (is_rows(type)) return on_rows(event);
  switch (type) {
    case EventType::kTableMap:
      return skipped_ ? Status{} : tables_.take(event, format_);
    case EventType::kGtid:
    case EventType::kGtidTagged:
    case EventType::kAnonymousGtid:
      return on_mysql_gtid(event);
    case EventType::kMariadbPartialRowData:
      return on_fragment(event);
    case EventType::kMariadbGtid:
      return on_mariadb_gtid(event);
    case EventType::kQuery:
    case EventType::kMariadbQueryCompressed:
      return on_query(event);
    case EventType::kXid:
      return on_xid(event);
    case EventType::kXaPrepare:
      return on_xa_prepare(event);
    case EventType::kTransactionPayload:
      return on_payload(event);
    case EventType::kFormatDescription:
      return on_format_description(event);
    case EventType::kRotate:
      return on_rotate(event);
    case EventType::kHeartbeat:
    case EventType::kHeartbeatV2:
      return on_heartbeat(event);
    case EventType::kPreviousGtids:
      return on_previous_gtids(event);
    case EventType::kMariadbGtidList:
      return on_gtid_list(event);
    case EventType::kExecuteLoadQuery:
      return on_load_data(event);
    // The file of a LOAD DATA; the statement that loads it follows, unless it failed.
    case EventType::kBeginLoadQuery:
    case EventType::kAppendBlock:
    case EventType::kDeleteFile:
    // What the next statement depends on.
    case EventType::kIntvar:
    case EventType::kRand:
    case EventType::kUserVar:
    case EventType::kRowsQuery:
    case EventType::kMariadbAnnotateRows:
    // In a dump all that follows is in clear; of files, see BinlogFile.
    case EventType::kMariadbStartEncryption:
    case EventType::kMariadbBinlogCheckpoint:
    case EventType::kStop:
    case EventType::kIgnorable:
      return {};
    default:
      return refuse(event);
  }
}

// What must not be passed over: an incident, statement-based changes, and what is not known here.
Status Capture::refuse(const Event& event) {
  const EventType type = event.header.type;
  if ((event.header.flags & kFlagIgnorable) != 0 || skipped_) return {};
  if (type == EventType::kIncident) {
    TW_ASSIGN(const Incident incident, parse_incident(event));
    return fail(ErrorKind::kResync,
                fmt::format("the server reports an incident ({}): its binlog may lack changes",
                            std::string(incident.message)),
                "start again after this place with --from, once the tables have been read anew");
  }
  return fail(ErrorKind::kUnsupported,
              fmt::format("an event of type {} ({}) cannot be read by this version",
                          static_cast<unsigned>(type), to_string(type)),
              "start after this place with --from to pass over it, or use a newer version");
}

Status Capture::on_format_description(const Event& event) {
  TW_ASSIGN(format_, parse_format_description(event));
  have_format_ = true;
  executed_.set_kind(format_.mariadb ? SourceKind::kMariadb : SourceKind::kMysql);
  // A server that died in the middle of a transaction starts a new file without its end.
  TW_TRY(drop_open());
  tables_.clear();
  return {};
}

Status Capture::on_rotate(const Event& event) {
  TW_ASSIGN(const Rotate rotate, parse_rotate(event));
  if (gtid_only_) return {};
  if (rotate.file.empty()) return damaged(event.header.type, "it names no file");
  file_ = rotate.file;
  next_pos_ = rotate.pos;
  const bool artificial = (event.header.flags & kFlagArtificial) != 0 || event.header.next_pos == 0;
  if (artificial) {
    if (executed_.binlog().file.empty()) executed_.move_to(file_, next_pos_);
    return {};
  }
  TW_TRY(drop_open());
  if (skip_to_pos_) {
    return fail(ErrorKind::kResync,
                fmt::format("{} ends before byte {}", executed_.binlog().file, *skip_to_pos_),
                "start at a position that the server itself prints");
  }
  executed_.move_to(file_, next_pos_);
  if (!skipping()) {
    TW_TRY(writer_.advance(file_, next_pos_, int64_t{event.header.timestamp_s} * 1'000'000));
  }
  check_end();
  return {};
}

Status Capture::on_heartbeat(const Event& event) {
  TW_ASSIGN(const Heartbeat heartbeat, parse_heartbeat(event));
  const bool news = !gtid_only_ && heartbeat.file == file_ && heartbeat.pos > next_pos_;
  if (in_transaction_ || skipping() || !news) return {};
  next_pos_ = heartbeat.pos;
  executed_.move_to(file_, next_pos_);
  TW_TRY(writer_.advance(file_, next_pos_, last_ts_us_));
  check_end();
  return {};
}

Status Capture::on_previous_gtids(const Event& event) {
  if (!gtids_from_file_) return {};
  gtids_from_file_ = false;
  TW_ASSIGN(MysqlGtidSet gtids, MysqlGtidSet::decode(event.body));
  executed_.set_gtids(std::move(gtids));
  check_end();
  return {};
}

Status Capture::on_gtid_list(const Event& event) {
  if (!gtids_from_file_) return {};
  gtids_from_file_ = false;
  TW_ASSIGN(const GtidListEvent list, parse_gtid_list(event));
  executed_.add_gtids(list.gtids);
  check_end();
  return {};
}

Status Capture::on_payload(const Event& event) {
  TW_ASSIGN(const TransactionPayload payload, parse_transaction_payload(event));
  TW_TRY(payload_.start(payload));
  for (;;) {
    TW_ASSIGN(const auto inner, payload_.next());
    if (!inner) return {};
    if (inner->header.type == EventType::kTransactionPayload) {
      return fail(ErrorKind::kCorrupt, "a compressed transaction holds another one");
    }
    TW_TRY(dispatch(*inner));
  }
}

}  // namespace tailwater::mysql
